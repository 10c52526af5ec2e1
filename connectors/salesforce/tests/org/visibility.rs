//! What the org hides, delays or has too much of is never read as empty.

use crate::server::{Org, all, describe, ok, page, record, refusal, user, user_id};
use connector_core::{Account, AccountKind, Assignment, Connector, Cursor, ErrorKind, Page, Result};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

async fn accounts(connector: &dyn Connector) -> Result<Vec<Page<Account>>> {
    all(async |cursor: Cursor| connector.aggregate_accounts(&cursor).await).await
}

fn counts(object: &str, count: u64) -> ResponseTemplate {
    ok(&json!({"sObjects": [{"name": object, "count": count}]}))
}

fn without(name: &str) -> ResponseTemplate {
    let mut described = describe(&[]);
    described["fields"].as_array_mut().unwrap().retain(|field| field["name"] != name);
    ok(&described)
}

#[tokio::test]
async fn a_list_with_fewer_users_than_the_org_counts_is_incomplete() {
    let org = Org::start().await;
    org.answer("v67.0/limits/recordCount", vec![counts("User", 200)]);
    org.answer("User", vec![ok(&page(&[user(1)]))]);
    let pages = accounts(org.open().as_ref()).await.unwrap();
    let reason = pages[0].incomplete().unwrap();
    assert!(reason.contains("sees 1 of about 200") && reason.contains("View All Users"), "{reason}");

    org.answer("User", vec![ok(&page(&(1..=198).map(user).collect::<Vec<_>>()))]);
    assert_eq!(accounts(org.open().as_ref()).await.unwrap()[0].incomplete(), None, "counts are some hours old");
}

#[tokio::test]
async fn a_list_of_many_pages_is_compared_with_the_count_of_the_org_at_its_end() {
    for (last, is_whole) in [(2_500, false), (4_000, true)] {
        let org = Org::start().await;
        org.answer("v67.0/limits/recordCount", vec![counts("User", 4_000)]);
        let users = |numbers: std::ops::RangeInclusive<u64>| ok(&page(&numbers.map(user).collect::<Vec<_>>()));
        org.answer("User", vec![users(1..=2_000), users(2_001..=last), ok(&page(&[]))]);
        let pages = accounts(org.open().as_ref()).await.unwrap();
        assert_eq!(pages[0].incomplete(), None);
        assert_eq!(pages.iter().all(|page| page.incomplete().is_none()), is_whole, "{last}");
        assert!(org.queries("User").await.iter().all(|query| !query.contains("COUNT()")));
    }
}

#[tokio::test]
async fn a_list_that_is_read_in_spans_is_compared_before() {
    for (visible, is_whole) in [(40_000, false), (84_900, true)] {
        let org = Org::start().await;
        org.answer("v67.0/limits/recordCount", vec![counts("User", 85_000)]);
        let full = ok(&page(&(1..=2_000).map(user).collect::<Vec<_>>()));
        let last = ok(&page(&[record("User", &user_id(85_000), json!({}))]));
        org.answer("User", vec![full, last, ok(&json!({"totalSize": visible, "done": true, "records": []}))]);
        let first = org.open().aggregate_accounts(&Cursor::start()).await.unwrap();
        assert_eq!((first.next().len(), first.incomplete().is_none()), (2, is_whole), "{:?}", first.incomplete());
    }
}

#[tokio::test]
async fn a_table_of_assignments_with_fewer_rows_than_the_org_counts_is_incomplete() {
    let org = Org::start().await;
    org.answer("v67.0/limits/recordCount", vec![counts("UserPackageLicense", 100)]);
    let row = |number: u64| {
        let fields = json!({"UserId": user_id(number), "PackageLicenseId": "050ak0000000001AAA"});
        record("UserPackageLicense", &format!("051ak{number:010}AAA"), fields)
    };
    org.answer("UserPackageLicense", vec![ok(&page(&(1..=40).map(row).collect::<Vec<_>>()))]);
    let connector = org.open();
    let ability = connector.capabilities().entitlements().unwrap();
    let pages: Vec<Page<Assignment>> = all(async |cursor: Cursor| ability.assignments(&cursor).await).await.unwrap();
    let reasons: Vec<_> = pages.iter().filter_map(Page::incomplete).collect();
    assert_eq!(reasons.len(), 1);
    assert!(
        reasons[0].contains("40 of about 100") && reasons[0].contains("View Setup and Configuration"),
        "{reasons:?}"
    );
}

