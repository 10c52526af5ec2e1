//! Operations beyond what the conformance kit tries.

use crate::acme::{Acme, described, fault, object, open};
use connector_core::{Change, Concern, Connector, EntitlementRef, ErrorKind, Happened, Operation, Outcome};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use wiremock::ResponseTemplate;

fn unchanged(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Unchanged { .. })
}

async fn apply(connector: &dyn Connector, account: &str, change: Change) -> connector_core::Result<Outcome> {
    connector.provision(&Operation::new(account, change)).await
}

fn role(id: &str) -> EntitlementRef {
    EntitlementRef::new("role", id)
}

#[tokio::test]
async fn a_put_keeps_what_it_does_not_change_and_sends_the_etag() {
    let acme = Acme::start(3, 1).await;
    let connector = open(&described(&acme)).unwrap();
    let before = acme.user(2);
    let outcome =
        apply(connector.as_ref(), "2", Change::set(object(json!({"mail": "new@acme.example"})))).await.unwrap();
    assert_eq!(outcome, Outcome::applied("2"));
    let after = acme.user(2);
    assert_eq!(after["email"], "new@acme.example");
    assert_eq!(
        (&after["name"], &after["roles"], &after["level"]),
        (&before["name"], &before["roles"], &before["level"])
    );
}

#[tokio::test]
async fn a_change_of_somebody_else_meanwhile_is_kept() {
    let acme = Acme::start(3, 1).await;
    let connector = open(&described(&acme)).unwrap();
    acme.instead("PUT /v2/users/2", fault(412, "changed_meanwhile"));
    acme.asked();
    apply(connector.as_ref(), "2", Change::set(object(json!({"level": 9})))).await.unwrap();
    let puts = acme.asked().iter().filter(|line| line.starts_with("PUT")).count();
    assert_eq!((puts, acme.user(2)["level"].as_u64()), (2, Some(9)));
    for _ in 0..3 {
        acme.instead("PUT /v2/users/2", fault(412, "changed_meanwhile"));
    }
    let error = apply(connector.as_ref(), "2", Change::set(object(json!({"level": 10})))).await.unwrap_err();
    assert_eq!((error.kind(), error.happened()), (ErrorKind::Conflict, Happened::No));
}

#[tokio::test]
async fn without_an_etag_nothing_is_sent_unless_the_settings_allow_it() {
    let acme = Acme::start(3, 1).await;
    let connector = open(&described(&acme)).unwrap();
    let user = || ResponseTemplate::new(200).set_body_json(json!({"user": acme.user(2)}));
    let (first, second) = (user(), user());
    acme.instead("GET /v2/users/2", first);
    acme.instead("GET /v2/users/2", second);
    acme.asked();
    let error = apply(connector.as_ref(), "2", Change::set(object(json!({"level": 9})))).await.unwrap_err();
    assert!(error.message().contains("ETag"), "{error}");
    assert!(acme.asked().iter().all(|line| line.starts_with("GET")));
}

#[tokio::test]
async fn values_of_lists_are_added_and_removed_beside_the_others() {
    let acme = Acme::start(3, 1).await;
    let connector = open(&described(&acme)).unwrap();
    let add = BTreeMap::from([("tags".to_owned(), vec![json!("c"), json!("a")])]);
    let remove = BTreeMap::from([("tags".to_owned(), vec![json!("b")])]);
    let change = || Change::update(Map::new(), add.clone(), remove.clone());
    apply(connector.as_ref(), "1", change()).await.unwrap();
    assert_eq!(acme.user(1)["tags"], json!(["a", "c"]));
    assert!(unchanged(&apply(connector.as_ref(), "1", change()).await.unwrap()));
}

#[tokio::test]
async fn a_grant_inside_of_a_list_keeps_the_others_and_is_unchanged_when_repeated() {
    let acme = Acme::start(3, 1).await;
    let connector = open(&described(&acme)).unwrap();
    let grant = || Change::grant(role("r2"), None);
    apply(connector.as_ref(), "1", grant()).await.unwrap();
    assert_eq!(acme.user(1)["roles"], json!([{"id": "r1"}, {"id": "r2"}]));
    assert!(unchanged(&apply(connector.as_ref(), "1", grant()).await.unwrap()));
    apply(connector.as_ref(), "1", Change::revoke(role("r1"))).await.unwrap();
    assert_eq!(acme.user(1)["roles"], json!([{"id": "r2"}]));
    assert!(unchanged(&apply(connector.as_ref(), "1", Change::revoke(role("r1"))).await.unwrap()));
}

