//! Which fields each object has, and how objects are related.

use super::field::Field;
use super::object::Object;
use super::{permission_fields, program_fields, setup_fields, user_fields};

/// The fields of an object.
pub(crate) fn fields(object: Object) -> &'static [Field] {
    match object {
        Object::User => user_fields::USER,
        Object::UserLogin => user_fields::USER_LOGIN,
        Object::Profile => permission_fields::PROFILE,
        Object::UserRole => setup_fields::USER_ROLE,
        Object::UserLicense => setup_fields::USER_LICENSE,
        Object::PermissionSet => permission_fields::PERMISSION_SET,
        Object::PermissionSetAssignment => setup_fields::PERMISSION_SET_ASSIGNMENT,
        Object::PermissionSetGroup => setup_fields::PERMISSION_SET_GROUP,
        Object::PermissionSetGroupComponent => setup_fields::PERMISSION_SET_GROUP_COMPONENT,
        Object::PermissionSetLicense => setup_fields::PERMISSION_SET_LICENSE,
        Object::PermissionSetLicenseAssign => setup_fields::PERMISSION_SET_LICENSE_ASSIGN,
        Object::Group => setup_fields::GROUP,
        Object::GroupMember => setup_fields::GROUP_MEMBER,
        Object::QueueSobject => setup_fields::QUEUE_SOBJECT,
        Object::PackageLicense => setup_fields::PACKAGE_LICENSE,
        Object::UserPackageLicense => setup_fields::USER_PACKAGE_LICENSE,
        Object::Organization => setup_fields::ORGANIZATION,
        Object::Territory2 => setup_fields::TERRITORY,
        Object::Territory2Model => setup_fields::TERRITORY_MODEL,
        Object::UserTerritory2Association => setup_fields::TERRITORY_USER,
        Object::LoginHistory => setup_fields::LOGIN_HISTORY,
        Object::MutingPermissionSet => permission_fields::MUTING_PERMISSION_SET,
        Object::CustomPermission => permission_fields::CUSTOM_PERMISSION,
        Object::SetupEntityAccess => permission_fields::SETUP_ENTITY_ACCESS,
        Object::AuthSession => setup_fields::AUTH_SESSION,
        Object::OauthToken => setup_fields::OAUTH_TOKEN,
        Object::SetupAuditTrail => setup_fields::SETUP_AUDIT_TRAIL,
        Object::ConnectedApplication => program_fields::CONNECTED_APPLICATION,
        Object::ExternalClientApplication => program_fields::EXTERNAL_CLIENT_APPLICATION,
        Object::BotDefinition => program_fields::BOT_DEFINITION,
        Object::NamedCredential => program_fields::NAMED_CREDENTIAL,
        Object::ObjectPermissions => permission_fields::OBJECT_PERMISSIONS,
        Object::FieldPermissions => permission_fields::FIELD_PERMISSIONS,
    }
}

/// The index of a field in its object; names are compared ignoring case.
pub(crate) fn place(object: Object, name: &str) -> Option<usize> {
    fields(object).iter().position(|field| field.name.eq_ignore_ascii_case(name))
}

/// A relationship from a parent to its children, as a subquery names it.
pub(crate) struct Children {
    pub(crate) parent: Object,
    pub(crate) name: &'static str,
    pub(crate) object: Object,
    /// The child's field that names the parent.
    pub(crate) field: &'static str,
}

const fn children(parent: Object, name: &'static str, object: Object, field: &'static str) -> Children {
    Children { parent, name, object, field }
}

/// Every relationship that a subquery can use.
pub(crate) const CHILDREN: &[Children] = &[
    children(Object::User, "PermissionSetAssignments", Object::PermissionSetAssignment, "AssigneeId"),
    children(Object::User, "PermissionSetLicenseAssignments", Object::PermissionSetLicenseAssign, "AssigneeId"),
    children(Object::User, "ManagedUsers", Object::User, "ManagerId"),
    children(Object::User, "UserTerritory2Associations", Object::UserTerritory2Association, "UserId"),
    children(Object::Profile, "Users", Object::User, "ProfileId"),
    children(Object::UserRole, "Users", Object::User, "UserRoleId"),
    children(Object::PermissionSet, "Assignments", Object::PermissionSetAssignment, "PermissionSetId"),
    children(
        Object::PermissionSet,
        "PermissionSetGroupComponents",
        Object::PermissionSetGroupComponent,
        "PermissionSetId",
    ),
    children(Object::PermissionSetGroup, "Assignments", Object::PermissionSetAssignment, "PermissionSetGroupId"),
    children(
        Object::PermissionSetGroup,
        "PermissionSetGroupComponents",
        Object::PermissionSetGroupComponent,
        "PermissionSetGroupId",
    ),
    children(
        Object::PermissionSetLicense,
        "PermissionSetLicenseAssignments",
        Object::PermissionSetLicenseAssign,
        "PermissionSetLicenseId",
    ),
    children(Object::Group, "GroupMembers", Object::GroupMember, "GroupId"),
    children(Object::Group, "QueueSobjects", Object::QueueSobject, "QueueId"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_begins_with_its_id_and_names_fields_once() {
        for object in Object::all() {
            let fields = fields(object);
            assert_eq!(fields[0].name, "Id", "{object:?}");
            for (at, field) in fields.iter().enumerate() {
                assert_eq!(place(object, &field.name.to_lowercase()), Some(at), "{object:?}.{}", field.name);
            }
        }
        for children in CHILDREN {
            assert!(place(children.object, children.field).is_some(), "{}", children.name);
        }
    }
}
