//! Assignments over HTTP: permission sets and groups of them, licenses, groups and queues, territories.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod support;

use connector_sandbox_salesforce::{Options, Sandbox};
use serde_json::{Value, json};
use support::{Client, assert_refused, person, signed_in, with};

const SETS: &str = "PermissionSetAssignment";
/// Rows of `PermissionSet`: with no license, for the Salesforce user license, for the first permission set license.
const PLAIN: u64 = 13;
const FOR_USERS: u64 = 14;
const FOR_LICENSE: u64 = 22;

async fn post(client: &Client, object: &str, body: Value) -> support::Reply {
    client.send("POST", &format!("/sobjects/{object}"), &body).await
}

async fn delete(client: &Client, object: &str, id: &str) -> support::Reply {
    client.send("DELETE", &format!("/sobjects/{object}/{id}"), &Value::Null).await
}

fn id(sandbox: &Sandbox, object: &str, row: u64) -> String {
    sandbox.org().id_of(object, row).unwrap()
}

#[tokio::test]
async fn a_permission_set_is_granted_once_and_revoked_once() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let user = client.create("User", &person(&sandbox, 1)).await;
    let set = id(&sandbox, "PermissionSet", PLAIN);
    let grant = json!({"AssigneeId": user, "PermissionSetId": set});
    let row = client.create(SETS, &grant).await;
    assert!(row.starts_with("0Pa"));
    assert_eq!(sandbox.org().holdings(&user).unwrap(), [(SETS, set.clone())]);
    let again = post(&client, SETS, grant.clone()).await;
    let message = assert_refused(&again, 400, "DUPLICATE_VALUE", &["AssigneeId", "PermissionSetId"]);
    let expected =
        format!("Duplicate PermissionSetAssignment.  Assignee: {}; Permission Set: {}", &user[..15], &set[..15]);
    assert_eq!(message, expected);
    assert_eq!(delete(&client, SETS, &row).await.status, 204);
    let gone = delete(&client, SETS, &row).await;
    assert_eq!((gone.status, gone.code().as_str()), (404, "ENTITY_IS_DELETED"));
    assert!(client.records(&format!("SELECT Id FROM {SETS} WHERE Id = '{row}'")).await.is_empty());
    let back = client.create(SETS, &grant).await;
    assert_ne!(back, row);
    let expires = json!({"ExpirationDate": "2027-01-01T00:00:00Z"});
    assert_eq!(client.send("PATCH", &format!("/sobjects/{SETS}/{back}"), &expires).await.status, 204);
    assert_eq!(sandbox.org().field(&back, "ExpirationDate").unwrap(), "2027-01-01T00:00:00.000+0000");
}

#[tokio::test]
async fn a_group_of_sets_is_granted_as_its_aggregate_set() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let user = client.create("User", &person(&sandbox, 1)).await;
    let group = id(&sandbox, "PermissionSetGroup", 3);
    let row = client.create(SETS, &json!({"AssigneeId": user, "PermissionSetGroupId": group})).await;
    let soql =
        format!("SELECT PermissionSetGroupId, PermissionSet.Type, PermissionSetId FROM {SETS} WHERE Id = '{row}'");
    let made = &client.records(&soql).await[0];
    assert_eq!((&made["PermissionSetGroupId"], &made["PermissionSet"]["Type"]), (&json!(group), &json!("Group")));
    assert_eq!(sandbox.org().holdings(&user).unwrap(), [(SETS, group.clone())]);
    let again = post(&client, SETS, json!({"AssigneeId": user, "PermissionSetGroupId": group})).await;
    assert_eq!(again.code(), "DUPLICATE_VALUE");
    let direct = post(&client, SETS, json!({"AssigneeId": user, "PermissionSetId": made["PermissionSetId"]})).await;
    assert_refused(&direct, 400, "FIELD_INTEGRITY_EXCEPTION", &["PermissionSetId"]);
}

