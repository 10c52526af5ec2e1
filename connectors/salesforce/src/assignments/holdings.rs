//! The objects whose rows show which user holds which entitlement.

use connector_core::{EntitlementRef, Error, Result};
use jiff::Timestamp;

/// How users hold one type of entitlement: by a row that contains the user and the entitlement.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Holding {
    /// The entitlement type.
    pub(crate) entitlement_type: &'static str,
    /// The object of the rows.
    pub(crate) object: &'static str,
    /// The key prefix of their ids; `None` where Salesforce does not document it.
    pub(crate) prefix: Option<&'static str>,
    /// The field that contains the user.
    pub(crate) user: &'static str,
    /// The field that contains the entitlement.
    pub(crate) held: &'static str,
    /// Whether a row can have an end, in `ExpirationDate`.
    pub(crate) takes_end: bool,
    /// The name of creating rows.
    pub(crate) granting: &'static str,
    /// The name of removing rows.
    pub(crate) revoking: &'static str,
}

/// All types except profile and role, which are fields of the user's own row.
pub(crate) const HOLDINGS: [Holding; 7] = [
    set("permission_set", "PermissionSetId"),
    set("permission_set_group", "PermissionSetGroupId"),
    member("group"),
    member("queue"),
    Holding {
        entitlement_type: "permission_set_license",
        object: "PermissionSetLicenseAssign",
        prefix: Some("2LA"),
        user: "AssigneeId",
        held: "PermissionSetLicenseId",
        takes_end: false,
        granting: "granting permission set licenses",
        revoking: "revoking permission set licenses",
    },
    Holding {
        entitlement_type: "package_license",
        object: "UserPackageLicense",
        prefix: Some("051"),
        user: "UserId",
        held: "PackageLicenseId",
        takes_end: false,
        granting: "granting package licenses",
        revoking: "revoking package licenses",
    },
    Holding {
        entitlement_type: "territory",
        object: "UserTerritory2Association",
        prefix: None,
        user: "UserId",
        held: "Territory2Id",
        takes_end: false,
        granting: "granting territories",
        revoking: "revoking territories",
    },
];

const fn set(entitlement_type: &'static str, held: &'static str) -> Holding {
    Holding {
        entitlement_type,
        object: "PermissionSetAssignment",
        prefix: Some("0Pa"),
        user: "AssigneeId",
        held,
        takes_end: true,
        granting: "granting permission sets",
        revoking: "revoking permission sets",
    }
}

const fn member(entitlement_type: &'static str) -> Holding {
    Holding {
        entitlement_type,
        object: "GroupMember",
        prefix: Some("011"),
        user: "UserOrGroupId",
        held: "GroupId",
        takes_end: false,
        granting: "adding members to groups",
        revoking: "removing members from groups",
    }
}

/// How users hold an entitlement; `None` for a field of the user's own row and for an unknown type.
pub(crate) fn holding(entitlement: &EntitlementRef) -> Option<&'static Holding> {
    HOLDINGS.iter().find(|holding| holding.entitlement_type == entitlement.entitlement_type)
}

/// Refuses the end of a grant where Salesforce can't keep one.
pub(crate) fn refuse_end(entitlement: &EntitlementRef, until: Option<Timestamp>) -> Result<()> {
    if until.is_none() || holding(entitlement).is_some_and(|holding| holding.takes_end) {
        return Ok(());
    }
    let types: Vec<_> =
        HOLDINGS.iter().filter(|held| held.takes_end).map(|held| format!("`{}`", held.entitlement_type)).collect();
    Err(Error::unsupported(format!("Salesforce can't end a `{}` by itself", entitlement.entitlement_type)).with_help(
        format!("leave `until` out and revoke it when the time has come; {} can have an end", types.join(" and ")),
    ))
}
