//! What of an item becomes what.

use crate::acme::{Acme, accounts, assignments, described, entitlements, failure, fault, object, open};
use connector_core::{Assignment, ErrorKind, Retry};
use serde_json::json;
use wiremock::ResponseTemplate;

#[tokio::test]
async fn accounts_entitlements_and_assignments_are_read_as_described() {
    let acme = Acme::start(20, 5).await;
    let connector = open(&described(&acme)).unwrap();
    let all = accounts(connector.as_ref()).await.unwrap().items;
    assert_eq!(all.len(), 20);
    let seventh = &all[6];
    assert_eq!((seventh.id.as_str(), seventh.name.as_str()), ("7", "p7"));
    assert_eq!(seventh.display_name.as_deref(), Some("Person 7"));
    assert!(seventh.enabled && seventh.locked && !all[4].enabled);
    assert_eq!(seventh.attributes.get::<u64>("level"), Some(7));
    assert_eq!(seventh.attributes.get::<Vec<String>>("tags"), Some(vec!["a".into(), "b".into()]));
    assert_eq!(seventh.entitlements[0].to_string(), "role/r1");
    let entitlements = entitlements(connector.as_ref()).await.unwrap().items;
    assert_eq!(entitlements.len(), 7, "five groups and two roles");
    let held = assignments(connector.as_ref()).await.unwrap().items;
    let role = |one: &Assignment| one.attributes.get::<String>("role");
    assert!(held.iter().all(|one| matches!(role(one).as_deref(), Some("lead" | "member"))));
    assert_eq!(connector.instance_id().await.unwrap().as_deref(), Some("acme-42"));
}

#[tokio::test]
async fn details_are_read_in_branches_and_one_that_is_gone_proves_nothing() {
    let acme = Acme::start(8, 1).await;
    let mut settings = described(&acme);
    settings["accounts"]["detail"] = true.into();
    let connector = open(&settings).unwrap();
    let listed = accounts(connector.as_ref()).await.unwrap();
    assert_eq!((listed.items.len(), listed.incomplete.len()), (8, 0));
    acme.instead("GET /v2/users/5", fault(404, "gone"));
    let listed = accounts(connector.as_ref()).await.unwrap();
    assert_eq!(listed.items.len(), 7);
    assert!(listed.incomplete[0].contains("account 5"), "{:?}", listed.incomplete);
}

#[tokio::test]
async fn a_value_of_another_type_is_an_error_that_says_what_to_write() {
    let acme = Acme::start(3, 1).await;
    for (attribute, says) in [
        (json!("item.level"), "write another `type`"),
        (json!("item.tags"), "write `list: true`"),
        (json!({"from": "item.email", "list": true}), "instead of a list"),
        (json!("item.email.domain"), "there is no `domain` in a text"),
    ] {
        let mut settings = described(&acme);
        settings["accounts"]["map"]["attributes"]["odd"] = attribute;
        let error = failure(open(&settings).unwrap().as_ref()).await;
        assert!(error.message().contains("account 1") && error.message().contains(says), "{error}");
    }
}

#[tokio::test]
async fn what_the_api_hides_is_not_shown_instead_of_empty() {
    let acme = Acme::start(3, 1).await;
    let mut settings = described(&acme);
    settings["accounts"]["map"]["attributes"]["phone"] = json!({"from": "item.phone", "missing": "hidden"});
    settings["accounts"]["map"]["attributes"]["pager"] = "item.pager".into();
    let connector = open(&settings).unwrap();
    let page = connector.aggregate_accounts(&connector_core::Cursor::start()).await.unwrap();
    assert_eq!(page.not_shown(), ["phone"]);
}

#[tokio::test]
async fn lists_inside_of_items_that_are_missing_are_errors_unless_the_settings_say_otherwise() {
    let acme = Acme::start(3, 1).await;
    let mut settings = described(&acme);
    settings["assignments"][1]["items"] = "/licenses".into();
    let error = failure(open(&settings).unwrap().as_ref()).await;
    assert!(error.message().contains("no list at `/licenses`"), "{error}");
    assert!(error.help().unwrap().contains("missing: empty"));
    settings["assignments"][1]["missing"] = "empty".into();
    let listed = accounts(open(&settings).unwrap().as_ref()).await.unwrap();
    assert!(listed.items.iter().all(|one| one.entitlements.is_empty()));
}

#[tokio::test]
async fn flags_of_an_item_can_be_entitlements_that_the_settings_name() {
    let acme = Acme::start(10, 1).await;
    let mut settings = described(&acme);
    settings["entitlements"]["flag"] = json!({"fixed": {"locked": "Locked out"}});
    let block = json!({"embedded": "accounts", "keep": "item.locked", "map": {"entitlement": {"flag": "'locked'"}}});
    settings["assignments"].as_array_mut().unwrap().push(block);
    let connector = open(&settings).unwrap();
    let all = accounts(connector.as_ref()).await.unwrap().items;
    let flagged: Vec<_> = all.iter().filter(|one| one.entitlements.len() == 2).map(|one| one.id.as_str()).collect();
    assert_eq!(flagged, ["7"]);
    assert_eq!(entitlements(connector.as_ref()).await.unwrap().items.len(), 4);
}