#[tokio::test]
async fn assignments_that_break_a_rule_are_refused() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let user = client.create("User", &person(&sandbox, 1)).await;
    let agent = with(person(&sandbox, 2), "ProfileId", json!(id(&sandbox, "Profile", 7)));
    let agent = client.create("User", &agent).await;
    let idle = client.create("User", &with(person(&sandbox, 3), "IsActive", json!(false))).await;
    let plain = id(&sandbox, "PermissionSet", PLAIN);
    let for_users = id(&sandbox, "PermissionSet", FOR_USERS);
    let own = id(&sandbox, "PermissionSet", 1);
    let group = id(&sandbox, "PermissionSetGroup", 3);
    for (body, code, fields) in [
        (json!({"PermissionSetId": plain}), "REQUIRED_FIELD_MISSING", &["AssigneeId"][..]),
        (json!({"AssigneeId": user}), "REQUIRED_FIELD_MISSING", &["PermissionSetId"]),
        (
            json!({"AssigneeId": user, "PermissionSetId": plain, "PermissionSetGroupId": group}),
            "FIELD_INTEGRITY_EXCEPTION",
            &["PermissionSetId", "PermissionSetGroupId"],
        ),
        (json!({"AssigneeId": user, "PermissionSetId": own}), "FIELD_INTEGRITY_EXCEPTION", &["PermissionSetId"]),
        (json!({"AssigneeId": idle, "PermissionSetId": plain}), "INACTIVE_OWNER_OR_USER", &[]),
        (json!({"AssigneeId": agent, "PermissionSetId": for_users}), "FIELD_INTEGRITY_EXCEPTION", &[]),
        (json!({"AssigneeId": group, "PermissionSetId": plain}), "MALFORMED_ID", &["AssigneeId"]),
        (
            json!({"AssigneeId": sandbox.org().user_id(5_000), "PermissionSetId": plain}),
            "INVALID_CROSS_REFERENCE_KEY",
            &[],
        ),
    ] {
        assert_refused(&post(&client, SETS, body).await, 400, code, fields);
    }
    assert_eq!(post(&client, SETS, json!({"AssigneeId": user, "PermissionSetId": for_users})).await.status, 201);
    let rows = client.records(&format!("SELECT Id FROM {SETS} WHERE AssigneeId = '{agent}'")).await;
    let own = delete(&client, SETS, rows[0]["Id"].as_str().unwrap()).await;
    assert_refused(&own, 400, "FIELD_INTEGRITY_EXCEPTION", &[]);
}

#[tokio::test]
async fn a_set_with_a_license_asks_for_the_license_and_keeps_it() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let org = sandbox.org();
    let user = client.create("User", &person(&sandbox, 1)).await;
    let other = client.create("User", &person(&sandbox, 2)).await;
    let (set, license) = (id(&sandbox, "PermissionSet", FOR_LICENSE), id(&sandbox, "PermissionSetLicense", 0));
    let object = "PermissionSetLicenseAssign";
    let grant = json!({"AssigneeId": user, "PermissionSetId": set});
    let refused = post(&client, SETS, grant.clone()).await;
    assert!(
        assert_refused(&refused, 400, "FIELD_INTEGRITY_EXCEPTION", &[]).starts_with("Can't assign permission set ")
    );
    org.set_free_seats(&license, 1).unwrap();
    let taken = || org.field(&license, "UsedLicenses").unwrap().as_i64().unwrap();
    let before = taken();
    let held = client.create(object, &json!({"AssigneeId": user, "PermissionSetLicenseId": license})).await;
    assert_eq!(taken(), before + 1);
    let again = post(&client, object, json!({"AssigneeId": user, "PermissionSetLicenseId": license})).await;
    assert_refused(&again, 400, "DUPLICATE_VALUE", &[]);
    let full = post(&client, object, json!({"AssigneeId": other, "PermissionSetLicenseId": license})).await;
    assert_refused(&full, 400, "LICENSE_LIMIT_EXCEEDED", &["PermissionSetLicenseId"]);
    let granted = client.create(SETS, &grant).await;
    assert_refused(&delete(&client, object, &held).await, 400, "FIELD_INTEGRITY_EXCEPTION", &[]);
    assert_eq!(delete(&client, SETS, &granted).await.status, 204);
    assert_eq!(delete(&client, object, &held).await.status, 204);
    assert_eq!(taken(), before);
}