#[tokio::test]
async fn locks_that_the_login_can_not_see_are_said_to_be_hidden() {
    let org = Org::start().await;
    org.answer("User", vec![ok(&page(&[user(1)]))]);
    assert!(!accounts(org.open().as_ref()).await.unwrap()[0].hides_locks());
    org.answer("UserLogin", vec![refusal(400, "INVALID_TYPE", "sObject type 'UserLogin' is not supported.")]);
    let pages = accounts(org.open().as_ref()).await.unwrap();
    assert!(pages.iter().all(Page::hides_locks) && pages[0].warnings()[0].contains("Manage Users"));
}

#[tokio::test]
async fn a_field_that_is_hidden_in_the_middle_of_a_run_is_not_shown_from_then_on() {
    let org = Org::start().await;
    org.answer("v67.0/sobjects/User/describe", vec![ok(&describe(&[])), without("Department")]);
    let more = json!({"totalSize": 3, "done": false, "nextRecordsUrl": "/services/data/v67.0/query/01g-2", "records": [user(1), user(2)]});
    let refused = refusal(400, "INVALID_FIELD", "No such column 'Department' on entity 'User'.");
    org.answer("User", vec![ok(&more), refused, ok(&page(&[user(3)]))]);
    let pages = accounts(org.open().as_ref()).await.unwrap();
    assert_eq!(pages.iter().map(|page| page.items().len()).sum::<usize>(), 3);
    assert!(pages[0].not_shown().is_empty());
    assert_eq!(pages[1].not_shown(), ["Department"]);
}

