//! The objects of the org.

/// An object (a table) of the org.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(usize)]
#[expect(clippy::enum_variant_names, reason = "they are Salesforce's own names")]
pub(crate) enum Object {
    User,
    UserLogin,
    Profile,
    UserRole,
    UserLicense,
    PermissionSet,
    PermissionSetAssignment,
    PermissionSetGroup,
    PermissionSetGroupComponent,
    PermissionSetLicense,
    PermissionSetLicenseAssign,
    Group,
    GroupMember,
    QueueSobject,
    PackageLicense,
    UserPackageLicense,
    Organization,
    Territory2,
    Territory2Model,
    UserTerritory2Association,
    LoginHistory,
    MutingPermissionSet,
    CustomPermission,
    SetupEntityAccess,
    AuthSession,
    OauthToken,
    SetupAuditTrail,
    ConnectedApplication,
    ExternalClientApplication,
    BotDefinition,
    NamedCredential,
    ObjectPermissions,
    FieldPermissions,
}

/// Every object with name, key prefix, label and plural label.
const ALL: [(Object, &str, &str, &str, &str); 33] = [
    (Object::User, "User", "005", "User", "People"),
    (Object::UserLogin, "UserLogin", "0Yw", "User Login", "User Login"),
    (Object::Profile, "Profile", "00e", "Profile", "Profile"),
    (Object::UserRole, "UserRole", "00E", "Role", "Role"),
    (Object::UserLicense, "UserLicense", "100", "User License", "User License"),
    (Object::PermissionSet, "PermissionSet", "0PS", "Permission Set", "Permission Sets"),
    (
        Object::PermissionSetAssignment,
        "PermissionSetAssignment",
        "0Pa",
        "Permission Set Assignment",
        "Permission Set Assignments",
    ),
    (Object::PermissionSetGroup, "PermissionSetGroup", "0PG", "Permission Set Group", "Permission Set Groups"),
    (
        Object::PermissionSetGroupComponent,
        "PermissionSetGroupComponent",
        "0PM",
        "Permission Set Group Component",
        "Permission Set Group Components",
    ),
    (Object::PermissionSetLicense, "PermissionSetLicense", "0PL", "Permission Set License", "Permission Set Licenses"),
    (
        Object::PermissionSetLicenseAssign,
        "PermissionSetLicenseAssign",
        "2LA",
        "Permission Set License Assignment",
        "Permission Set License Assignments",
    ),
    (Object::Group, "Group", "00G", "Group", "Group"),
    (Object::GroupMember, "GroupMember", "011", "Group Member", "Group Member"),
    (Object::QueueSobject, "QueueSobject", "03g", "Queue Sobject", "Queue Sobjects"),
    (Object::PackageLicense, "PackageLicense", "050", "Package License", "Package Licenses"),
    (Object::UserPackageLicense, "UserPackageLicense", "051", "User Package License", "User Package Licenses"),
    (Object::Organization, "Organization", "00D", "Organization", "Organizations"),
    (Object::Territory2, "Territory2", "0MI", "Territory", "Territories"),
    (Object::Territory2Model, "Territory2Model", "0MA", "Territory Model", "Territory Models"),
    (Object::UserTerritory2Association, "UserTerritory2Association", "0Kh", "Territory User", "Territory Users"),
    (Object::LoginHistory, "LoginHistory", "0Ya", "Login History", "Login History"),
    (Object::MutingPermissionSet, "MutingPermissionSet", "0QM", "Muting Permission Set", "Muting Permission Sets"),
    (Object::CustomPermission, "CustomPermission", "0CP", "Custom Permission", "Custom Permissions"),
    (Object::SetupEntityAccess, "SetupEntityAccess", "0J0", "Setup Entity Access", "Setup Entity Access"),
    (Object::AuthSession, "AuthSession", "0Ak", "Auth Session", "Auth Sessions"),
    (Object::OauthToken, "OauthToken", "0CQ", "OAuth Token", "OAuth Tokens"),
    (Object::SetupAuditTrail, "SetupAuditTrail", "0Ym", "Setup Audit Trail Entry", "Setup Audit Trail Entries"),
    (Object::ConnectedApplication, "ConnectedApplication", "0H4", "Connected App", "Connected Apps"),
    (
        Object::ExternalClientApplication,
        "ExternalClientApplication",
        "0xI",
        "External Client Application",
        "External Client Applications",
    ),
    (Object::BotDefinition, "BotDefinition", "0Xx", "Bot Definition", "Bot Definitions"),
    (Object::NamedCredential, "NamedCredential", "0XA", "Named Credential", "Named Credentials"),
    (Object::ObjectPermissions, "ObjectPermissions", "110", "Object Permissions", "Object Permissions"),
    (Object::FieldPermissions, "FieldPermissions", "01k", "Field Permissions", "Field Permissions"),
];

impl Object {
    /// Every object, in the order of [`Object::place`].
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        ALL.iter().map(|(object, ..)| *object)
    }

    /// The object's place in arrays that hold one entry per object.
    pub(crate) fn place(self) -> usize {
        self as usize
    }

    /// The API name.
    pub(crate) fn name(self) -> &'static str {
        ALL[self.place()].1
    }

    /// The three characters that its ids begin with.
    pub(crate) fn prefix(self) -> &'static str {
        ALL[self.place()].2
    }

    /// The label and its plural.
    pub(crate) fn labels(self) -> (&'static str, &'static str) {
        (ALL[self.place()].3, ALL[self.place()].4)
    }

    /// The object of this name, whatever its case.
    pub(crate) fn named(name: &str) -> Option<Self> {
        ALL.iter().find(|(_, known, ..)| known.eq_ignore_ascii_case(name)).map(|(object, ..)| *object)
    }

    /// The object whose ids begin with this prefix.
    pub(crate) fn with_prefix(prefix: &str) -> Option<Self> {
        ALL.iter().find(|(_, _, known, ..)| *known == prefix).map(|(object, ..)| *object)
    }

    /// Whether records can be created, changed, deleted, and followed by getUpdated.
    pub(crate) fn calls(self) -> (bool, bool, bool, bool) {
        match self {
            Self::User | Self::Territory2Model => (true, true, false, true),
            Self::UserRole | Self::Profile | Self::Group => (true, true, true, true),
            Self::PermissionSet
            | Self::PermissionSetAssignment
            | Self::PermissionSetGroup
            | Self::MutingPermissionSet
            | Self::ObjectPermissions
            | Self::FieldPermissions
            | Self::Territory2 => (true, true, true, false),
            Self::PermissionSetGroupComponent
            | Self::SetupEntityAccess
            | Self::PermissionSetLicenseAssign
            | Self::UserPackageLicense
            | Self::UserTerritory2Association => (true, false, true, false),
            Self::GroupMember | Self::QueueSobject => (true, false, true, true),
            Self::UserLogin => (false, true, false, false),
            Self::AuthSession | Self::OauthToken => (false, false, true, false),
            Self::Organization => (false, true, false, true),
            Self::UserLicense
            | Self::PermissionSetLicense
            | Self::PackageLicense
            | Self::CustomPermission
            | Self::SetupAuditTrail
            | Self::ConnectedApplication
            | Self::ExternalClientApplication
            | Self::BotDefinition
            | Self::NamedCredential
            | Self::LoginHistory => (false, false, false, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_stands_at_its_place() {
        for (place, object) in Object::all().enumerate() {
            assert_eq!(object.place(), place);
            assert_eq!(Object::named(&object.name().to_uppercase()), Some(object));
            assert_eq!(Object::with_prefix(object.prefix()), Some(object));
        }
    }
}