#[tokio::test]
async fn a_list_that_is_not_shown_is_never_overwritten() {
    let acme = Acme::start(3, 1).await;
    let connector = open(&described(&acme)).unwrap();
    let mut settings = described(&acme);
    settings["operations"]["grant"]["role"]["add"]["list"] = "/licenses".into();
    let connector_without = open(&settings).unwrap();
    acme.asked();
    let error = apply(connector_without.as_ref(), "1", Change::grant(role("r2"), None)).await.unwrap_err();
    assert!(error.message().contains("no list at `/licenses`"), "{error}");
    assert!(acme.asked().iter().all(|line| line.starts_with("GET")));
    drop(connector);
}

#[tokio::test]
async fn what_is_so_already_costs_no_writing_request() {
    let acme = Acme::start(7, 1).await;
    let connector = open(&described(&acme)).unwrap();
    acme.asked();
    for (account, change) in [
        ("5", Change::Disable),
        ("1", Change::Enable),
        ("7", Change::Lock),
        ("1", Change::Unlock),
        ("1", Change::set(object(json!({"level": 1})))),
        ("99", Change::Delete),
    ] {
        assert!(unchanged(&apply(connector.as_ref(), account, change).await.unwrap()), "{account}");
    }
    assert!(acme.asked().iter().all(|line| line.starts_with("GET")));
    let error = apply(connector.as_ref(), "99", Change::Disable).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_create_sends_the_password_and_a_taken_name_says_so() {
    let acme = Acme::start(3, 1).await;
    let mut settings = described(&acme);
    settings["operations"]["create"]["body"]["password"] = "{password}".into();
    let connector = open(&settings).unwrap();
    let create = |name: &str| {
        Change::create(name, object(json!({"mail": "x@acme.example"})), Vec::new(), Some("hunter2".into()))
    };
    assert_eq!(apply(connector.as_ref(), "", create("new")).await.unwrap(), Outcome::applied("4"));
    let made = acme.user(4);
    assert_eq!(
        (&made["password"], &made["email"], &made["name"]["full"]),
        (&json!("hunter2"), &json!("x@acme.example"), &json!("new"))
    );
    let error = apply(connector.as_ref(), "", create("new")).await.unwrap_err();
    assert_eq!((error.kind(), error.happened()), (ErrorKind::AlreadyExists, Happened::No));
    assert!(!format!("{error:?}").contains("hunter2"));
    // Without a password, the member is left out.
    let without: Change = Change::create("other", Map::new(), Vec::new(), None);
    apply(connector.as_ref(), "", without).await.unwrap();
    assert_eq!(acme.user(5).get("password"), None);
    let refused = open(&described(&acme)).unwrap();
    assert_eq!(apply(refused.as_ref(), "", create("third")).await.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn the_id_of_a_new_account_comes_from_the_body_a_header_or_its_name() {
    let acme = Acme::start(3, 1).await;
    for (id, name) in [(json!("/id"), "one"), (json!({"header": "Location"}), "two"), (Value::Null, "three")] {
        let mut settings = described(&acme);
        let is_header = id.is_object();
        if id.is_null() {
            settings["operations"]["create"].as_object_mut().unwrap().remove("id");
        } else {
            settings["operations"]["create"]["id"] = id;
        }
        let connector = open(&settings).unwrap();
        if is_header {
            let location = format!("{}/users/c0ffee/", acme.base_url());
            acme.instead("POST /v2/users", ResponseTemplate::new(201).insert_header("Location", location.as_str()));
        }
        let create: Change = Change::create(name, Map::new(), Vec::new(), None);
        let outcome = apply(connector.as_ref(), "", create).await.unwrap();
        let wanted = if is_header { "c0ffee".to_owned() } else { acme.state_next().to_string() };
        assert_eq!(outcome, Outcome::applied(wanted), "{name}");
    }
}

#[tokio::test]
async fn a_lost_answer_leaves_open_whether_it_happened() {
    let acme = Acme::start(3, 1).await;
    let connector = open(&described(&acme)).unwrap();
    acme.instead("POST /v2/users/1/suspend", fault(503, "down"));
    let error = apply(connector.as_ref(), "1", Change::Disable).await.unwrap_err();
    assert_eq!((error.kind(), error.happened()), (ErrorKind::Unavailable, Happened::Unknown));
    acme.instead("POST /v2/users/1/suspend", ResponseTemplate::new(200).set_body_json(json!({"ok": false})));
    let error = apply(connector.as_ref(), "1", Change::Disable).await.unwrap_err();
    assert_eq!(error.happened(), Happened::Unknown, "`success` says that it is not sure");
    acme.instead("POST /v2/users/1/suspend", fault(403, "not_allowed"));
    let error = apply(connector.as_ref(), "1", Change::Disable).await.unwrap_err();
    assert_eq!((error.kind(), error.happened()), (ErrorKind::Permission, Happened::No));
}

#[tokio::test]
async fn a_conflict_after_which_the_change_may_be_made_is_not_sent_again_and_means_no_taken_name() {
    let acme = Acme::start(3, 1).await;
    let mut settings = described(&acme);
    settings["errors"] = json!([{"status": 500, "kind": "conflict"}]);
    let connector = open(&settings).unwrap();
    acme.instead("PUT /v2/users/2", fault(500, "changed_meanwhile"));
    acme.asked();
    let error = apply(connector.as_ref(), "2", Change::set(object(json!({"level": 9})))).await.unwrap_err();
    assert_eq!((error.kind(), error.happened()), (ErrorKind::Conflict, Happened::Unknown));
    assert_eq!(acme.asked().iter().filter(|line| line.starts_with("PUT")).count(), 1);
    acme.instead("POST /v2/users", fault(500, "busy"));
    let create: Change = Change::create("new", Map::new(), Vec::new(), None);
    let error = apply(connector.as_ref(), "", create).await.unwrap_err();
    assert_eq!((error.kind(), error.happened()), (ErrorKind::Conflict, Happened::Unknown), "{error}");
}

#[tokio::test]
async fn a_change_that_the_system_makes_later_is_queued() {
    let acme = Acme::start(3, 1).await;
    let mut settings = described(&acme);
    settings["operations"]["delete"]["queued"] = json!({"status": 202, "detail": "waits for the nightly job"});
    let connector = open(&settings).unwrap();
    acme.instead("DELETE /v2/users/1", ResponseTemplate::new(202));
    let outcome = apply(connector.as_ref(), "1", Change::Delete).await.unwrap();
    assert_eq!(outcome, Outcome::queued("1", "waits for the nightly job"));
}

#[tokio::test]
async fn a_body_can_be_a_form() {
    let server = wiremock::MockServer::start().await;
    let user = json!({"user": {"id": 1, "login": "a", "status": "active", "locked": false, "email": "x", "level": 1,
        "roles": [], "tags": []}});
    let read = wiremock::Mock::given(wiremock::matchers::method("GET"));
    read.respond_with(ResponseTemplate::new(200).set_body_json(user)).mount(&server).await;
    let write = wiremock::Mock::given(wiremock::matchers::body_string("note=a%26b&id=1&n=1&n=2"));
    write.respond_with(ResponseTemplate::new(200).set_body_json(json!({"ok": true}))).expect(1).mount(&server).await;
    let mut settings = crate::acme::settings(&server.uri());
    settings["operations"]["disable"]["content_type"] = "application/x-www-form-urlencoded".into();
    settings["operations"]["disable"]["body"] = json!({"note": "a&b", "id": "{account.id}", "n": [1, 2]});
    let connector = open(&settings).unwrap();
    assert_eq!(apply(connector.as_ref(), "1", Change::Disable).await.unwrap(), Outcome::applied("1"));
}

#[tokio::test]
async fn an_end_that_the_api_cannot_keep_is_refused() {
    let acme = Acme::start(3, 1).await;
    let connector = open(&described(&acme)).unwrap();
    let until = "2027-01-31T00:00:00Z".parse().ok();
    let grant = Change::grant(EntitlementRef::new("group", "g1"), until);
    assert_eq!(apply(connector.as_ref(), "1", grant).await.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn values_cannot_leave_their_place_in_a_path() {
    let acme = Acme::start(3, 1).await;
    let connector = open(&described(&acme)).unwrap();
    acme.asked();
    let wanted: Vec<String> = ["../groups", "1?x=y", "1#z", "a/b", "1%2e", "..", "ä ö"].map(str::to_owned).to_vec();
    let finding = connector.capabilities().accounts().unwrap();
    let found = finding.find_accounts(&wanted, &Concern::default()).await.unwrap();
    assert!(found.iter().all(Vec::is_empty));
    for line in acme.asked() {
        assert!(line.starts_with("GET /v2/users") && !line.contains("groups?"), "{line}");
        let path = line.trim_start_matches("GET ").split('?').next().unwrap();
        assert!(path.matches('/').count() <= 3, "{line}");
    }
}

#[tokio::test]
async fn an_api_that_wants_the_etag_says_what_to_add_to_the_settings() {
    let acme = Acme::start(3, 1).await;
    let connector = open(&described(&acme)).unwrap();
    acme.instead("POST /v2/users/2/suspend", fault(428, "precondition_required"));
    let error = apply(connector.as_ref(), "2", Change::Disable).await.unwrap_err();
    assert_eq!((error.kind(), error.happened()), (ErrorKind::Invalid, Happened::No));
    assert!(error.help().unwrap().contains("add `read` to the operation"), "{error:?}");
}
