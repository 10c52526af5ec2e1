//! The org's data: the same by seed, changed through the org's handle, large.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod support;

use std::collections::{BTreeMap, HashMap, HashSet};

use connector_sandbox_salesforce::Options;
use serde_json::{Value, json};
use support::{Client, signed_in};

const PEOPLE: &str = "SELECT FIELDS(STANDARD), Cost_Center__c FROM User";

async fn users(seed: u64) -> Vec<Value> {
    let (_sandbox, client) = signed_in(Options { seed, ..Options::default() }).await;
    client.records(PEOPLE).await
}

#[tokio::test]
async fn the_same_seed_gives_the_same_people_and_another_others() {
    let first = users(7).await;
    assert_eq!(first, users(7).await);
    let other = users(8).await;
    assert_eq!(first.len(), other.len());
    assert_ne!(first, other);
}

#[tokio::test]
async fn people_are_of_many_kinds() {
    let (_sandbox, client) = signed_in(Options { users: 1_000, ..Options::default() }).await;
    let users = client.records("SELECT Id, Username, Name, UserType, IsActive, Department, ManagerId FROM User").await;
    let usernames: HashSet<&str> = users.iter().map(|user| user["Username"].as_str().unwrap()).collect();
    assert_eq!(usernames.len(), 1_000);
    for kind in ["Standard", "CsnOnly", "PowerPartner", "CspLitePortal", "Guest", "AutomatedProcess"] {
        assert!(users.iter().any(|user| user["UserType"] == kind), "{kind}");
    }
    let inactive = users.iter().filter(|user| user["IsActive"] == false).count();
    assert!((40..130).contains(&inactive), "{inactive}");
    assert!(users.iter().any(|user| !user["Name"].as_str().unwrap().is_ascii()));
    let ids: HashSet<&str> = users.iter().map(|user| user["Id"].as_str().unwrap()).collect();
    assert!(users.iter().filter_map(|user| user["ManagerId"].as_str()).all(|manager| ids.contains(manager)));
    let logins = client.records("SELECT UserId, IsFrozen, IsPasswordLocked FROM UserLogin").await;
    assert!(logins.iter().any(|login| login["IsFrozen"] == true));
    assert!(logins.iter().any(|login| login["IsPasswordLocked"] == true));
}

#[tokio::test]
async fn every_assignment_names_a_user_and_a_thing_that_exist_and_none_comes_twice() {
    let (_sandbox, client) =
        signed_in(Options { users: 500, assignments_per_user: 5, territories: true, ..Options::default() }).await;
    let mut per_user: BTreeMap<String, u32> = BTreeMap::new();
    for (object, user, thing, holder) in [
        ("PermissionSetAssignment", "AssigneeId", "PermissionSetId", "PermissionSet"),
        ("GroupMember", "UserOrGroupId", "GroupId", "Group"),
        ("PermissionSetLicenseAssign", "AssigneeId", "PermissionSetLicenseId", "PermissionSetLicense"),
        ("UserPackageLicense", "UserId", "PackageLicenseId", "PackageLicense"),
        ("UserTerritory2Association", "UserId", "Territory2Id", "Territory2"),
    ] {
        let things = ids(&client, holder).await;
        let mut holders = ids(&client, "User").await;
        holders.extend(ids(&client, "Group").await);
        let mut seen = HashSet::new();
        for row in client.records(&format!("SELECT {user}, {thing} FROM {object}")).await {
            let (user, thing) = (row[user].as_str().unwrap(), row[thing].as_str().unwrap());
            assert!(holders.contains(user) && things.contains(thing), "{object}: {row}");
            assert!(seen.insert((user.to_owned(), thing.to_owned())), "{object}: {row}");
            *per_user.entry(user.to_owned()).or_default() += u32::from(object != "UserTerritory2Association");
        }
    }
    // Five each, and the profile's own one.
    assert_eq!(per_user.iter().filter(|(user, count)| user.starts_with("005") && **count == 6).count(), 499);
    let through_groups = client
        .records("SELECT PermissionSet.Type, PermissionSet.PermissionSetGroupId, PermissionSetGroupId FROM PermissionSetAssignment WHERE PermissionSetGroupId != null")
        .await;
    assert!(!through_groups.is_empty());
    for row in through_groups {
        assert_eq!(row["PermissionSet"]["Type"], "Group");
        assert_eq!(row["PermissionSet"]["PermissionSetGroupId"], row["PermissionSetGroupId"]);
    }
}

