//! Which permission shows which object to the service account, and what does not work without it.

use super::description::Description;
use connector_core::{Error, ErrorKind};

/// Why the connector needs an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    /// The object.
    pub(crate) object: &'static str,
    /// The permission that shows it.
    pub(crate) right: &'static str,
    /// What does not work without it.
    pub(crate) breaks: &'static str,
    /// The feature that brings the object, if not every org has it.
    pub(crate) feature: Option<&'static str>,
    /// Whether an aggregation needs it.
    pub(crate) essential: bool,
}

const VIEW_SETUP: &str = "View Setup and Configuration";

const fn essential(object: &'static str, right: &'static str, breaks: &'static str) -> Need {
    Need { object, right, breaks, feature: None, essential: true }
}

const fn optional(object: &'static str, right: &'static str, breaks: &'static str, feature: &'static str) -> Need {
    Need { object, right, breaks, feature: Some(feature), essential: false }
}

/// Every object that the connector reads.
pub(crate) const NEEDS: [Need; 19] = [
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
        breaks: "the connector can't see which users are frozen or locked",
        feature: None,
        essential: false,
    },
    optional("PermissionSetGroup", VIEW_SETUP, "permission set groups can't be read", "permission set groups"),
    optional(
        "PermissionSetGroupComponent",
        VIEW_SETUP,
        "what permission set groups contain can't be read",
        "permission set groups",
    ),
    optional(
        "MutingPermissionSet",
        VIEW_SETUP,
        "what permission set groups mute can't be read",
        "permission set groups",
    ),
    optional("CustomPermission", VIEW_SETUP, "custom permissions can't be read", "custom permissions"),
    optional("SetupEntityAccess", VIEW_SETUP, "what gives custom permissions can't be read", "custom permissions"),
    optional("PermissionSetLicense", VIEW_SETUP, "permission set licenses can't be read", "permission set licenses"),
    optional(
        "PermissionSetLicenseAssign",
        VIEW_SETUP,
        "who holds permission set licenses can't be read",
        "permission set licenses",
    ),
    optional("PackageLicense", VIEW_SETUP, "package licenses can't be read", "managed packages"),
    optional("UserPackageLicense", VIEW_SETUP, "who holds package licenses can't be read", "managed packages"),
    optional("Territory2", "Manage Territories", "territories can't be read", "Sales Territories"),
    optional(
        "UserTerritory2Association",
        "Manage Territories",
        "who is in a territory can't be read",
        "Sales Territories",
    ),
];

/// Why the connector needs this object.
pub(crate) fn need(object: &str) -> Option<&'static Need> {
    NEEDS.iter().find(|need| need.object == object)
}

/// The error for a required object that the service account can't see.
pub(crate) fn missing(object: &'static str, refused: Error) -> Error {
    let (right, breaks) =
        need(object).map_or(("read access to it", "it can't be read"), |need| (need.right, need.breaks));
    Error::new(ErrorKind::Permission, format!("the service account can't see `{object}`: {breaks}"))
        .with_help(format!("give the service account \"{right}\", in its profile or a permission set"))
        .with_context("object", object)
        .with_cause(refused)
}

/// A warning about fields that an org does not show; their last known values are kept.
pub(crate) fn hidden(object: &str, fields: &[&str]) -> String {
    let fields = fields.join(", ");
    format!(
        "the service account can't see {fields} of `{object}`; the last known values are kept: give it read access to these fields (field-level security in a permission set)"
    )
}

/// A warning about permissions on data that an org does not show; their last known values are kept.
pub(crate) fn unseen_permissions(object: &str) -> String {
    format!(
        "the service account can't see `{object}`, or not all of its fields; the last known values are kept: give it \"{VIEW_SETUP}\", or shorten `permissions` in the source's settings"
    )
}