#[tokio::test]
async fn a_refused_field_that_describe_does_not_explain_stays_an_error() {
    let org = Org::start().await;
    org.answer("User", vec![refusal(400, "INVALID_FIELD", "No such column 'Department' on entity 'User'.")]);
    assert_eq!(accounts(org.open().as_ref()).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(org.requests("User").await, 2);
}

#[tokio::test]
async fn all_custom_fields_are_those_that_the_org_shows_now() {
    let org = Org::start().await;
    org.answer("v67.0/sobjects/User/describe", vec![ok(&describe(&[("Cost__c", "double")]))]);
    let mut jane = user(2);
    jane["Cost__c"] = json!(12.5);
    org.answer("User", vec![ok(&page(&[jane]))]);
    let pages = accounts(org.open_with(r#"{"custom_fields": "all"}"#).as_ref()).await.unwrap();
    let shown = pages[0].only_shown().unwrap();
    assert!(shown.contains(&"Cost__c".to_owned()) && shown.contains(&"Title".to_owned()), "{shown:?}");
    let named = org.open_with(r#"{"custom_fields": ["Cost__c"]}"#);
    assert_eq!(accounts(named.as_ref()).await.unwrap()[0].only_shown(), None);
}

#[tokio::test]
async fn more_fields_than_a_query_has_room_for_are_read_in_several() {
    let org = Org::start().await;
    let names: Vec<_> =
        (0..450).map(|number| format!("very_long_namespace__Some_Custom_Field_{number:03}__c")).collect();
    let fields: Vec<_> = names.iter().map(|name| (name.as_str(), "string")).collect();
    org.answer("v67.0/sobjects/User/describe", vec![ok(&describe(&fields))]);
    let person = |number: u64| {
        let mut person = user(number);
        for name in &names {
            person[name] = json!(format!("{name} of {number}"));
        }
        person
    };
    org.answer("User", vec![ok(&page(&[person(1), person(2)]))]);
    let connector = org.open_with(r#"{"custom_fields": "all"}"#);
    let pages = accounts(connector.as_ref()).await.unwrap();
    let check = |account: &Account, number: u64| {
        for name in &names {
            assert_eq!(account.attributes.get::<String>(name), Some(format!("{name} of {number}")));
        }
    };
    for (account, number) in pages[0].items().iter().zip(1..) {
        check(account, number);
    }
    let queries = org.queries("User").await;
    assert!(queries.len() > 1 && queries.iter().all(|query| query.len() < 16_000), "{}", queries.len());
    assert!(queries[1].contains(&format!("Id <= '{}'", user_id(2))), "{}", queries[1]);

    org.answer("User", vec![ok(&page(&[person(1)]))]);
    let find = connector.capabilities().accounts().unwrap();
    let found = find.find_accounts(&[user_id(1)], &connector_core::Concern::default()).await.unwrap();
    check(&found[0][0], 1);
}

#[tokio::test]
async fn a_user_who_is_missing_in_the_second_query_is_an_error() {
    let org = Org::start().await;
    let names: Vec<_> =
        (0..450).map(|number| format!("very_long_namespace__Some_Custom_Field_{number:03}__c")).collect();
    let fields: Vec<_> = names.iter().map(|name| (name.as_str(), "string")).collect();
    org.answer("v67.0/sobjects/User/describe", vec![ok(&describe(&fields))]);
    let person = |number: u64| {
        let mut person = user(number);
        for name in &names {
            person[name] = Value::Null;
        }
        person
    };
    org.answer("User", vec![ok(&page(&[person(1), person(2)])), ok(&page(&[person(2)]))]);
    let error = accounts(org.open_with(r#"{"custom_fields": "all"}"#).as_ref()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_sent_again_and_then_for_fewer_rows() {
    let slow = || refusal(400, "QUERY_TIMEOUT", "Your query request was running for too long.");
    for (timeouts, limits) in
        [(1, vec![2_000, 2_000]), (2, vec![2_000, 2_000, 500]), (4, vec![2_000, 2_000, 500, 125, 50])]
    {
        let org = Org::start().await;
        let answers = (0..timeouts).map(|_| slow()).chain([ok(&page(&[user(1)]))]);
        org.answer("User", answers.collect());
        let pages = accounts(org.open().as_ref()).await.unwrap();
        assert_eq!(pages[0].items().len(), 1);
        let queries = org.queries("User").await;
        let asked: Vec<u64> = queries.iter().map(|query| query.rsplit(' ').next().unwrap().parse().unwrap()).collect();
        assert_eq!(asked, limits);
    }
    let org = Org::start().await;
    org.answer("User", vec![slow()]);
    assert_eq!(accounts(org.open().as_ref()).await.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(org.requests("User").await, 5);
}

#[tokio::test]
async fn smaller_pages_go_on_after_their_last_row_and_lose_none() {
    let org = Org::start().await;
    let slow = || refusal(400, "REQUEST_RUNNING_TOO_LONG", "Your request was running for too long");
    let full = ok(&page(&(1..=500).map(user).collect::<Vec<_>>()));
    org.answer("User", vec![slow(), slow(), full, ok(&page(&[user(501)]))]);
    let pages = accounts(org.open().as_ref()).await.unwrap();
    assert_eq!(pages.iter().map(|page| page.items().len()).sum::<usize>(), 501);
    let queries = org.queries("User").await;
    assert!(
        queries[3].contains(&format!("Id > '{}'", user_id(500))) && queries[3].ends_with("LIMIT 500"),
        "{queries:?}"
    );
}

#[tokio::test]
async fn a_user_with_the_license_or_profile_of_an_integration_is_a_service() {
    for (profile, license, kind) in [
        ("Minimum Access", "Salesforce Integration", AccountKind::Service),
        ("Identity Integration", "Salesforce", AccountKind::Service),
        ("Integration Team", "Salesforce", AccountKind::Person),
    ] {
        let org = Org::start().await;
        let of = json!({"attributes": {"type": "UserLicense"}, "Name": license});
        let fields = json!({"Name": profile, "UserLicense": of, "PermissionsApiUserOnly": false});
        org.answer("Profile", vec![ok(&page(&[record("Profile", "00eak0000000001AAA", fields)]))]);
        let mut program = user(1);
        program["UserType"] = json!("Standard");
        org.answer("User", vec![ok(&page(&[program]))]);
        let pages = accounts(org.open().as_ref()).await.unwrap();
        assert_eq!(pages[0].items()[0].kind, kind, "{profile}, {license}");
    }
}

#[tokio::test]
async fn the_seats_that_others_take_are_no_change_of_a_license() {
    let org = Org::start().await;
    let connector = org.open();
    let types = connector.capabilities().entitlements().unwrap().entitlement_types();
    for name in ["permission_set_license", "package_license"] {
        let license = types.iter().find(|one| one.name == name).unwrap();
        assert!(license.attributes.iter().any(|one| one.name == "UsedLicenses" && one.quiet), "{name}");
        assert!(!license.attributes.iter().any(|one| one.name == "TotalLicenses" && one.quiet), "{name}");
    }
}

#[tokio::test]
async fn a_run_warns_when_the_org_has_used_nearly_all_its_api_calls() {
    for (used, warns) in [(14_990, true), (13_500, true), (13_400, false)] {
        let org = Org::start().await;
        let usage = format!("api-usage={used}/15000");
        let answer = ResponseTemplate::new(200).set_body_json(page(&[user(1)]));
        org.answer("User", vec![answer.insert_header("Sforce-Limit-Info", usage.as_str())]);
        let pages = accounts(org.open().as_ref()).await.unwrap();
        assert_eq!(pages[0].warnings().iter().any(|text| text.contains("API calls")), warns, "{used}");
    }
}

#[tokio::test]
async fn the_end_of_an_assignment_that_the_login_can_not_see_is_said_to_be_hidden() {
    let org = Org::start().await;
    let named = |names: &[&str]| {
        let fields: Vec<_> = names.iter().map(|name| json!({"name": name, "type": "string"})).collect();
        ok(&json!({"name": "PermissionSetAssignment", "fields": fields}))
    };
    let shown = ["Id", "AssigneeId", "PermissionSetId", "PermissionSetGroupId", "IsActive", "IsRevoked"];
    org.answer("v67.0/sobjects/PermissionSetAssignment/describe", vec![named(&shown)]);
    let row = record(
        "PermissionSetAssignment",
        "0Paak0000000001AAA",
        json!({"AssigneeId": user_id(1), "PermissionSetId": "0PSak0000000001AAA", "PermissionSetGroupId": null, "IsActive": true, "IsRevoked": false}),
    );
    let refused = refusal(400, "INVALID_FIELD", "No such column 'ExpirationDate' on entity 'PermissionSetAssignment'.");
    org.answer("PermissionSetAssignment", vec![refused, ok(&page(&[row]))]);
    let connector = org.open();
    let ability = connector.capabilities().entitlements().unwrap();
    let pages: Vec<Page<Assignment>> = all(async |cursor: Cursor| ability.assignments(&cursor).await).await.unwrap();
    let found =
        pages.iter().find(|page| page.items().iter().any(|one| one.entitlement.entitlement_type == "permission_set"));
    let found = found.unwrap();
    let only = found.only_shown().unwrap();
    assert!(only.iter().any(|name| name == "state") && !only.iter().any(|name| name == "valid_until"), "{only:?}");
    assert!(
        found.warnings().iter().any(|text| text.contains("ExpirationDate") && text.contains("field-level security"))
    );
}
