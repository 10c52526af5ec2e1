//! The system permissions that an auditor asks about.
//!
//! Each is a field of profiles, permission sets and muting sets. Which of them exist differs from org to org, so the org's own
//! description decides. A permission set group has no such fields: Salesforce keeps a set behind it with what the group allows as a
//! whole, after muting.

use crate::api::Rest;
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::soql::Select;
use crate::error;
use connector_core::{AttributeSchema, AttributesBuilder, Entitlement, Result, Severity};
use std::collections::BTreeMap;

/// A system permission.
pub(crate) struct Permission {
    /// The field.
    pub(crate) field: &'static str,
    /// What Setup calls it.
    title: &'static str,
    severity: Severity,
}

const fn permission(field: &'static str, title: &'static str, severity: Severity) -> Permission {
    Permission { field, title, severity }
}

use Severity::{Critical, High, Info, Low, Medium};

/// The permissions, the most powerful first.
pub(crate) const PERMISSIONS: [Permission; 31] = [
    permission("PermissionsModifyAllData", "Modify All Data", Critical),
    permission("PermissionsAuthorApex", "Author Apex", Critical),
    permission("PermissionsManageUsers", "Manage Users", Critical),
    permission("PermissionsManageProfilesPermissionsets", "Manage Profiles and Permission Sets", Critical),
    permission("PermissionsAssignPermissionSets", "Assign Permission Sets", Critical),
    permission("PermissionsManageAuthProviders", "Manage Auth. Providers", Critical),
    permission("PermissionsCustomizeApplication", "Customize Application", High),
    permission("PermissionsModifyMetadata", "Modify Metadata Through Metadata API Functions", High),
    permission("PermissionsManageInternalUsers", "Manage Internal Users", High),
    permission("PermissionsViewAllData", "View All Data", High),
    permission("PermissionsDataExport", "Weekly Data Export", High),
    permission("PermissionsResetPasswords", "Reset User Passwords and Unlock Users", High),
    permission("PermissionsManageEncryptionKeys", "Manage Encryption Keys", High),
    permission("PermissionsManageCertificates", "Manage Certificates", High),
    permission("PermissionsManageRemoteAccess", "Manage Connected Apps", High),
    permission("PermissionsManageTwoFactor", "Manage Multi-Factor Authentication in API", High),
    permission("PermissionsManageLoginAccessPolicies", "Manage Login Access Policies", High),
    permission("PermissionsManagePasswordPolicies", "Manage Password Policies", High),
    permission("PermissionsManageIpAddresses", "Manage IP Addresses", High),
    permission("PermissionsManageSharing", "Manage Sharing", High),
    permission("PermissionsManageSessionPermissionSets", "Manage Session Permission Set Activations", High),
    permission("PermissionsManageRoles", "Manage Roles", Medium),
    permission("PermissionsViewEncryptedData", "View Encrypted Data", Medium),
    permission("PermissionsViewEventLogFiles", "View Event Log Files", Medium),
    permission("PermissionsBulkApiHardDelete", "Bulk API Hard Delete", Medium),
    permission("PermissionsPasswordNeverExpires", "Password Never Expires", Medium),
    permission("PermissionsInstallPackaging", "Download AppExchange Packages", Medium),
    permission("PermissionsViewAllUsers", "View All Users", Low),
    permission("PermissionsViewSetup", "View Setup and Configuration", Low),
    permission("PermissionsApiEnabled", "API Enabled", Info),
    permission("PermissionsApiUserOnly", "API Only User", Info),
];

impl Permission {
    /// The attribute of an entitlement that has it or not.
    pub(super) fn attribute(&self, gives: bool) -> AttributeSchema {
        let attribute = AttributeSchema::boolean(self.field).described(self.title);
        if gives { attribute.gives_power(self.severity) } else { attribute }
    }
}

/// The fields of the permissions that the org describes for an object; none if it does not describe the object.
pub(super) async fn described(rest: &Rest, object: &'static str) -> Result<Vec<&'static str>> {
    match rest.describe(object).await {
        Ok(description) => {
            let fields = PERMISSIONS.iter().map(|permission| permission.field);
            Ok(fields.filter(|field| description.field(field).is_some()).collect())
        }
        Err(refused) if error::is_missing_object(&refused) => {
            tracing::debug!(object, error = %refused, "the org does not describe which permissions there are");
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}

/// The object with the sets behind permission set groups.
pub(super) const BEHIND_GROUPS: &str = "PermissionSet";

/// What each permission set group allows as a whole, as attributes.
pub(super) struct OfGroups(BTreeMap<RecordId, AttributesBuilder>);

impl OfGroups {
    /// Asks the org for these fields.
    pub(super) async fn read(rest: &Rest, fields: &[&'static str]) -> Result<Self> {
        let mut asked = vec!["Id", "PermissionSetGroupId"];
        asked.extend_from_slice(fields);
        let filter = Some("PermissionSetGroupId != null".into());
        let select = Select { object: BEHIND_GROUPS, fields: asked, filter };
        let groups = keyset::all_shown(rest, &select, |row| {
            let (_, group) = row.id("PermissionSetGroupId")?;
            let mut allowed = AttributesBuilder::default();
            for field in fields.iter().filter(|field| row.has(field)) {
                allowed.push(field, &row.flag(field)?)?;
            }
            Ok(Some((group, allowed)))
        });
        Ok(Self(groups.await?.into_iter().collect()))
    }

    /// Adds what a group allows to its attributes.
    pub(super) fn add_to(&mut self, group: &mut Entitlement) {
        let Some(mut all) = RecordId::read(&group.key.id).and_then(|id| self.0.remove(&id)) else { return };
        for (name, value) in group.attributes.entries() {
            all.push_raw(&name, value);
        }
        group.attributes = all.build();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_permission_is_a_field_of_its_own_and_the_worst_come_first() {
        let fields: BTreeSet<_> = PERMISSIONS.iter().map(|one| one.field).collect();
        assert_eq!(fields.len(), PERMISSIONS.len());
        assert!(fields.iter().all(|field| field.starts_with("Permissions")));
        assert!(PERMISSIONS.is_sorted_by(|one, other| one.severity >= other.severity));
    }
}