#[tokio::test]
async fn package_licenses_have_seats_and_some_have_no_end() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let user = client.create("User", &person(&sandbox, 1)).await;
    let other = client.create("User", &person(&sandbox, 2)).await;
    let object = "UserPackageLicense";
    let (endless, counted) = (id(&sandbox, "PackageLicense", 0), id(&sandbox, "PackageLicense", 1));
    sandbox.org().set_free_seats(&counted, 1).unwrap();
    let give = |user: &str, license: &str| json!({"UserId": user, "PackageLicenseId": license});
    client.create(object, &give(&user, &endless)).await;
    let seat = client.create(object, &give(&user, &counted)).await;
    assert_refused(&post(&client, object, give(&user, &counted)).await, 400, "DUPLICATE_VALUE", &[]);
    let full = post(&client, object, give(&other, &counted)).await;
    assert_refused(&full, 400, "LICENSE_LIMIT_EXCEEDED", &["PackageLicenseId"]);
    assert_eq!(delete(&client, object, &seat).await.status, 204);
    client.create(object, &give(&other, &counted)).await;
    assert_eq!(sandbox.org().field(&counted, "UsedLicenses").unwrap(), 11);
}

#[tokio::test]
async fn a_membership_that_exists_is_answered_with_its_row() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let object = "GroupMember";
    let user = client.create("User", &person(&sandbox, 1)).await;
    let (group, queue, roles) = (id(&sandbox, "Group", 0), id(&sandbox, "Group", 40), id(&sandbox, "Group", 60));
    let member = json!({"GroupId": group, "UserOrGroupId": user});
    let row = client.create(object, &member).await;
    assert_eq!(client.create(object, &member).await, row);
    let changed: Vec<bool> = sandbox.org().writes().iter().skip(1).map(|write| write.changed).collect();
    assert_eq!(changed, [true, false]);
    client.create(object, &json!({"GroupId": queue, "UserOrGroupId": user})).await;
    let refused = post(&client, object, json!({"GroupId": roles, "UserOrGroupId": user})).await;
    assert_refused(&refused, 400, "FIELD_INTEGRITY_EXCEPTION", &["GroupId"]);
    client.create(object, &json!({"GroupId": group, "UserOrGroupId": roles})).await;
    // Public group 10 is in group 0 from the start; the other way round would be a circle.
    let circle = post(&client, object, json!({"GroupId": id(&sandbox, "Group", 10), "UserOrGroupId": group})).await;
    assert_refused(&circle, 400, "CIRCULAR_DEPENDENCY", &["UserOrGroupId"]);
    let changed = client.send("PATCH", &format!("/sobjects/{object}/{row}"), &json!({"GroupId": queue})).await;
    assert_eq!(changed.status, 400, "{}", changed.text);
    assert_eq!(delete(&client, object, &row).await.status, 204);
    assert_ne!(client.create(object, &member).await, row);
}

#[tokio::test]
async fn users_are_put_into_territories_where_the_org_has_them() {
    let (sandbox, client) = signed_in(Options { territories: true, ..Options::default() }).await;
    let object = "UserTerritory2Association";
    let user = client.create("User", &person(&sandbox, 1)).await;
    let place = json!({"UserId": user, "Territory2Id": id(&sandbox, "Territory2", 2), "RoleInTerritory2": "Owner"});
    let row = client.create(object, &place).await;
    assert_refused(&post(&client, object, place).await, 400, "DUPLICATE_VALUE", &[]);
    assert_eq!(delete(&client, object, &row).await.status, 204);
    let (_sandbox, client) = signed_in(Options::default()).await;
    assert_eq!(post(&client, object, json!({})).await.status, 404);
}

#[tokio::test]
async fn the_orgs_own_setup_is_read_only() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let made = post(&client, "PermissionSet", json!({"Name": "Mine", "Label": "Mine"})).await;
    assert_refused(&made, 403, "INSUFFICIENT_ACCESS_OR_READONLY", &[]);
    let license = id(&sandbox, "UserLicense", 0);
    let deleted = delete(&client, "UserLicense", &license).await;
    assert_eq!(
        (deleted.status, deleted.message()),
        (405, "HTTP Method 'DELETE' not allowed. Allowed are HEAD,GET".to_owned())
    );
}