/// Why an optional object was left out. All objects of a feature give the same reason, so that it is shown once.
pub(crate) fn reason(object: &'static str) -> String {
    match need(object) {
        Some(Need { right, feature: Some(feature), .. }) => {
            format!("the org has no {feature}, or the service account does not have \"{right}\"")
        }
        _ => format!("the org does not show `{object}`"),
    }
}

/// What a change does to the rows of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Creates rows.
    Make,
    /// Changes rows.
    Change,
    /// Removes rows.
    Remove,
}

/// A permission that a change needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    /// The object.
    pub(crate) object: &'static str,
    /// What the change does to its rows.
    pub(crate) act: Act,
    /// The permission that allows it.
    pub(crate) right: &'static str,
    /// What does not work without it.
    pub(crate) breaks: &'static str,
    /// Whether only some orgs have the object.
    pub(crate) feature: bool,
}

const fn change(object: &'static str, act: Act, right: &'static str, breaks: &'static str) -> Change {
    Change { object, act, right, breaks, feature: false }
}

const fn featured(object: &'static str, act: Act, right: &'static str, breaks: &'static str) -> Change {
    Change { object, act, right, breaks, feature: true }
}

const MANAGE_USERS: &str = "Manage Users";
const ASSIGN: &str = "Assign Permission Sets";

/// Every change that the connector makes.
pub(crate) const CHANGES: [Change; 15] = [
    change("User", Act::Make, "Manage Internal Users", "users can't be created"),
    change("User", Act::Change, "Manage Internal Users", "users can't be changed, enabled or disabled"),
    change("UserLogin", Act::Change, MANAGE_USERS, "users can't be locked or unlocked"),
    change("PermissionSetAssignment", Act::Make, ASSIGN, "permission sets can't be granted"),
    change("PermissionSetAssignment", Act::Remove, ASSIGN, "permission sets can't be revoked"),
    change("GroupMember", Act::Make, MANAGE_USERS, "users can't be added to groups and queues"),
    change("GroupMember", Act::Remove, MANAGE_USERS, "users can't be removed from groups and queues"),
    featured("AuthSession", Act::Remove, MANAGE_USERS, "sessions can't be ended"),
    featured("OauthToken", Act::Remove, MANAGE_USERS, "OAuth tokens can't be revoked"),
    featured("PermissionSetLicenseAssign", Act::Make, ASSIGN, "permission set licenses can't be granted"),
    featured("PermissionSetLicenseAssign", Act::Remove, ASSIGN, "permission set licenses can't be revoked"),
    featured("UserPackageLicense", Act::Make, "Manage Package Licenses", "package licenses can't be granted"),
    featured("UserPackageLicense", Act::Remove, "Manage Package Licenses", "package licenses can't be revoked"),
    featured("UserTerritory2Association", Act::Make, "Manage Territories", "territories can't be granted"),
    featured("UserTerritory2Association", Act::Remove, "Manage Territories", "territories can't be revoked"),
];

impl Change {
    /// Whether the described object allows the change. An object that the service account can't see does not.
    pub(crate) fn is_allowed(&self, description: Option<&Description>) -> bool {
        description.is_some_and(|object| match self.act {
            Act::Make => object.createable,
            Act::Change => object.updateable,
            Act::Remove => object.deletable,
        })
    }
}

/// The error for a change that the service account is not allowed to make; `None` if it is allowed.
pub(crate) fn lacking(object: &str, act: Act, description: Option<&Description>) -> Option<Error> {
    let change = CHANGES.iter().find(|change| change.object == object && change.act == act)?;
    (!change.is_allowed(description)).then(|| {
        Error::new(
            ErrorKind::Permission,
            format!("the service account does not have \"{}\": {}", change.right, change.breaks),
        )
        .with_help(format!("give the service account \"{}\", in its profile or a permission set", change.right))
        .with_context("object", object)
    })
}

/// The permission to set passwords. No object description shows it.
pub(crate) const PASSWORDS: &str = "Reset User Passwords and Unlock Users";
