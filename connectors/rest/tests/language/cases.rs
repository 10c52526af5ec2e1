//! What users of other products reported, each as a test with its number: ends of lists, parts that fail, entitlements of two parts.

use crate::acme::{Acme, accounts, assignments, described, failure, fault, faults, open};
use connector_core::{Change, Connector, Cursor, EntitlementRef, ErrorKind, Operation, Outcome, SourceChange};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// An API of one function, which notes what it is asked.
struct Api<F> {
    answer: F,
    asked: Arc<Mutex<Vec<String>>>,
}

impl<F: Fn(&str, &BTreeMap<String, String>) -> Value + Send + Sync> Respond for Api<F> {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        self.asked.lock().unwrap().push(format!("{} {}", request.method, request.url.path()));
        let query = request.url.query_pairs().into_owned().collect();
        ResponseTemplate::new(200).set_body_json((self.answer)(request.url.path(), &query))
    }
}

type Asked = Arc<Mutex<Vec<String>>>;

async fn api(answer: impl Fn(&str, &BTreeMap<String, String>) -> Value + Send + Sync + 'static) -> (MockServer, Asked) {
    let server = MockServer::start().await;
    let asked = Asked::default();
    Mock::given(any()).respond_with(Api { answer, asked: asked.clone() }).mount(&server).await;
    (server, asked)
}

fn users(server: &MockServer, page: &Value) -> Value {
    json!({
        "base_url": server.uri(),
        "accounts": {"get": "/users", "items": "/data", "page": page, "map": {"id": "item.id"}},
    })
}

fn rows(ids: std::ops::Range<u64>) -> Vec<Value> {
    ids.map(|id| json!({"id": id})).collect()
}

fn number(query: &BTreeMap<String, String>, name: &str, or: u64) -> u64 {
    query.get(name).map_or(or, |text| text.parse().unwrap())
}

