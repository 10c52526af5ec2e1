//! What a good org has is what is read.

use crate::server::{Org, all, describe, ok, page, record, refusal, user, user_id};
use connector_core::{Account, AccountKind, Assignment, AssignmentState, Connector, Cursor, Entitlement, Page, Result};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

async fn accounts(connector: &dyn Connector) -> Result<Vec<Page<Account>>> {
    all(async |cursor: Cursor| connector.aggregate_accounts(&cursor).await).await
}

async fn assignments(connector: &dyn Connector) -> Result<Vec<Page<Assignment>>> {
    let ability = connector.capabilities().entitlements().unwrap();
    all(async |cursor: Cursor| ability.assignments(&cursor).await).await
}

async fn entitlements(connector: &dyn Connector) -> Result<Vec<Page<Entitlement>>> {
    let ability = connector.capabilities().entitlements().unwrap();
    all(async |cursor: Cursor| ability.entitlements(&cursor).await).await
}

fn lines(pages: &[Page<Assignment>]) -> Vec<String> {
    let mut lines: Vec<_> = pages
        .iter()
        .flat_map(Page::items)
        .map(|assignment| format!("{} {}", assignment.holder, assignment.entitlement))
        .collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn a_user_becomes_an_account_with_its_values_as_they_came() {
    let org = Org::start().await;
    let mut jane = user(2);
    jane["Department"] = json!("S\u{e4}les \"EMEA\"");
    jane["UserRoleId"] = json!("00Eak0000000007AAA");
    org.answer("User", vec![ok(&page(&[user(1), jane]))]);
    org.answer(
        "UserLogin",
        vec![ok(&page(&[record(
            "UserLogin",
            "0Ywak0000000001AAA",
            json!({"UserId": user_id(1), "IsFrozen": true, "IsPasswordLocked": false}),
        )]))],
    );
    let connector = org.open();
    let pages = accounts(connector.as_ref()).await.unwrap();
    let [frozen, jane] = pages[0].items() else { panic!("two accounts: {pages:?}") };
    assert_eq!((frozen.id.as_str(), frozen.enabled, frozen.locked), (user_id(1).as_str(), false, true));
    assert_eq!((jane.name.as_str(), jane.enabled, jane.locked), ("user2@acme.example", true, false));
    assert_eq!(jane.display_name.as_deref(), Some("User 2"));
    assert_eq!(jane.attributes.get::<String>("Department").as_deref(), Some("S\u{e4}les \"EMEA\""));
    assert_eq!(jane.attributes.get::<bool>("IsActive"), Some(true));
    assert_eq!(jane.attributes.get::<Value>("Phone"), None, "nulls are left out");
    let held: Vec<_> = jane.entitlements.iter().map(ToString::to_string).collect();
    assert_eq!(held, ["profile/00eak0000000001AAA", "role/00Eak0000000007AAA"]);
}

#[tokio::test]
async fn the_type_of_a_user_says_what_uses_the_account() {
    let org = Org::start().await;
    let types = [
        ("Standard", AccountKind::Person),
        ("PowerPartner", AccountKind::Person),
        ("AutomatedProcess", AccountKind::Service),
        ("CloudIntegrationUser", AccountKind::Service),
        ("Guest", AccountKind::Guest),
        ("AgentforceServiceAgent", AccountKind::Agent),
    ];
    let users: Vec<_> = (1..)
        .zip(&types)
        .map(|(number, (user_type, _))| {
            let mut user = user(number);
            user["UserType"] = json!(user_type);
            user
        })
        .collect();
    org.answer("User", vec![ok(&page(&users))]);
    let pages = accounts(org.open().as_ref()).await.unwrap();
    let kinds: Vec<_> = pages[0].items().iter().map(|account| account.kind).collect();
    assert_eq!(kinds, types.map(|(_, kind)| kind));
}

#[tokio::test]
async fn what_is_asked_once_is_not_asked_for_every_page() {
    let org = Org::start().await;
    let half = |numbers: std::ops::Range<u64>| {
        let records: Vec<_> = numbers.map(user).collect();
        let mut page = page(&records);
        page["totalSize"] = json!(records.len() + 1);
        page["done"] = json!(false);
        page["nextRecordsUrl"] = json!("/services/data/v67.0/query/01gD0000002HU6KIAW-2");
        ok(&page)
    };
    org.answer("User", vec![half(1..3), half(3..5), ok(&page(&[user(5)]))]);
    let connector = org.open();
    let read = accounts(connector.as_ref()).await.unwrap();
    assert_eq!(read.iter().map(|page| page.items().len()).sum::<usize>(), 5);
    assert_eq!(org.queries("UserLogin").await.len(), 1);
    let queries = org.queries("User").await;
    assert_eq!(queries.len(), 3);
    assert!(queries[0].ends_with("FROM User ORDER BY Id LIMIT 2000"), "{}", queries[0]);
    assert!(queries[1].contains(&format!("WHERE Id > '{}'", user_id(2))), "{}", queries[1]);
    assert_eq!(org.logins(), 1);
}

#[tokio::test]
async fn a_large_table_is_split_after_its_first_page_and_nothing_is_read_twice() {
    let org = Org::start().await;
    let count = json!({"sObjects": [{"name": "User", "count": 85_000}]});
    org.answer("v67.0/limits/recordCount", vec![ok(&count)]);
    let full: Vec<_> = (1..=2_000).map(user).collect();
    org.answer("User", vec![ok(&page(&full)), ok(&page(&[record("User", &user_id(85_000), json!({}))]))]);
    let connector = org.open();
    let first = connector.aggregate_accounts(&Cursor::start()).await.unwrap();
    assert_eq!(first.estimate(), Some(85_000));
    let [one, other] = first.next() else { panic!("two spans: {:?}", first.next()) };
    let value = |cursor: &Cursor| serde_json::from_str::<Value>(cursor.as_str()).unwrap();
    assert_eq!(value(one)["after"], user_id(2_000));
    assert_eq!(value(one)["end"], value(other)["after"]);
    assert_eq!(value(other).get("end"), None);
    assert!(org.queries("User").await[1].ends_with("ORDER BY Id DESC LIMIT 1"));
}

#[tokio::test]
async fn an_org_that_does_not_tell_its_counts_is_read_in_one_span() {
    for untold in [
        refusal(403, "INSUFFICIENT_ACCESS", "no"),
        ResponseTemplate::new(404).set_body_raw("<html>Not Found</html>", "text/html"),
        ok(&json!({"sObjects": {}})),
    ] {
        let org = Org::start().await;
        org.answer("v67.0/limits/recordCount", vec![untold]);
        org.answer("User", vec![ok(&page(&(1..=2_000).map(user).collect::<Vec<_>>()))]);
        let first = org.open().aggregate_accounts(&Cursor::start()).await.unwrap();
        assert_eq!((first.next().len(), first.estimate()), (1, None));
    }
}

#[tokio::test]
async fn custom_fields_are_found_by_describe_and_keep_their_types() {
    let org = Org::start().await;
    let more = [("Cost__c", "double"), ("Photo__c", "base64")];
    org.answer("v67.0/sobjects/User/describe", vec![ok(&describe(&more))]);
    let mut jane = user(2);
    jane["Cost__c"] = json!(12.5);
    org.answer("User", vec![ok(&page(&[jane]))]);
    let connector = org.open_with(r#"{"custom_fields": "all"}"#);
    let pages = accounts(connector.as_ref()).await.unwrap();
    assert_eq!(pages[0].items()[0].attributes.get::<f64>("Cost__c"), Some(12.5));
    let schema = connector.schema();
    assert_eq!(schema.attribute("Cost__c").unwrap().attribute_type, connector_core::AttributeType::Number);
    assert!(schema.attribute("Photo__c").is_none());
    assert!(!org.queries("User").await[0].contains("Photo__c"));
}

#[tokio::test]
async fn what_the_login_may_not_see_is_said_and_is_not_read_as_empty() {
    let org = Org::start().await;
    let mut described = describe(&[]);
    described["fields"].as_array_mut().unwrap().retain(|field| field["name"] != "EmployeeNumber");
    org.answer("v67.0/sobjects/User/describe", vec![ok(&described)]);
    org.answer("UserLogin", vec![refusal(400, "INVALID_TYPE", "sObject type 'UserLogin' is not supported.")]);
    org.answer("User", vec![ok(&page(&[user(1)]))]);
    let pages = accounts(org.open().as_ref()).await.unwrap();
    let [locks] = pages[0].warnings() else { panic!("one warning: {:?}", pages[0].warnings()) };
    for page in &pages {
        assert_eq!(page.not_shown(), ["EmployeeNumber"]);
    }
    assert!(locks.contains("Manage Users"));
    assert!(!pages[0].items()[0].locked);
}

#[tokio::test]
async fn each_table_of_assignments_says_who_holds_what() {
    let org = Org::start().await;
    let set = |id: &str, group: Value| {
        // The set behind a group is not asked for.
        let set = if group.is_null() { json!("0PSak0000000001AAA") } else { Value::Null };
        let fields = json!({
            "AssigneeId": user_id(1), "PermissionSetId": set, "PermissionSetGroupId": group,
            "IsActive": true, "IsRevoked": false, "ExpirationDate": null,
        });
        record("PermissionSetAssignment", id, fields)
    };
    let group = json!("0PGak0000000001AAA");
    org.answer(
        "PermissionSetAssignment",
        vec![ok(&page(&[set("0Paak0000000001AAA", Value::Null), set("0Paak0000000002AAA", group)]))],
    );
    let member = |id: u8, who: &str, kind: &str| {
        let parent = json!({"attributes": {"type": "Group"}, "Type": kind});
        let fields = json!({"GroupId": "00Gak0000000001AAA", "UserOrGroupId": who, "Group": parent});
        record("GroupMember", &format!("011ak000000000{id}AAA"), fields)
    };
    let members = [
        member(1, &user_id(1), "Regular"),
        member(2, &user_id(2), "Queue"),
        member(3, "00Gak0000000002AAA", "Regular"),
        member(4, &user_id(3), "Role"),
    ];
    org.answer("GroupMember", vec![ok(&page(&members))]);
    let license = json!({"AssigneeId": user_id(4), "PermissionSetLicenseId": "0PLak0000000001AAA"});
    org.answer(
        "PermissionSetLicenseAssign",
        vec![ok(&page(&[record("PermissionSetLicenseAssign", "2LAak0000000001AAA", license)]))],
    );
    let package = json!({"UserId": user_id(5), "PackageLicenseId": "050ak0000000001AAA"});
    org.answer("UserPackageLicense", vec![ok(&page(&[record("UserPackageLicense", "051ak0000000001AAA", package)]))]);
    let connector = org.open();
    let expected = [
        format!("{} group/00Gak0000000001AAA", user_id(1)),
        format!("{} permission_set/0PSak0000000001AAA", user_id(1)),
        format!("{} permission_set_group/0PGak0000000001AAA", user_id(1)),
        format!("{} queue/00Gak0000000001AAA", user_id(2)),
        format!("{} permission_set_license/0PLak0000000001AAA", user_id(4)),
        format!("{} package_license/050ak0000000001AAA", user_id(5)),
    ];
    assert_eq!(lines(&assignments(connector.as_ref()).await.unwrap()), expected);
    assert!(org.queries("PermissionSetAssignment").await[0].contains("WHERE PermissionSet.IsOwnedByProfile != true"));
}

#[tokio::test]
async fn rows_say_whether_they_have_effect_and_until_when() {
    let org = Org::start().await;
    let set = |number: u64, active: bool, revoked: bool, end: Value| {
        let fields = json!({
            "AssigneeId": user_id(number), "PermissionSetId": "0PSak0000000001AAA", "PermissionSetGroupId": null,
            "IsActive": active, "IsRevoked": revoked, "ExpirationDate": end,
        });
        record("PermissionSetAssignment", &format!("0Paak000000000{number}AAA"), fields)
    };
    let rows = [
        set(1, true, false, Value::Null),
        set(2, false, false, Value::Null),
        set(3, true, true, Value::Null),
        set(4, true, false, json!("2027-01-31T08:30:00.000+0000")),
    ];
    org.answer("PermissionSetAssignment", vec![ok(&page(&rows))]);
    let read = assignments(org.open().as_ref()).await.unwrap();
    let told: Vec<_> = read.iter().flat_map(Page::items).map(|one| (one.state, one.valid_until)).collect();
    let end = Some("2027-01-31T08:30:00Z".parse().unwrap());
    let (active, inactive) = (AssignmentState::Active, AssignmentState::Inactive);
    assert_eq!(told, [(active, None), (inactive, None), (inactive, None), (active, end)]);
}

#[tokio::test]
async fn objects_that_an_org_lacks_are_named_and_those_it_must_have_are_an_error() {
    let org = Org::start().await;
    for optional in ["Territory2", "UserTerritory2Association", "PackageLicense"] {
        org.answer(optional, vec![refusal(400, "INVALID_TYPE", "sObject type is not supported.")]);
    }
    let connector = org.open();
    let of = entitlements(connector.as_ref()).await.unwrap();
    let mut named: Vec<_> =
        of.iter().flat_map(Page::skipped).map(|one| (one.entitlement_type.clone(), one.reason.clone())).collect();
    named.sort();
    assert_eq!(named.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["package_license", "territory"]);
    assert!(named[1].1.contains("Sales Territories") && named[1].1.contains("Manage Territories"), "{named:?}");
    let of = assignments(connector.as_ref()).await.unwrap();
    assert_eq!(
        of.iter().flat_map(Page::skipped).map(|one| one.entitlement_type.as_str()).collect::<Vec<_>>(),
        ["territory"]
    );

    org.answer("PermissionSet", vec![refusal(400, "INVALID_TYPE", "sObject type is not supported.")]);
    let error = entitlements(connector.as_ref()).await.unwrap_err();
    assert_eq!(error.kind(), connector_core::ErrorKind::Permission);
    assert!(error.help().unwrap().contains("View Setup and Configuration"));
}

fn set(id: u8, values: &Value) -> Value {
    let mut fields = json!({"Name": "Sales", "Label": "Sales", "Description": null, "Type": "Regular",
        "PermissionSetGroupId": null, "LicenseId": null, "IsCustom": true, "NamespacePrefix": null,
        "CreatedDate": null, "LastModifiedDate": null});
    fields.as_object_mut().unwrap().append(&mut values.as_object().unwrap().clone());
    record("PermissionSet", &format!("0PSak000000000{id}AAA"), fields)
}

#[tokio::test]
async fn the_set_behind_a_permission_set_group_is_no_entitlement() {
    let org = Org::start().await;
    let sets = [
        set(1, &json!({})),
        set(2, &json!({"Type": "Group"})),
        set(3, &json!({"PermissionSetGroupId": "0PGak0000000001AAA"})),
    ];
    org.answer("PermissionSet", vec![ok(&page(&sets))]);
    let pages = entitlements(org.open().as_ref()).await.unwrap();
    let found: Vec<_> = pages.iter().flat_map(Page::items).map(|one| one.key.to_string()).collect();
    assert_eq!(found, ["permission_set/0PSak0000000001AAA"]);
}

#[tokio::test]
async fn fields_that_an_org_lacks_are_left_out_of_entitlements_and_named() {
    let org = Org::start().await;
    let unknown = refusal(400, "INVALID_FIELD", "No such column 'NamespacePrefix' on entity 'PermissionSet'.");
    let mut shown = set(1, &json!({}));
    shown.as_object_mut().unwrap().retain(|name, _| !["NamespacePrefix", "Label"].contains(&name.as_str()));
    org.answer("PermissionSet", vec![unknown.clone(), ok(&page(&[shown.clone()]))]);
    let fields: Vec<_> =
        shown.as_object().unwrap().keys().map(|name| json!({"name": name, "type": "string"})).collect();
    let description = json!({"name": "PermissionSet", "fields": fields});
    org.answer("v67.0/sobjects/PermissionSet/describe", vec![ok(&description)]);
    let connector = org.open();
    let pages = entitlements(connector.as_ref()).await.unwrap();
    let found: Vec<_> = pages.iter().flat_map(Page::items).map(|one| one.name.as_str()).collect();
    assert_eq!(found, ["Sales"]);
    let warnings: Vec<_> = pages.iter().flat_map(Page::warnings).collect();
    assert!(warnings.len() == 1 && warnings[0].contains("Label, NamespacePrefix"), "{warnings:?}");

    entitlements(connector.as_ref()).await.unwrap();
    assert_eq!(org.queries("PermissionSet").await.len(), 3, "what is hidden is found out once");
    org.answer("PermissionSet", vec![unknown]);
    assert!(entitlements(org.open().as_ref()).await.is_err(), "a refusal that no hidden field explains stays one");
}

#[tokio::test]
async fn locks_are_found_where_the_org_does_not_filter_by_them() {
    let org = Org::start().await;
    org.answer("User", vec![ok(&page(&[user(1), user(2)]))]);
    let login = |number: u64, frozen: bool| {
        let fields = json!({"UserId": user_id(number), "IsFrozen": frozen, "IsPasswordLocked": false});
        record("UserLogin", &format!("0Ywak000000000{number}AAA"), fields)
    };
    let refused = refusal(400, "MALFORMED_QUERY", "unexpected token: 'OR'");
    org.answer("UserLogin", vec![refused.clone(), ok(&page(&[login(1, false), login(2, true)]))]);
    let pages = accounts(org.open().as_ref()).await.unwrap();
    assert_eq!(pages[0].items().iter().map(|account| account.locked).collect::<Vec<_>>(), [false, true]);
    assert!(pages[0].warnings().is_empty());

    org.answer("UserLogin", vec![refused]);
    let pages = accounts(org.open().as_ref()).await.unwrap();
    assert!(pages[0].warnings()[0].contains("UserLogin"), "{:?}", pages[0].warnings());
}

#[tokio::test]
async fn counts_too_large_to_add_only_spoil_the_estimate() {
    let org = Org::start().await;
    let count = |name: &str| json!({"name": name, "count": u64::MAX});
    let counts = json!({"sObjects": [count("User"), count("GroupMember"), count("UserPackageLicense")]});
    org.answer("v67.0/limits/recordCount", vec![ok(&counts)]);
    assert!(assignments(org.open().as_ref()).await.is_ok());
}

#[tokio::test]
async fn members_are_told_apart_where_the_org_does_not_tell_the_type_of_their_group() {
    let org = Org::start().await;
    let group = |id: u8| record("Group", &format!("00Gak000000000{id}AAA"), json!({}));
    org.answer("Group", vec![ok(&page(&[group(1)])), ok(&page(&[group(2)]))]);
    let member = |id: u8| {
        let fields = json!({"GroupId": format!("00Gak000000000{id}AAA"), "UserOrGroupId": user_id(id.into())});
        record("GroupMember", &format!("011ak000000000{id}AAA"), fields)
    };
    let refused = refusal(400, "INVALID_FIELD", "Didn't understand relationship 'Group' in field path.");
    org.answer("GroupMember", vec![refused, ok(&page(&[member(1), member(2), member(3)]))]);
    let expected =
        [format!("{} group/00Gak0000000001AAA", user_id(1)), format!("{} queue/00Gak0000000002AAA", user_id(2))];
    assert_eq!(lines(&assignments(org.open().as_ref()).await.unwrap()), expected);
}