#[tokio::test]
async fn the_error_table_decides_what_an_error_means() {
    let acme = Acme::start(3, 1).await;
    let mut settings = described(&acme);
    settings["errors"] = json!([
        {"status": 403, "when": "body.code == 'quota'", "kind": "rate_limited", "cure": "wait a minute"},
        {"status": 403, "on": "test", "kind": "auth"},
        {"status": 403, "when": "body.nothing.here == 1", "kind": "invalid"},
        {"when": "body.ok == false", "kind": "permission"},
    ]);
    settings["limits"] = json!({"wait_header": "X-Wait"});
    let connector = open(&settings).unwrap();
    acme.instead("GET /v2/users", fault(403, "quota").insert_header("X-Wait", "7"));
    let error = failure(connector.as_ref()).await;
    assert_eq!((error.kind(), error.help()), (ErrorKind::RateLimited, Some("wait a minute")));
    assert_eq!(error.retry(), Retry::After(std::time::Duration::from_secs(7)));
    assert!(error.message().contains("GET /users answered 403: quota happened"), "{error}");
    acme.instead("GET /v2/users", fault(403, "other"));
    assert_eq!(failure(connector.as_ref()).await.kind(), ErrorKind::Permission);
    acme.instead("GET /v2/me", fault(403, "other"));
    assert_eq!(connector.instance_id().await.unwrap_err().kind(), ErrorKind::Auth);
    // Some APIs answer 200 and say in the body that it failed.
    acme.instead("GET /v2/users", ResponseTemplate::new(200).set_body_json(json!({"ok": false, "data": []})));
    assert_eq!(failure(connector.as_ref()).await.kind(), ErrorKind::Permission);
}

#[tokio::test]
async fn too_many_requests_are_repeated_after_the_time_that_the_api_asks_for() {
    let acme = Acme::start(3, 1).await;
    let connector = open(&described(&acme)).unwrap();
    acme.instead("GET /v2/users", fault(429, "slow_down").insert_header("Retry-After", "1"));
    let began = std::time::Instant::now();
    assert_eq!(accounts(connector.as_ref()).await.unwrap().items.len(), 3);
    assert!(began.elapsed() >= std::time::Duration::from_secs(1));
}

/// Its own header says when the quota of an hour begins again; a short limit asks for less.
#[tokio::test]
async fn the_usual_header_for_a_wait_comes_before_that_of_the_settings() {
    let acme = Acme::start(3, 1).await;
    let mut settings = described(&acme);
    settings["errors"] = json!([{"status": 403, "kind": "rate_limited"}]);
    settings["limits"] = json!({"wait_header": "X-Reset"});
    let connector = open(&settings).unwrap();
    let limited = || fault(403, "slow_down").insert_header("X-Reset", "3000");
    acme.instead("GET /v2/users", limited().insert_header("Retry-After", "60"));
    assert_eq!(failure(connector.as_ref()).await.retry(), Retry::After(std::time::Duration::from_mins(1)));
    acme.instead("GET /v2/users", limited());
    assert_eq!(failure(connector.as_ref()).await.retry(), Retry::After(std::time::Duration::from_mins(50)));
}

#[tokio::test]
async fn the_trials_of_the_kit_pass_where_the_api_is_busy_now_and_then() {
    let acme = Acme::start(8, 2).await;
    acme.busy_every(7);
    let settings = described(&acme);
    let fixture = connector_testkit::Fixture {
        name: |word| format!("kit-{word}"),
        attributes: object(json!({"mail": "kit@acme.example", "level": 1})),
        update: object(json!({"level": 2})),
        entitlement: connector_core::EntitlementRef::new("group", "g1"),
        unknown_id: None,
    };
    let subject = connector_testkit::Subject::new(|| open(&settings)).with_fixture(fixture);
    let report = connector_testkit::check_subject(&subject).await;
    assert!(report.passed(), "{report}");
}

#[tokio::test]
async fn requests_keep_the_limit_of_the_settings() {
    let acme = Acme::start(9, 1).await;
    let mut settings = described(&acme);
    settings["limits"] = json!({"per_minute": 120, "concurrent": 1});
    let connector = open(&settings).unwrap();
    let began = std::time::Instant::now();
    accounts(connector.as_ref()).await.unwrap();
    assert!(began.elapsed() >= std::time::Duration::from_millis(900), "three requests, one each half second");
}

#[tokio::test]
async fn a_cursor_that_expired_begins_its_list_again() {
    let acme = Acme::start(9, 1).await;
    let connector = open(&described(&acme)).unwrap();
    let page = connector.aggregate_accounts(&connector_core::Cursor::start()).await.unwrap();
    acme.instead("GET /v2/users", fault(400, "cursor_expired"));
    let error = connector.aggregate_accounts(&page.next()[0]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Expired);
    let again = connector.aggregate_accounts(&page.next()[0].anchor().unwrap()).await.unwrap();
    assert_eq!(again.items(), page.items());
}
