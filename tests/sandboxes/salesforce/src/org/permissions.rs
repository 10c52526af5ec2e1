//! What profiles, permission sets and groups allow.

use super::catalog::push;
use super::field::Kind;
use super::object::Object;
use super::schema;
use super::state::State;
use super::value::Value;

/// What the system administrator's profile allows.
const ADMINISTRATOR: [&str; 14] = [
    "PermissionsApiEnabled",
    "PermissionsModifyAllData",
    "PermissionsViewAllData",
    "PermissionsManageUsers",
    "PermissionsManageInternalUsers",
    "PermissionsAssignPermissionSets",
    "PermissionsManageProfilesPermissionsets",
    "PermissionsManageAuthProviders",
    "PermissionsCustomizeApplication",
    "PermissionsAuthorApex",
    "PermissionsModifyMetadata",
    "PermissionsResetPasswords",
    "PermissionsManageSharing",
    "PermissionsViewSetup",
];

/// What the profile of integrations allows.
const INTEGRATION: [&str; 7] = [
    "PermissionsApiEnabled",
    "PermissionsManageUsers",
    "PermissionsManageInternalUsers",
    "PermissionsAssignPermissionSets",
    "PermissionsResetPasswords",
    "PermissionsPasswordNeverExpires",
    "PermissionsViewSetup",
];

/// The group with a muting set, and what that set takes away.
const MUTED_GROUP: u64 = 11;
const MUTED: [&str; 2] = ["PermissionsModifyAllData", "PermissionsBulkApiHardDelete"];

/// Custom permissions: API name, label, namespace.
const CUSTOM: [(&str, &str, Option<&str>); 3] = [
    ("Approve_Refunds", "Approve refunds over 5.000 €", None),
    ("Export_Ledger", "Export the \"general ledger\"", None),
    ("Bypass_Validation", "Bypass validation", Some("sbqq")),
];

/// What the profile in this row allows.
pub(super) fn of_profile(row: u64) -> &'static [&'static str] {
    match row {
        0 => &ADMINISTRATOR,
        8 => &INTEGRATION,
        _ => &[],
    }
}

/// What the permission set of an area and an action allows.
pub(super) fn of_set(area: &str, action: &str) -> &'static [&'static str] {
    match (area, action) {
        ("Data", "Manage") => &["PermissionsModifyAllData", "PermissionsViewAllData", "PermissionsBulkApiHardDelete"],
        ("Data", "Export") => &["PermissionsApiEnabled", "PermissionsDataExport"],
        ("Finance", "Audit") => &["PermissionsViewAllData"],
        ("Support", "Ops") => &["PermissionsResetPasswords"],
        // A set that takes effect only in a session.
        ("Research", "Archive") => &["PermissionsAuthorApex"],
        (_, "Export") => &["PermissionsApiEnabled"],
        _ => &[],
    }
}

/// Adds the muting set, what the groups allow as a whole, and the custom permissions.
pub(super) fn fill(state: &mut State) {
    mute(state);
    for row in 0..state.table(Object::PermissionSet).end() {
        if let Some(group) = state.named(Object::PermissionSet, row, "PermissionSetGroupId").id() {
            recalculate(state, row, &Value::Id(group));
        }
    }
    custom_permissions(state);
    data_permissions(state);
    // Nothing of this is a change that a failed request would undo.
    state.commit();
}

fn mute(state: &mut State) {
    let muting = push(state, Object::MutingPermissionSet, |_, row| {
        let row = row.with("DeveloperName", "Mute_Service_Bundle").with("MasterLabel", "Service bundle: muted");
        MUTED.iter().fold(row, |row, permission| row.with(permission, true))
    });
    push(state, Object::PermissionSetGroupComponent, |world, row| {
        row.with("PermissionSetGroupId", world.id(Object::PermissionSetGroup, MUTED_GROUP))
            .with("PermissionSetId", world.id(Object::MutingPermissionSet, muting))
    });
}

