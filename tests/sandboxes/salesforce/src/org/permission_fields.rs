//! The fields of what gives permissions: profiles, permission sets, muting sets, custom permissions.

use super::field::Field;
use super::setup_fields::{CREATED, CREATED_BY, MODIFIED, MODIFIED_BY, NAMESPACE, STAMP};

/// The fields, and one for each permission that this org has. A real org has several hundred, and each has others: this one
/// has no *Manage Encryption Keys*.
macro_rules! with_permissions {
    ($($field:expr),* $(,)?) => {
        [
            $($field,)*
            Field::flag("PermissionsEmailSingle", "Send Email"),
            Field::flag("PermissionsApiEnabled", "API Enabled").writable(),
            Field::flag("PermissionsApiUserOnly", "API Only User").writable(),
            Field::flag("PermissionsModifyAllData", "Modify All Data").writable(),
            Field::flag("PermissionsViewAllData", "View All Data").writable(),
            Field::flag("PermissionsManageUsers", "Manage Users").writable(),
            Field::flag("PermissionsManageInternalUsers", "Manage Internal Users").writable(),
            Field::flag("PermissionsAssignPermissionSets", "Assign Permission Sets").writable(),
            Field::flag("PermissionsManageProfilesPermissionsets", "Manage Profiles and Permission Sets").writable(),
            Field::flag("PermissionsManageAuthProviders", "Manage Auth. Providers").writable(),
            Field::flag("PermissionsCustomizeApplication", "Customize Application").writable(),
            Field::flag("PermissionsAuthorApex", "Author Apex").writable(),
            Field::flag("PermissionsModifyMetadata", "Modify Metadata Through Metadata API Functions").writable(),
            Field::flag("PermissionsResetPasswords", "Reset User Passwords and Unlock Users").writable(),
            Field::flag("PermissionsPasswordNeverExpires", "Password Never Expires").writable(),
            Field::flag("PermissionsDataExport", "Weekly Data Export").writable(),
            Field::flag("PermissionsBulkApiHardDelete", "Bulk API Hard Delete").writable(),
            Field::flag("PermissionsManageSharing", "Manage Sharing").writable(),
            Field::flag("PermissionsViewSetup", "View Setup and Configuration").writable(),
        ]
    };
}

pub(crate) const PROFILE: &[Field] = &with_permissions![
    Field::id(),
    Field::text("Name", "Name", 255).required().writable(),
    Field::reference("UserLicenseId", "User License ID", "UserLicense", &["UserLicense"]).required().createable(),
    Field::picklist("UserType", "User Type", &["Standard", "PowerPartner", "CspLitePortal", "CsnOnly", "Guest"]),
    CREATED,
    CREATED_BY,
    MODIFIED,
    MODIFIED_BY,
    STAMP,
    Field::text("Description", "Description", 255).writable(),
    Field::datetime("LastViewedDate", "Last Viewed Date"),
    Field::datetime("LastReferencedDate", "Last Referenced Date"),
];

pub(crate) const PERMISSION_SET: &[Field] = &with_permissions![
    Field::id(),
    Field::text("Name", "Permission Set Name", 80).required().writable(),
    Field::text("Label", "Permission Set Label", 80).required().writable(),
    Field::reference("LicenseId", "License ID", "License", &["PermissionSetLicense", "UserLicense"]).createable(),
    Field::reference("ProfileId", "Profile ID", "Profile", &["Profile"]),
    Field::flag("IsOwnedByProfile", "Is Owned By Profile"),
    Field::flag("IsCustom", "Is Custom"),
    Field::text("Description", "Description", 255).writable(),
    CREATED,
    CREATED_BY,
    MODIFIED,
    MODIFIED_BY,
    STAMP,
    NAMESPACE,
    Field::flag("HasActivationRequired", "Session Activation Required").writable(),
    Field::reference("PermissionSetGroupId", "Permission Set Group ID", "PermissionSetGroup", &["PermissionSetGroup"]),
    Field::picklist("Type", "Permission Set Type", &["Regular", "Standard", "Session", "Profile", "Group"]),
];

/// It has no field with its group: a component of the group names it.
pub(crate) const MUTING_PERMISSION_SET: &[Field] = &with_permissions![
    Field::id(),
    Field::text("DeveloperName", "Name", 80).required().writable(),
    Field::picklist("Language", "Master Language", &["de", "en_US", "fr", "it", "ja"]).defaulted().writable(),
    Field::text("MasterLabel", "Muting Permission Set Label", 80).required().writable(),
    Field::text("Description", "Description", 255).writable(),
    NAMESPACE,
    CREATED,
    CREATED_BY,
    MODIFIED,
    MODIFIED_BY,
    STAMP,
];

pub(crate) const CUSTOM_PERMISSION: &[Field] = &[
    Field::id(),
    Field::text("DeveloperName", "API Name", 80).required(),
    Field::picklist("Language", "Master Language", &["de", "en_US", "fr", "it", "ja"]),
    Field::text("MasterLabel", "Custom Permission Label", 80).required(),
    Field::text("Description", "Description", 255),
    Field::flag("IsProtected", "Protected Component"),
    NAMESPACE,
    CREATED,
    CREATED_BY,
    MODIFIED,
    MODIFIED_BY,
    STAMP,
];

pub(crate) const SETUP_ENTITY_ACCESS: &[Field] = &[
    Field::id(),
    Field::reference("ParentId", "Parent ID", "Parent", &["PermissionSet"]).required().createable(),
    Field::reference(
        "SetupEntityId",
        "Setup Entity ID",
        "",
        &["ApexClass", "ConnectedApplication", "CustomPermission", "ExternalClientApplication"],
    )
    .required()
    .createable(),
    Field::picklist(
        "SetupEntityType",
        "Setup Entity Type",
        &["ApexClass", "ConnectedApplication", "CustomPermission", "ExternalClientApplication"],
    ),
    STAMP,
];

pub(crate) const OBJECT_PERMISSIONS: &[Field] = &[
    Field::id(),
    Field::reference("ParentId", "Parent ID", "Parent", &["PermissionSet"]).required().createable(),
    Field::text("SobjectType", "Object Name", 40).required().createable(),
    Field::flag("PermissionsCreate", "Allow Create").writable(),
    Field::flag("PermissionsRead", "Allow Read").writable(),
    Field::flag("PermissionsEdit", "Allow Edit").writable(),
    Field::flag("PermissionsDelete", "Allow Delete").writable(),
    Field::flag("PermissionsViewAllRecords", "View All Records").writable(),
    Field::flag("PermissionsModifyAllRecords", "Modify All Records").writable(),
    CREATED,
    CREATED_BY,
    MODIFIED,
    MODIFIED_BY,
    STAMP,
];

pub(crate) const FIELD_PERMISSIONS: &[Field] = &[
    Field::id(),
    Field::reference("ParentId", "Parent ID", "Parent", &["PermissionSet"]).required().createable(),
    Field::text("SobjectType", "Object Name", 40).required().createable(),
    Field::text("Field", "Field Name", 80).required().createable(),
    Field::flag("PermissionsRead", "Allow Read").writable(),
    Field::flag("PermissionsEdit", "Allow Edit").writable(),
    STAMP,
];