#[tokio::test]
async fn case_1_a_last_page_that_is_full_ends_the_list_and_one_that_comes_for_ever_is_an_error() {
    let full = |_: &str, query: &BTreeMap<String, String>| {
        let page = number(query, "page", 1);
        json!({"data": rows((page - 1) * 5..(page * 5).min(10).max((page - 1) * 5)), "total": 10})
    };
    for end in [json!("empty_page"), json!({"total": "/total"})] {
        let (server, asked) = api(full).await;
        let connector = open(&users(&server, &json!({"page": {"as": "page"}, "end": end}))).unwrap();
        assert_eq!(accounts(connector.as_ref()).await.unwrap().items.len(), 10);
        assert!(asked.lock().unwrap().len() <= 3, "{:?}", asked.lock().unwrap());
    }
    // After the end, the last page again.
    let again = |_: &str, query: &BTreeMap<String, String>| {
        let page = number(query, "page", 1).min(2);
        json!({"data": rows((page - 1) * 5..page * 5), "total": 10})
    };
    let (server, _) = api(again).await;
    let page = json!({"page": {"as": "page"}, "end": "empty_page", "total": "/total"});
    let error = failure(open(&users(&server, &page)).unwrap().as_ref()).await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn case_2_a_next_page_that_is_never_null_or_a_token_that_comes_again_is_an_error() {
    for next in ["same", "other"] {
        let (server, _) = api(move |_, query| {
            let known = query.get("c").cloned();
            let turn = if next == "other" && known.as_deref() == Some("a") { "b" } else { "a" };
            json!({"data": rows(0..5), "next": turn, "total": 5})
        })
        .await;
        let page = json!({"cursor": {"from": "/next", "as": "c"}, "end": "no_cursor", "total": "/total"});
        let error = failure(open(&users(&server, &page)).unwrap().as_ref()).await;
        assert_eq!(error.kind(), ErrorKind::Protocol, "{next}");
    }
}

#[tokio::test]
async fn case_3_rows_that_leave_an_offset_list_while_it_is_read_make_it_incomplete() {
    // After the first page, one user is deleted: everybody moves, and one is skipped.
    let moved = |_: &str, query: &BTreeMap<String, String>| {
        let from = number(query, "offset", 0);
        let gone = u64::from(from > 0);
        json!({"data": rows((from + gone).min(250)..(from + gone + 100).min(250)), "total": 250 - gone})
    };
    let (server, _) = api(moved).await;
    let page = json!({"offset": {"as": "offset"}, "end": {"total": "/total"}});
    let listed = accounts(open(&users(&server, &page)).unwrap().as_ref()).await.unwrap();
    assert!(listed.items.iter().all(|one| one.id != "100"), "nobody can read the one that moved");
    assert!(!listed.incomplete.is_empty(), "so nothing is removed");
}

#[tokio::test]
async fn case_4_a_list_that_stops_before_its_total_is_incomplete_in_whatever_way_it_says_that_nothing_follows() {
    for end in [json!(null), json!("")] {
        let (server, _) = api(move |_, query| {
            if query.contains_key("c") {
                json!({"data": rows(25..50), "next": end, "total": 70})
            } else {
                json!({"data": rows(0..25), "next": "c1", "total": 70})
            }
        })
        .await;
        let page = json!({"cursor": {"from": "/next", "as": "c"}, "end": "no_cursor", "total": "/total"});
        let listed = accounts(open(&users(&server, &page)).unwrap().as_ref()).await.unwrap();
        assert_eq!(listed.items.len(), 50);
        assert!(listed.incomplete[0].contains("50 of 70"), "{:?}", listed.incomplete);
    }
}

#[tokio::test]
async fn case_5_a_redirect_is_an_error_and_never_a_list_without_accounts() {
    let acme = Acme::start(6, 1).await;
    let connector = open(&described(&acme)).unwrap();
    let elsewhere = ResponseTemplate::new(302).insert_header("Location", "https://login.example/sign-in");
    acme.instead("GET /v2/users", elsewhere);
    let error = failure(connector.as_ref()).await;
    assert!(!matches!(error.kind(), ErrorKind::NotFound), "{error}");
}

#[tokio::test]
async fn case_6_an_expression_that_fails_for_one_account_fails_the_read_and_names_it() {
    let (server, _) =
        api(|_, _| json!({"data": [{"id": 1, "state": {"on": true}}, {"id": 2}, {"id": 3, "state": {"on": true}}]}))
            .await;
    let mut settings = users(&server, &json!("none"));
    settings["accounts"]["map"]["enabled"] = "not item.state.on".into();
    let error = failure(open(&settings).unwrap().as_ref()).await;
    assert!(error.to_string().contains('2'), "{error}");
}

async fn all_changes(connector: &dyn Connector) -> (Vec<SourceChange>, Vec<String>) {
    let ability = connector.capabilities().changes().unwrap();
    let mut left = vec![ability.watermark().await.unwrap()];
    let (mut changes, mut incomplete) = (Vec::new(), Vec::new());
    while let Some(cursor) = left.pop() {
        let page = ability.changes(&cursor).await.unwrap();
        incomplete.extend(page.incomplete().map(str::to_owned));
        let (items, next) = page.into_parts();
        changes.extend(items);
        left.extend(next);
    }
    (changes, incomplete)
}

/// An incomplete read stores no watermark, so the part that failed is read again.
#[tokio::test]
async fn case_7_a_part_that_fails_makes_a_read_of_changes_incomplete() {
    let acme = Acme::start(6, 3).await;
    let connector = open(&described(&acme)).unwrap();
    let (_, incomplete) = all_changes(connector.as_ref()).await;
    assert_eq!(incomplete, Vec::<String>::new());
    acme.instead("GET /v2/groups/g2/members", fault(403, "forbidden"));
    let (_, incomplete) = all_changes(connector.as_ref()).await;
    assert_eq!(incomplete.len(), 1, "{incomplete:?}");
    assert!(incomplete[0].contains("g2"), "{incomplete:?}");
}

#[tokio::test]
async fn case_8_a_parent_without_records_is_read_and_leaves_the_others_alone() {
    let (server, _) = api(|path, _| match path {
        "/users" => json!({"data": rows(1..3)}),
        "/teams" => json!([{"id": "a"}, {"id": "empty"}, {"id": "z"}]),
        "/teams/empty/members" => json!([]),
        _ => json!([{"user": 1}]),
    })
    .await;
    let mut settings = users(&server, &json!("none"));
    settings["entitlements"] = json!({"team": {"get": "/teams", "page": "none", "map": {"id": "item.id"}}});
    settings["assignments"] = json!([{"for_each": "team", "get": "/teams/{parent.id}/members", "page": "none", "map": {"account": "item.user"}}]);
    let listed = assignments(open(&settings).unwrap().as_ref()).await.unwrap();
    let held: BTreeSet<_> = listed.items.iter().map(|one| one.entitlement.id.as_str()).collect();
    assert_eq!((held, listed.incomplete), (BTreeSet::from(["a", "z"]), Vec::new()));
}

#[tokio::test]
async fn case_9_an_entitlement_of_two_parts_is_put_together_and_taken_apart_again() {
    let (server, asked) = api(|path, _| match path {
        "/users" => json!({"data": [{"id": 1, "roles": [{"role": "admin", "zone": "eu"}]}]}),
        "/users/1" => json!({"id": 1, "roles": [{"role": "admin", "zone": "eu"}]}),
        "/grants" => json!([{"role": "admin", "zone": "eu"}, {"role": "admin", "zone": "us"}]),
        _ => json!({}),
    })
    .await;
    let mut settings = users(&server, &json!("none"));
    settings["accounts"]["one"] = json!({"get": "/users/{id}"});
    let id = "item.role ~ '@' ~ item.zone";
    settings["entitlements"] = json!({"role": {"get": "/grants", "page": "none", "map": {"id": id}}});
    settings["assignments"] =
        json!([{"embedded": "accounts", "items": "/roles", "map": {"entitlement": {"role": id}}}]);
    let path = "/zones/{entitlement.id | split('@') | last}/roles/{entitlement.id | split('@') | first}/{account.id}";
    settings["operations"] = json!({"grant": {"role": {"put": path}}, "revoke": {"role": {"delete": path}}});
    let connector = open(&settings).unwrap();
    let read = accounts(connector.as_ref()).await.unwrap().items;
    assert_eq!(read[0].entitlements, [EntitlementRef::new("role", "admin@eu")]);
    asked.lock().unwrap().clear();
    let change = async |change| connector.provision(&Operation::new("1", change)).await.unwrap();
    assert!(matches!(change(Change::revoke(EntitlementRef::new("role", "admin@eu"))).await, Outcome::Applied { .. }));
    assert!(matches!(
        change(Change::grant(EntitlementRef::new("role", "admin@us"), None)).await,
        Outcome::Applied { .. }
    ));
    let asked = asked.lock().unwrap().clone();
    let sent: Vec<_> = asked.iter().filter(|line| !line.starts_with("GET")).collect();
    assert_eq!(sent, ["DELETE /zones/eu/roles/admin/1", "PUT /zones/us/roles/admin/1"]);
}

#[tokio::test]
async fn case_10_a_name_that_a_request_does_not_have_is_a_fault_before_anything_is_sent() {
    let acme = Acme::start(1, 1).await;
    let mut settings = described(&acme);
    settings["operations"]["create"]["body"]["login"] = "{plan.name}".into();
    let found = faults(&settings);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].pointer, "/operations/create/body/login");
    assert!(found[0].span.is_some() && found[0].message.contains("unknown name"), "{:?}", found[0]);
}

#[tokio::test]
async fn case_11_a_read_that_is_stopped_after_every_page_loses_no_child() {
    let acme = Acme::start(20, 5).await;
    let whole = assignments(open(&described(&acme)).unwrap().as_ref()).await.unwrap();
    let line = |one: &connector_core::Assignment| format!("{} {}", one.holder, one.entitlement);
    let whole: BTreeSet<_> = whole.items.iter().map(line).collect();
    let (mut left, mut read) = (vec![Cursor::start().as_str().to_owned()], BTreeSet::new());
    while let Some(text) = left.pop() {
        // Another process, which has only the text of the position.
        let connector = open(&described(&acme)).unwrap();
        let cursor = Cursor::from_text(&text);
        let page = connector.capabilities().entitlements().unwrap().assignments(&cursor).await.unwrap();
        read.extend(page.items().iter().map(line));
        left.extend(page.next().iter().map(|next| next.as_str().to_owned()));
    }
    assert_eq!(read, whole);
}
