//! The types of entitlements, and how each is read.

use super::data_permissions::DataPermissions;
use super::permissions::PERMISSIONS;
use connector_core::{AttributeSchema, AttributeType, EntitlementType};

/// The types, in the order of [`KINDS`].
pub(crate) const TYPES: &[KnownType] = &[
    described("profile", "Profile", "The user has this profile; system users have none."),
    described("role", "Role", "The user has this place in the role hierarchy."),
    described("permission_set", "Permission set", "The user has the permissions of this set."),
    described(
        "permission_set_group",
        "Permission set group",
        "The user has the permissions of the sets in this group.",
    ),
    described("group", "Public group", "The user is a direct member of this group."),
    described("queue", "Queue", "The user is a direct member of this queue."),
    license("permission_set_license", "Permission set license", "The user occupies a seat of this license."),
    license("package_license", "Package license", "The user occupies a seat of this managed package."),
    described("territory", "Territory", "The user is assigned to this territory."),
    KnownType {
        is_grantable: false,
        ..described(
            "muting_permission_set",
            "Muting permission set",
            "The user lacks these permissions, as far as the permission set group gives them.",
        )
    },
    KnownType {
        is_grantable: false,
        ..described("custom_permission", "Custom permission", "The user has this permission of an app of the org.")
    },
];

/// Fields that do not count as a change by themselves: the first says how many users hold a license, the second that
/// Salesforce recalculates a group.
const QUIET: [&str; 2] = ["UsedLicenses", "Status"];

/// A type of entitlement that Salesforce has.
pub(crate) struct KnownType {
    pub(crate) name: &'static str,
    title: &'static str,
    description: &'static str,
    pub(crate) rank: u8,
    is_grantable: bool,
}

impl KnownType {
    /// The type as the connector contract defines it.
    pub(crate) fn entitlement_type(&self, data: &DataPermissions) -> EntitlementType {
        let kind = kind(self.name);
        let quiet = kind.map_or(&[][..], |kind| kind.fields).iter().filter(|field| QUIET.contains(field));
        let mut attributes: Vec<_> =
            quiet.map(|field| AttributeSchema::new(*field, AttributeType::Json).quiet()).collect();
        let allows = kind.map_or(Allows::Nothing, |kind| kind.allows);
        if allows != Allows::Nothing {
            attributes.extend(PERMISSIONS.iter().map(|permission| permission.attribute(allows != Allows::Takes)));
            attributes.extend(data.attributes());
        }
        let made = EntitlementType::new(self.name, self.title)
            .described(self.description)
            .ranked(self.rank)
            .with_attributes(attributes);
        if self.is_grantable { made } else { made.not_grantable() }
    }
}

const fn described(name: &'static str, title: &'static str, description: &'static str) -> KnownType {
    KnownType { name, title, description, rank: 1, is_grantable: true }
}

/// A license. Permission sets may require it.
const fn license(name: &'static str, title: &'static str, description: &'static str) -> KnownType {
    KnownType { name, title, description, rank: 0, is_grantable: true }
}

/// How a type is read.
pub(crate) struct Kind {
    pub(crate) object: &'static str,
    pub(crate) fields: &'static [&'static str],
    pub(crate) filter: Option<&'static str>,
    /// What every row of the response must contain: the field and value in the filter.
    pub(super) proof: Option<(&'static str, &'static str)>,
    /// The fields that may contain the name; the first non-empty one is used.
    pub(crate) names: &'static [&'static str],
    /// The unique name.
    pub(crate) api_name: &'static str,
    pub(super) description: Option<&'static str>,
    /// How the org says which system permissions it gives.
    pub(super) allows: Allows,
}

/// How the org says which system permissions an entitlement gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allows {
    /// It gives none.
    Nothing,
    /// By fields of its own.
    ByFields,
    /// By fields of the permission set behind it.
    BySetBehind,
    /// By fields of its own, which say what it takes away.
    Takes,
}

