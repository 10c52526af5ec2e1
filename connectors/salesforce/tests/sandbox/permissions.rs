//! What profiles, sets and groups allow is what the org says, and what the org does not say is not read as "no".

use crate::org::{open, start};
use crate::reading::read;
use connector_core::{Cursor, Entitlement, Page, Severity};
use connector_sandbox_salesforce::{Options, Rights};
use serde_json::{Value, json};

fn named<'r>(entitlements: &'r [Entitlement], kind: &str, name: &str) -> &'r Entitlement {
    let found = entitlements.iter().find(|one| one.key.entitlement_type == kind && one.name == name);
    found.expect(name)
}

/// The permissions that it says to have.
fn allowed(entitlement: &Entitlement) -> Vec<String> {
    let entries = entitlement.attributes.entries();
    let yes = entries.iter().filter(|(name, value)| name.starts_with("Permissions") && value.get() == "true");
    let mut names: Vec<_> = yes.map(|(name, _)| name.trim_start_matches("Permissions").to_owned()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn profiles_sets_groups_and_muting_sets_say_what_they_allow() {
    let sandbox = start(Options { users: 50, ..Options::default() }).await;
    let (connector, _) = open(&sandbox, "{}");
    let read = read(connector.as_ref()).await.unwrap();
    let entitlements = &read.entitlements;
    let administrator = named(entitlements, "profile", "System Administrator");
    assert!(allowed(administrator).iter().any(|one| one == "ModifyAllData"), "{administrator:?}");
    let standard = named(entitlements, "profile", "Standard User");
    assert_eq!(allowed(standard), Vec::<String>::new());
    assert_eq!(standard.attributes.get::<bool>("PermissionsModifyAllData"), Some(false), "it says so itself");
    let manage = named(entitlements, "permission_set", "Data: Manage");
    assert_eq!(allowed(manage), ["BulkApiHardDelete", "ModifyAllData", "ViewAllData"]);
    let muting = named(entitlements, "muting_permission_set", "Service bundle: muted");
    assert_eq!(allowed(muting), ["BulkApiHardDelete", "ModifyAllData"]);
    // The group contains the set that may modify all data, and mutes it.
    let group = named(entitlements, "permission_set_group", "Service bundle 11");
    assert_eq!(allowed(group), ["ViewAllData"]);
    assert_eq!(group.attributes.get::<bool>("PermissionsModifyAllData"), Some(false));
    assert!(group.attributes.get::<String>("DeveloperName").is_some(), "its own attributes are kept");
    let held: Vec<_> = read.assignments.iter().map(|one| format!("{} {}", one.holder, one.entitlement)).collect();
    assert!(held.contains(&format!("{} {}", group.key, muting.key)), "what mutes the group is known");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_custom_permission_is_held_by_the_set_the_profile_or_the_group_that_gives_it() {
    let sandbox = start(Options { users: 50, ..Options::default() }).await;
    let (connector, _) = open(&sandbox, "{}");
    let read = read(connector.as_ref()).await.unwrap();
    let mut given: Vec<_> = read
        .assignments
        .iter()
        .filter(|one| one.entitlement.entitlement_type == "custom_permission")
        .map(|one| {
            let name =
                |key: String| read.entitlements.iter().find(|one| one.key.to_string() == key).unwrap().name.clone();
            format!("{} gives {}", name(one.holder.to_string()), name(one.entitlement.to_string()))
        })
        .collect();
    given.sort();
    assert_eq!(
        given,
        [
            "Data: Manage gives Export the \"general ledger\"",
            "Finance: Approve gives Approve refunds over 5.000 €",
            "Service bundle 11 gives Export the \"general ledger\"",
            "System Administrator gives Bypass validation",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_the_org_does_not_describe_is_not_read_as_missing() {
    let hidden_fields = vec!["PermissionSet.PermissionsViewAllData".to_owned()];
    let rights = Rights { hidden_fields, ..Rights::default() };
    let sandbox = start(Options { users: 20, rights, ..Options::default() }).await;
    let (connector, _) = open(&sandbox, "{}");
    let ability = connector.capabilities().entitlements().unwrap();
    let first = ability.entitlements(&Cursor::start()).await.unwrap();
    let mut sets = 0;
    for cursor in first.next() {
        let page: Page<Entitlement> = ability.entitlements(cursor).await.unwrap();
        let Some(kind) = page.items().first().map(|one| one.key.entitlement_type.clone()) else { continue };
        if kind == "permission_set" || kind == "permission_set_group" {
            sets += 1;
            let shown = page.only_shown().unwrap();
            assert!(!shown.iter().any(|name| name == "PermissionsViewAllData"), "{kind}");
            // This org has no such permission at all.
            assert!(!shown.iter().any(|name| name == "PermissionsManageEncryptionKeys"), "{kind}");
            assert!(shown.iter().any(|name| name == "PermissionsModifyAllData"), "{kind}");
            assert!(shown.iter().any(|name| name == "description" || name == "Status"), "{kind}: {shown:?}");
            let values = page.items().iter().map(|one| one.attributes.get::<bool>("PermissionsViewAllData"));
            assert!(values.into_iter().all(|value| value.is_none()), "{kind}");
            assert_eq!(page.warnings(), Vec::<String>::new(), "{kind}: an org without a permission is no fault");
        }
    }
    assert_eq!(sets, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn permissions_on_objects_and_fields_are_read_on_request_with_few_calls() {
    let sandbox = start(Options { users: 10, ..Options::default() }).await;
    let (connector, _) = open(&sandbox, "{}");
    let before = read(connector.as_ref()).await.unwrap();
    assert!(
        named(&before.entitlements, "profile", "Standard User").attributes.get::<Value>("ObjectPermissions").is_none()
    );
    let calls = sandbox.requests().api;
    let (connector, _) = open(&sandbox, r#"{"permissions": ["system", "object", "field"]}"#);
    let found = read(connector.as_ref()).await.unwrap().entitlements;
    let further = sandbox.requests().api - 2 * calls;
    assert!(further <= 8, "{further} further calls");
    let of =
        |kind: &str, name: &str, attribute: &str| named(&found, kind, name).attributes.get::<Value>(attribute).unwrap();
    let all = json!(["Read", "Create", "Edit", "Delete", "ViewAllRecords", "ModifyAllRecords"]);
    assert_eq!(of("profile", "System Administrator", "ObjectPermissions"), json!({"Account": all}));
    let group = of("permission_set_group", "Service bundle 11", "ObjectPermissions");
    assert!(
        group["Account"].as_array().unwrap().contains(&json!("Read")),
        "a group says what it allows as a whole: {group}"
    );
    let fields = of("permission_set", "Data: Manage", "FieldPermissions");
    assert!(fields["Account.Field_0__c"].as_array().unwrap().contains(&json!("Read")), "{fields}");
    let types = connector.capabilities().entitlements().unwrap().entitlement_types();
    let set = types.iter().find(|one| one.name == "permission_set").unwrap();
    assert!(set.attributes.iter().any(|one| one.name == "FieldPermissions"));
}

#[tokio::test(flavor = "multi_thread")]
async fn permissions_on_objects_that_the_org_hides_are_not_shown() {
    let sandbox = start(Options { users: 10, ..Options::default() }).await;
    sandbox.org().set_available("ObjectPermissions", false).unwrap();
    let (connector, _) = open(&sandbox, r#"{"permissions": ["system", "object"]}"#);
    let ability = connector.capabilities().entitlements().unwrap();
    let mut warned = 0;
    for cursor in ability.entitlements(&Cursor::start()).await.unwrap().next() {
        let page: Page<Entitlement> = ability.entitlements(cursor).await.unwrap();
        if page.warnings().iter().any(|warning| warning.contains("`ObjectPermissions`")) {
            warned += 1;
            assert!(
                !page.only_shown().unwrap().iter().any(|name| name == "ObjectPermissions"),
                "not shown is not none"
            );
        }
    }
    assert_eq!(warned, 4, "profiles, sets, groups and muting sets");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_column_of_permissions_on_fields_is_not_read_as_a_no() {
    let hidden_fields = vec!["FieldPermissions.PermissionsEdit".to_owned()];
    let rights = Rights { hidden_fields, ..Rights::default() };
    let sandbox = start(Options { users: 10, rights, ..Options::default() }).await;
    let (connector, _) = open(&sandbox, r#"{"permissions": ["system", "field"]}"#);
    let ability = connector.capabilities().entitlements().unwrap();
    let mut warned = 0;
    for cursor in ability.entitlements(&Cursor::start()).await.unwrap().next() {
        let page: Page<Entitlement> = ability.entitlements(cursor).await.unwrap();
        let values = page.items().iter().map(|one| one.attributes.get::<Value>("FieldPermissions"));
        assert!(values.into_iter().all(|value| value.is_none()));
        if page.warnings().iter().any(|warning| warning.contains("`FieldPermissions`")) {
            warned += 1;
            assert!(!page.only_shown().unwrap().iter().any(|name| name == "FieldPermissions"));
        }
    }
    assert_eq!(warned, 4, "profiles, sets, groups and muting sets");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_that_allows_two_things_on_one_object_is_an_odd_answer() {
    let sandbox = start(Options { users: 10, ..Options::default() }).await;
    let set = sandbox.org().id_of("PermissionSet", 79).unwrap();
    for may_read in [true, false] {
        let fields = [("ParentId", json!(set)), ("SobjectType", json!("Lead")), ("PermissionsRead", json!(may_read))];
        sandbox.org().insert("ObjectPermissions", &fields).unwrap();
    }
    let (connector, _) = open(&sandbox, r#"{"permissions": ["system", "object"]}"#);
    let error = read(connector.as_ref()).await.err().unwrap();
    assert!(error.message().contains("ObjectPermissions") && error.message().contains("twice"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_types_say_which_attribute_gives_power_and_a_muting_set_gives_none() {
    let sandbox = start(Options { users: 5, ..Options::default() }).await;
    let (connector, _) = open(&sandbox, "{}");
    let types = connector.capabilities().entitlements().unwrap().entitlement_types();
    let power = |kind: &str| {
        let of = types.iter().find(|one| one.name == kind).unwrap();
        of.attributes.iter().find(|one| one.name == "PermissionsModifyAllData").map(|one| one.power)
    };
    for kind in ["profile", "permission_set", "permission_set_group"] {
        assert_eq!(power(kind), Some(Some(Severity::Critical)), "{kind}");
    }
    assert_eq!((power("muting_permission_set"), power("role")), (Some(None), None));
    let fixed: Vec<_> = types.iter().filter(|one| !one.grantable).map(|one| one.name.as_ref()).collect();
    assert_eq!(fixed, ["muting_permission_set", "custom_permission"]);
}
