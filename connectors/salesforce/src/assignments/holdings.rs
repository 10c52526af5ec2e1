//! The objects in whose rows it stands that a user holds something.

use connector_core::EntitlementRef;

/// How one type of entitlement is held: by a row that names the user and what is held.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Holding {
    /// The entitlement type.
    pub(crate) entitlement_type: &'static str,
    /// The object of the rows.
    pub(crate) object: &'static str,
    /// The key prefix of their ids; `None` where Salesforce does not document it.
    pub(crate) prefix: Option<&'static str>,
    /// The field that names the user.
    pub(crate) user: &'static str,
    /// The field that names what is held.
    pub(crate) held: &'static str,
    /// Whether a row can have an end, in `ExpirationDate`.
    pub(crate) takes_end: bool,
    /// What making rows is called.
    pub(crate) granting: &'static str,
    /// What removing rows is called.
    pub(crate) revoking: &'static str,
}

/// All of them; profile and role stand in the user's own row.
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
        granting: "grant permission set licenses",
        revoking: "revoke permission set licenses",
    },
    Holding {
        entitlement_type: "package_license",
        object: "UserPackageLicense",
        prefix: Some("051"),
        user: "UserId",
        held: "PackageLicenseId",
        takes_end: false,
        granting: "grant package licenses",
        revoking: "revoke package licenses",
    },
    Holding {
        entitlement_type: "territory",
        object: "UserTerritory2Association",
        prefix: None,
        user: "UserId",
        held: "Territory2Id",
        takes_end: false,
        granting: "grant territories",
        revoking: "revoke territories",
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
        granting: "grant permission sets",
        revoking: "revoke permission sets",
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
        granting: "add to groups",
        revoking: "take out of groups",
    }
}

/// How an entitlement is held; `None` for one in the user's own row, and for an unknown type.
pub(crate) fn holding(entitlement: &EntitlementRef) -> Option<&'static Holding> {
    HOLDINGS.iter().find(|holding| holding.entitlement_type == entitlement.entitlement_type)
}