pub(crate) const KINDS: [Kind; 11] = [
    Kind {
        object: "Profile",
        fields: &["Id", "Name", "Description", "UserLicenseId", "UserType", "CreatedDate", "LastModifiedDate"],
        filter: None,
        proof: None,
        names: &["Name"],
        api_name: "Name",
        description: Some("Description"),
        allows: Allows::ByFields,
    },
    Kind {
        object: "UserRole",
        fields: &["Id", "Name", "DeveloperName", "ParentRoleId", "RollupDescription", "PortalType", "LastModifiedDate"],
        filter: None,
        proof: None,
        names: &["Name", "DeveloperName"],
        api_name: "DeveloperName",
        description: Some("RollupDescription"),
        allows: Allows::Nothing,
    },
    Kind {
        object: "PermissionSet",
        fields: &[
            "Id",
            "Name",
            "Label",
            "Description",
            "Type",
            "PermissionSetGroupId",
            "LicenseId",
            "IsCustom",
            "NamespacePrefix",
            "CreatedDate",
            "LastModifiedDate",
        ],
        filter: Some("IsOwnedByProfile = false"),
        proof: None,
        names: &["Label", "Name"],
        api_name: "Name",
        description: Some("Description"),
        allows: Allows::ByFields,
    },
    Kind {
        object: "PermissionSetGroup",
        fields: &[
            "Id",
            "DeveloperName",
            "MasterLabel",
            "Description",
            "Status",
            "NamespacePrefix",
            "CreatedDate",
            "LastModifiedDate",
        ],
        filter: None,
        proof: None,
        names: &["MasterLabel", "DeveloperName"],
        api_name: "DeveloperName",
        description: Some("Description"),
        allows: Allows::BySetBehind,
    },
    group("Type = 'Regular'", "Regular"),
    group("Type = 'Queue'", "Queue"),
    Kind {
        object: "PermissionSetLicense",
        fields: &[
            "Id",
            "DeveloperName",
            "MasterLabel",
            "PermissionSetLicenseKey",
            "Status",
            "TotalLicenses",
            "UsedLicenses",
            "ExpirationDate",
        ],
        filter: None,
        proof: None,
        names: &["MasterLabel", "DeveloperName"],
        api_name: "DeveloperName",
        description: None,
        allows: Allows::Nothing,
    },
    Kind {
        object: "PackageLicense",
        fields: &["Id", "NamespacePrefix", "Status", "AllowedLicenses", "UsedLicenses", "ExpirationDate"],
        filter: None,
        proof: None,
        names: &["NamespacePrefix"],
        api_name: "NamespacePrefix",
        description: None,
        allows: Allows::Nothing,
    },
    Kind {
        object: "Territory2",
        fields: &["Id", "Name", "DeveloperName", "Description", "ParentTerritory2Id", "Territory2ModelId"],
        filter: None,
        proof: None,
        names: &["Name", "DeveloperName"],
        api_name: "DeveloperName",
        description: Some("Description"),
        allows: Allows::Nothing,
    },
    Kind {
        object: "MutingPermissionSet",
        fields: &["Id", "DeveloperName", "MasterLabel", "Description", "NamespacePrefix", "LastModifiedDate"],
        filter: None,
        proof: None,
        names: &["MasterLabel", "DeveloperName"],
        api_name: "DeveloperName",
        description: Some("Description"),
        allows: Allows::Takes,
    },
    Kind {
        object: "CustomPermission",
        fields: &["Id", "DeveloperName", "MasterLabel", "Description", "NamespacePrefix", "LastModifiedDate"],
        filter: None,
        proof: None,
        names: &["MasterLabel", "DeveloperName"],
        api_name: "DeveloperName",
        description: Some("Description"),
        allows: Allows::Nothing,
    },
];

const fn group(filter: &'static str, value: &'static str) -> Kind {
    Kind {
        object: "Group",
        fields: &["Id", "Name", "DeveloperName", "Type", "Email", "OwnerId", "CreatedDate", "LastModifiedDate"],
        filter: Some(filter),
        proof: Some(("Type", value)),
        names: &["Name", "DeveloperName"],
        api_name: "DeveloperName",
        description: None,
        allows: Allows::Nothing,
    }
}

/// How a type is read.
pub(crate) fn kind(entitlement_type: &str) -> Option<&'static Kind> {
    TYPES.iter().zip(&KINDS).find(|(known, _)| known.name == entitlement_type).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::rights;

    #[test]
    fn every_type_is_read_by_its_own_object_and_named_by_its_own_fields() {
        assert_eq!(TYPES.len(), KINDS.len());
        for (known, kind) in TYPES.iter().zip(&KINDS) {
            assert!(rights::need(kind.object).is_some(), "{}", known.name);
            assert_eq!(kind.fields[0], "Id");
            assert!(
                kind.names.iter().chain(&kind.description).all(|name| kind.fields.contains(name)),
                "{}",
                known.name
            );
            assert!(kind.names.contains(&kind.api_name), "{}", known.name);
        }
    }
}