/// Sets what the set behind a group allows: what the sets in the group allow, without what is muted.
fn recalculate(state: &mut State, behind: u64, group: &Value) {
    let components: Vec<_> = (0..state.table(Object::PermissionSetGroupComponent).end())
        .filter(|row| state.named(Object::PermissionSetGroupComponent, *row, "PermissionSetGroupId") == *group)
        .filter_map(|row| state.named(Object::PermissionSetGroupComponent, row, "PermissionSetId").id())
        .filter_map(|id| state.locate(id))
        .collect();
    let fields = schema::fields(Object::PermissionSet).iter();
    for field in fields.filter(|field| field.kind == Kind::Boolean && field.name.starts_with("Permissions")) {
        let any = |of: Object| {
            let mut rows = components.iter().filter(|(object, _)| *object == of);
            rows.any(|(object, row)| state.named(*object, *row, field.name) == Value::Bool(true))
        };
        let allowed = any(Object::PermissionSet) && !any(Object::MutingPermissionSet);
        if allowed {
            state.set_named(Object::PermissionSet, behind, field.name, true);
        }
    }
}

fn custom_permissions(state: &mut State) {
    for (name, label, namespace) in CUSTOM {
        push(state, Object::CustomPermission, |_, row| {
            row.with("DeveloperName", name)
                .with("MasterLabel", label)
                .with("Language", "en_US")
                .with("NamespacePrefix", namespace.map_or(Value::Null, Value::from))
        });
    }
    let set_of = |state: &State, field: &str, value: &Value| {
        let mut rows = 0..state.table(Object::PermissionSet).end();
        rows.find(|row| state.named(Object::PermissionSet, *row, field) == *value).unwrap_or_default()
    };
    let manage = set_of(state, "Name", &Value::from("Data_Manage"));
    let behind =
        set_of(state, "PermissionSetGroupId", &Value::Id(state.world.id(Object::PermissionSetGroup, MUTED_GROUP)));
    let approve = set_of(state, "Name", &Value::from("Finance_Approve"));
    // The first row of PermissionSet is the administrator profile's own set.
    for (parent, permission) in [(approve, 0), (manage, 1), (behind, 1), (0, 2)] {
        push(state, Object::SetupEntityAccess, |world, row| {
            row.with("ParentId", world.id(Object::PermissionSet, parent))
                .with("SetupEntityId", world.id(Object::CustomPermission, permission))
                .with("SetupEntityType", "CustomPermission")
        });
    }
    push(state, Object::SetupEntityAccess, |world, row| {
        row.with("ParentId", world.id(Object::PermissionSet, manage))
            .with("SetupEntityId", crate::id::Id::new("01p", 4_711))
            .with("SetupEntityType", "ApexClass")
    });
}

/// The objects that sets and profiles open, and how many fields of each have permissions of their own.
const OBJECTS: [&str; 4] = ["Account", "Case", "Contact", "Opportunity"];
const FIELDS: u64 = 5;

/// What every profile and set allows on objects and fields. A group allows what the first of its sets does.
fn data_permissions(state: &mut State) {
    for set in 0..state.table(Object::PermissionSet).end() {
        let name = state.named(Object::PermissionSet, set, "Name");
        let is_manager = set == 0 || name.text().is_some_and(|name| name.ends_with("_Manage"));
        for (at, object) in (0..).zip(OBJECTS) {
            // Every set opens another part.
            if at > set % 4 {
                continue;
            }
            push(state, Object::ObjectPermissions, |world, row| {
                row.with("ParentId", world.id(Object::PermissionSet, set))
                    .with("SobjectType", object)
                    .with("PermissionsRead", true)
                    .with("PermissionsCreate", set % 2 == 0)
                    .with("PermissionsEdit", set % 2 == 0)
                    .with("PermissionsDelete", is_manager)
                    .with("PermissionsViewAllRecords", is_manager)
                    .with("PermissionsModifyAllRecords", is_manager)
            });
            for field in 0..FIELDS {
                push(state, Object::FieldPermissions, |world, row| {
                    row.with("ParentId", world.id(Object::PermissionSet, set))
                        .with("SobjectType", object)
                        .with("Field", format!("{object}.Field_{field}__c"))
                        .with("PermissionsRead", true)
                        .with("PermissionsEdit", set % 2 == 0)
                });
            }
        }
    }
}