async fn ids(client: &Client, object: &str) -> HashSet<String> {
    let records = client.records(&format!("SELECT Id FROM {object}")).await;
    records.into_iter().map(|record| record["Id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn changes_show_in_every_answer() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let org = sandbox.org();
    let profile = org.id_of("Profile", 1).unwrap();
    let added = org
        .add_user(&[
            ("Username", json!("jane@acme.example")),
            ("FirstName", json!("Jane")),
            ("LastName", json!("Roe")),
            ("IsActive", json!(true)),
            ("ProfileId", json!(profile)),
        ])
        .unwrap();
    assert_eq!(org.user_named("JANE@acme.example"), Some(added.clone()));
    org.set(&added, "LastName", "Doe").unwrap();
    org.set(&org.user_id(9), "Badge_Number__c", 4.5).unwrap();
    org.freeze(&org.user_id(9), true).unwrap();
    org.remove(&org.user_id(10)).unwrap();
    let set = org.id_of("PermissionSet", 20).unwrap();
    org.assign_permission_set(&added, &set).unwrap();
    let users: HashMap<String, Value> = client
        .records("SELECT Id, Name, Badge_Number__c, (SELECT PermissionSetId FROM PermissionSetAssignments) FROM User")
        .await
        .into_iter()
        .map(|user| (user["Id"].as_str().unwrap().to_owned(), user))
        .collect();
    assert_eq!(users.len(), 200);
    assert_eq!(users[&added]["Name"], "Jane Doe");
    assert_eq!(users[&added]["PermissionSetAssignments"]["totalSize"], 2);
    assert_eq!(users[&added]["PermissionSetAssignments"]["records"][1]["PermissionSetId"], set.as_str());
    assert_eq!(users[&org.user_id(9)]["Badge_Number__c"], 4.5);
    assert!(!users.contains_key(&org.user_id(10)));
    let frozen = client.records(&format!("SELECT IsFrozen FROM UserLogin WHERE UserId = '{}'", org.user_id(9))).await;
    assert_eq!(frozen[0]["IsFrozen"], true);
    let login = client.records(&format!("SELECT IsFrozen FROM UserLogin WHERE UserId = '{added}'")).await;
    assert_eq!(login[0]["IsFrozen"], false);
    org.set_available("PackageLicense", false).unwrap();
    assert_eq!(client.query("SELECT Id FROM PackageLicense").await.code(), "INVALID_TYPE");
}

#[tokio::test]
async fn a_row_removed_while_pages_are_read_is_left_out() {
    let (sandbox, client) = signed_in(Options { max_page: 100, ..Options::default() }).await;
    let first = client.query("SELECT Id FROM User").await.json();
    sandbox.org().remove(&sandbox.org().user_id(150)).unwrap();
    let next = client.get(first["nextRecordsUrl"].as_str().unwrap()).await.json();
    assert_eq!(next["records"].as_array().map(Vec::len), Some(99));
    assert_eq!(next["done"], true);
}

#[tokio::test]
async fn a_million_users_are_there_at_once_and_any_page_is_near() {
    let (sandbox, client) = signed_in(Options { users: 1_000_000, ..Options::default() }).await;
    assert_eq!(sandbox.org().counts()["User"], 1_000_000);
    let last = client.records("SELECT Id, Username FROM User ORDER BY Id DESC LIMIT 1").await;
    assert_eq!(last[0]["Id"], sandbox.org().user_id(999_999).as_str());
    let middle = sandbox.org().user_id(500_000);
    let page = client.records(&format!("SELECT Id FROM User WHERE Id > '{middle}' ORDER BY Id LIMIT 2000")).await;
    assert_eq!(page[1_999]["Id"], sandbox.org().user_id(502_000).as_str());
    let soql = "SELECT COUNT() FROM PermissionSetAssignment";
    assert_eq!(client.query(soql).await.json()["totalSize"], 2_999_999);
}
