//! Which right lets a login see which object, and what is missing without it.

use connector_core::{Error, ErrorKind};

/// What the connector needs an object for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    /// The object.
    pub(crate) object: &'static str,
    /// The right that shows it.
    pub(crate) right: &'static str,
    /// What can't be done without it.
    pub(crate) breaks: &'static str,
    /// The feature that brings it, where not every org has it.
    pub(crate) feature: Option<&'static str>,
    /// Whether nothing can be aggregated without it.
    pub(crate) essential: bool,
}

const VIEW_SETUP: &str = "View Setup and Configuration";

const fn essential(object: &'static str, right: &'static str, breaks: &'static str) -> Need {
    Need { object, right, breaks, feature: None, essential: true }
}

const fn optional(object: &'static str, right: &'static str, breaks: &'static str, feature: &'static str) -> Need {
    Need { object, right, breaks, feature: Some(feature), essential: false }
}

/// Everything that is read.
pub(crate) const NEEDS: [Need; 15] = [
    essential("User", "API Enabled, and read access to users", "no account can be read"),
    essential("Profile", VIEW_SETUP, "profiles can't be read"),
    essential("UserRole", "View Roles and Role Hierarchy", "roles can't be read"),
    essential("PermissionSet", VIEW_SETUP, "permission sets can't be read"),
    essential("PermissionSetAssignment", VIEW_SETUP, "who holds permission sets can't be read"),
    essential("Group", VIEW_SETUP, "groups and queues can't be read"),
    essential("GroupMember", VIEW_SETUP, "members of groups and queues can't be read"),
    Need {
        object: "UserLogin",
        right: "Manage Users",
        breaks: "frozen and locked users can't be told apart",
        feature: None,
        essential: false,
    },
    optional("PermissionSetGroup", VIEW_SETUP, "permission set groups can't be read", "permission set groups"),
    optional("PermissionSetLicense", VIEW_SETUP, "permission set licences can't be read", "permission set licences"),
    optional(
        "PermissionSetLicenseAssign",
        VIEW_SETUP,
        "who holds permission set licences can't be read",
        "permission set licences",
    ),
    optional("PackageLicense", VIEW_SETUP, "package licences can't be read", "managed packages"),
    optional("UserPackageLicense", VIEW_SETUP, "who holds package licences can't be read", "managed packages"),
    optional("Territory2", "Manage Territories", "territories can't be read", "Sales Territories"),
    optional(
        "UserTerritory2Association",
        "Manage Territories",
        "who is in a territory can't be read",
        "Sales Territories",
    ),
];

/// What an object is needed for.
pub(crate) fn need(object: &str) -> Option<&'static Need> {
    NEEDS.iter().find(|need| need.object == object)
}

/// The error for an object that must be there.
pub(crate) fn missing(object: &'static str, refused: Error) -> Error {
    let (right, breaks) =
        need(object).map_or(("the right to it", "it can't be read"), |need| (need.right, need.breaks));
    Error::new(ErrorKind::Permission, format!("the login may not see `{object}`: {breaks}"))
        .with_help(format!("give the service account \"{right}\", in its profile or a permission set"))
        .with_context("object", object)
        .with_cause(refused)
}

/// A warning about fields that an org does not show.
pub(crate) fn hidden(object: &str, fields: &[&str]) -> String {
    format!("the org shows the service account no {} of `{object}`: left out", fields.join(", "))
}

/// Why an object that not every org has was left out. The objects of one feature give one reason, so that it is told once.
pub(crate) fn reason(object: &'static str) -> String {
    match need(object) {
        Some(Need { right, feature: Some(feature), .. }) => {
            format!("either the org has no {feature}, or the service account lacks \"{right}\"")
        }
        _ => format!("the org shows no `{object}`"),
    }
}
