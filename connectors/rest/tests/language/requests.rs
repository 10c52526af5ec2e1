//! Lists by POST, operations of several requests, and what a refresh reads.

use crate::acme::{Acme, accounts, described, faults, open, settings};
use connector_core::{
    Change, Connector, EntitlementRef, ErrorKind, Happened, Holder, Operation, Outcome, SourceChange,
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// Serves seven users in pages of three to whoever posts the place of the page, and notes what it is asked.
#[derive(Clone, Default)]
struct Search(Arc<Mutex<Vec<String>>>);

impl Respond for Search {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let sent: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        self.0.lock().unwrap().push(format!("{} {} {sent}", request.method, request.url));
        let from = sent["paging"]["from"].as_u64().or(sent["from"].as_u64()).unwrap_or(0);
        let items: Vec<_> = (from..(from + 3).min(7)).map(|id| json!({"id": id, "login": format!("u{id}")})).collect();
        ResponseTemplate::new(200).set_body_json(json!({"data": items, "total": 7}))
    }
}

#[tokio::test]
async fn a_list_by_post_has_its_pages_in_the_body() {
    for (name, body) in
        [("/paging/from", json!({"kind": "user", "paging": {"size": 3}})), ("from", json!({"kind": "user"}))]
    {
        let server = MockServer::start().await;
        let search = Search::default();
        Mock::given(any()).respond_with(search.clone()).mount(&server).await;
        let settings = json!({
            "base_url": server.uri(),
            "accounts": {
                "post": "/search", "body": body, "items": "/data", "map": {"id": "item.id"},
                "page": {"offset": {"as": name}, "end": {"total": "/total"}},
            },
        });
        let connector = open(&settings).unwrap();
        let listed = accounts(connector.as_ref()).await.unwrap();
        assert_eq!(listed.items.len(), 7);
        let asked = search.0.lock().unwrap().clone();
        assert_eq!(asked.len(), 3, "{asked:?}");
        assert!(asked.iter().all(|line| line.starts_with("POST") && !line.contains('?')), "{asked:?}");
        assert!(asked[2].contains("\"from\":6") && asked[2].contains("\"kind\":\"user\""), "{asked:?}");
    }
}

#[tokio::test]
async fn a_list_by_post_is_read_again_after_a_fault() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(503)).up_to_n_times(1).mount(&server).await;
    Mock::given(any()).respond_with(Search::default()).mount(&server).await;
    let page = json!({"offset": {"as": "from"}, "end": {"total": "/total"}});
    let list = json!({"post": "/search", "items": "/data", "map": {"id": "item.id"}, "page": page});
    let connector = open(&json!({"base_url": server.uri(), "accounts": list})).unwrap();
    assert_eq!(accounts(connector.as_ref()).await.unwrap().items.len(), 7);
}

#[test]
fn what_a_list_by_post_can_not_have_is_a_fault() {
    let found = |change: &dyn Fn(&mut Value)| {
        let mut all = settings("https://api.acme.example/v2");
        all["accounts"]["since"].take();
        all["accounts"].as_object_mut().unwrap().remove("since");
        change(&mut all);
        faults(&all).into_iter().map(|fault| format!("{}: {}", fault.pointer, fault.message)).collect::<Vec<_>>()
    };
    let one = |change: &dyn Fn(&mut Value), pointer: &str, text: &str| {
        let all = found(change);
        assert!(all.len() == 1 && all[0].starts_with(&format!("{pointer}: ")) && all[0].contains(text), "{all:?}");
    };
    one(&|s| s["accounts"]["post"] = "/users".into(), "/accounts", "exactly one of `get` and `post`");
    one(&|s| _ = s["accounts"].as_object_mut().unwrap().remove("get"), "/accounts", "exactly one of `get` and `post`");
    one(&|s| s["accounts"]["body"] = json!({}), "/accounts/body", "a GET has no body");
    let post = |s: &mut Value| {
        s["accounts"].as_object_mut().unwrap().remove("get");
        s["accounts"]["post"] = "/users".into();
    };
    one(
        &|s| {
            post(s);
            s["accounts"]["since"] = json!({"query": "since", "field": "item.updated", "overlap": "5m"});
        },
        "/accounts/since",
        "by POST",
    );
    one(
        &|s| {
            post(s);
            s["accounts"]["page"] = json!({"next_link": {"header": "Link"}, "end": "no_cursor"});
        },
        "/accounts/page",
        "no links",
    );
    one(
        &|s| {
            post(s);
            s["accounts"]["body"] = json!({"kind": "{itm}"});
        },
        "/accounts/body/kind",
        "unknown name",
    );
}

async fn apply(connector: &dyn Connector, account: &str, change: Change) -> connector_core::Result<Outcome> {
    connector.provision(&Operation::new(account, change)).await
}

#[tokio::test]
async fn requests_before_the_last_one_are_sent_in_order_and_a_fault_stops_them() {
    let acme = Acme::start(3, 1).await;
    let mut settings = described(&acme);
    settings["operations"]["disable"] = json!({
        "before": [{"post": "/users/{account.id}/lock"}, {"post": "/users/{account.id}/reset"}],
        "post": "/users/{account.id}/suspend",
    });
    let connector = open(&settings).unwrap();
    acme.asked();
    assert_eq!(apply(connector.as_ref(), "2", Change::Disable).await.unwrap(), Outcome::applied("2"));
    let posts: Vec<_> = acme.asked().into_iter().filter(|line| line.starts_with("POST")).collect();
    let posts: Vec<_> = posts.iter().map(|line| line.rsplit('/').next().unwrap()).collect();
    assert_eq!(posts, ["lock", "reset", "suspend"]);
    acme.instead("POST /v2/users/1/reset", connector_sandbox_acme::fault(403, "no"));
    let error = apply(connector.as_ref(), "1", Change::Disable).await.unwrap_err();
    assert_eq!((error.kind(), error.happened()), (ErrorKind::Permission, Happened::No));
    assert!(error.message().ends_with("the system has already carried out POST /users/1/lock"), "{error}");
    assert!(error.help().unwrap().contains("sends all requests of the operation again"), "{error:?}");
    assert!(acme.asked().iter().all(|line| !line.contains("suspend")), "the last request is not sent");
    assert_eq!(acme.user(1)["status"], "active");
    acme.instead("POST /v2/users/1/suspend", connector_sandbox_acme::fault(409, "no"));
    let error = apply(connector.as_ref(), "1", Change::Disable).await.unwrap_err();
    assert!(error.message().ends_with("POST /users/1/lock, POST /users/1/reset"), "{error}");
    acme.instead("POST /v2/users/1/lock", connector_sandbox_acme::fault(403, "no"));
    let error = apply(connector.as_ref(), "1", Change::Disable).await.unwrap_err();
    assert!(!error.message().contains("carried out"), "nothing was: {error}");
}

#[tokio::test]
async fn a_body_without_a_value_names_the_requests_that_were_sent_before_it() {
    let acme = Acme::start(3, 1).await;
    let mut settings = described(&acme);
    settings["operations"]["disable"] = json!({
        "before": [{"post": "/users/{account.id}/lock"}],
        "post": "/users/{account.id}/suspend", "body": {"level": "{account.name - 1}"},
    });
    let error = apply(open(&settings).unwrap().as_ref(), "1", Change::Disable).await.unwrap_err();
    assert!(error.message().contains("`body`"), "{error}");
    assert!(error.message().ends_with("the system has already carried out POST /users/1/lock"), "{error}");
    assert_eq!(acme.user(1)["status"], "active");
}

#[test]
fn what_a_request_before_can_not_have_and_names_that_nothing_gives_are_faults() {
    let found = |disable: Value| {
        let mut all = settings("https://api.acme.example/v2");
        all["operations"]["disable"] = disable;
        faults(&all).into_iter().map(|fault| format!("{}: {}", fault.pointer, fault.message)).collect::<Vec<_>>()
    };
    let suspend = "/users/{account.id}/suspend";
    for (disable, pointer) in [
        (
            json!({"post": suspend, "before": [{"post": suspend, "before": [{"post": suspend}]}]}),
            "/operations/disable/before/0/before",
        ),
        (json!({"post": suspend, "before": [{"post": suspend, "read": {}}]}), "/operations/disable/before/0/read"),
        (json!({"post": suspend, "before": [{}]}), "/operations/disable/before/0"),
        (json!({"post": "/users/{account.id}/{found.id}"}), "/operations/disable/post"),
        (json!({"post": suspend, "body": {"x": "{read.y}"}}), "/operations/disable/post"),
        (json!({"post": suspend, "body": {"x": "{read.y}"}, "read": {}}), "/operations/disable/post"),
        (json!({"post": suspend, "read": {"send_back": false}}), "/operations/disable/read"),
        (
            json!({"delete": "/s/{found.id}", "find": {"get": "/s", "page": "none", "keep": "item.user == entitlement.id"}}),
            "/operations/disable/find/keep",
        ),
    ] {
        let all = found(disable);
        assert!(!all.is_empty() && all[0].starts_with(&format!("{pointer}: ")), "{pointer}: {all:?}");
    }
}

/// Memberships with ids of their own.
struct Memberships(Value);

impl Respond for Memberships {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let path = request.url.path();
        if request.method.as_str() == "DELETE" {
            return ResponseTemplate::new(if path == "/memberships/7" { 204 } else { 500 });
        }
        if path.starts_with("/users/") {
            return ResponseTemplate::new(200).set_body_json(json!({"id": "1", "login": "u1"}));
        }
        ResponseTemplate::new(200).set_body_json(&self.0)
    }
}

#[tokio::test]
async fn the_one_item_that_fits_is_used_and_none_or_several_send_nothing() {
    let page = json!({"offset": {"as": "o"}, "end": {"short_page": 5}});
    for (items, page, wanted) in [
        (json!([{"id": 6, "group": 3}, {"id": 7, "group": 4}]), json!("none"), "applied"),
        (json!([{"id": 6, "group": 3}]), json!("none"), "unchanged"),
        (json!([{"id": 7, "group": 4}, {"id": 8, "group": 4}]), json!("none"), "several items"),
        (json!([{"id": 6, "group": 3}]), page, "proves nothing"),
        (json!({"no": "list"}), json!("none"), "not a list"),
    ] {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(Memberships(items)).mount(&server).await;
        let settings = json!({
            "base_url": server.uri(),
            "accounts": {"get": "/people", "page": "none", "map": {"id": "item.id"}, "one": {"get": "/users/{id}"}},
            "entitlements": {"group": {"get": "/groups", "page": "none", "map": {"id": "item.id"}}},
            "operations": {"revoke": {"group": {
                "delete": "/memberships/{found.id}",
                "find": {"get": "/members/{account.id}", "page": page, "keep": "item.group == entitlement.id | int"},
            }}},
        });
        let connector = open(&settings).unwrap();
        let revoke = Change::revoke(EntitlementRef::new("group", "4"));
        let outcome = apply(connector.as_ref(), "1", revoke).await;
        let said = match &outcome {
            Ok(Outcome::Applied { .. }) => "applied".to_owned(),
            Ok(Outcome::Unchanged { .. }) => "unchanged".to_owned(),
            Ok(other) => format!("{other:?}"),
            Err(error) => error.message().to_owned(),
        };
        assert!(said.contains(wanted), "{wanted}: {said}");
        let sent = server.received_requests().await.unwrap();
        let deletes = sent.iter().filter(|one| one.method.as_str() == "DELETE").count();
        assert_eq!(deletes, usize::from(wanted == "applied"), "{wanted}");
    }
}

#[tokio::test]
async fn a_refresh_shows_what_an_account_holds_by_the_lists_of_groups() {
    let acme = Acme::start(7, 3).await;
    let connector = open(&described(&acme)).unwrap();
    let all = crate::acme::assignments(connector.as_ref()).await.unwrap().items;
    let find = connector.capabilities().accounts().unwrap();
    let ids = ["2".to_owned(), "5".to_owned(), "99".to_owned()];
    let (changes, _) = find.read_accounts(&ids).await.unwrap().unwrap().into_parts();
    for id in ["2", "5"] {
        let of = |one: &&connector_core::Assignment| {
            one.holder == Holder::account(id) && &*one.entitlement.entitlement_type == "group"
        };
        let mut wanted: Vec<_> = all.iter().filter(of).map(|one| one.entitlement.id.clone()).collect();
        let held = changes.iter().find_map(|change| match change {
            SourceChange::AllOf(holder, held) if *holder == Holder::account(id) => Some(held),
            _ => None,
        });
        let mut held: Vec<_> = held.unwrap().iter().map(|one| one.entitlement.id.clone()).collect();
        wanted.sort();
        held.sort();
        assert_eq!(held, wanted, "{id}");
    }
    assert!(
        changes
            .iter()
            .any(|change| matches!(change, SourceChange::Removed(holder) if *holder == Holder::account("99")))
    );
}

/// Serves a system whose changes are jobs, and whose accounts are found by a POST.
#[derive(Clone, Default)]
struct Jobs(Arc<Mutex<JobsState>>);

#[derive(Default)]
struct JobsState {
    asked: Vec<String>,
    users: Vec<Value>,
    /// How often a job is not done yet.
    waits: usize,
    fails: bool,
    /// The statuses of the next questions for a job.
    faults: Vec<u16>,
    /// The status of a request to set a password.
    password: Option<u16>,
}

impl Respond for Jobs {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = self.0.lock().unwrap();
        let sent: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        state.asked.push(format!("{} {} {sent}", request.method, request.url.path()));
        let json = |body: Value| ResponseTemplate::new(200).set_body_json(body);
        match (request.method.as_str(), request.url.path()) {
            ("POST", "/v1/search") => {
                let found: Vec<_> = state.users.iter().filter(|user| user["login"] == sent["login"]).cloned().collect();
                json(json!({"data": found}))
            }
            ("GET", "/v1/users") => json(Value::Array(state.users.clone())),
            ("POST", "/v1/users") => {
                let id = state.users.len() + 1;
                state.users.push(json!({"id": id, "login": sent["login"], "active": true}));
                ResponseTemplate::new(202).insert_header("Location", "/v1/jobs/7").set_body_json(json!({"job": 7}))
            }
            ("GET", "/v1/jobs/7") => {
                if let Some(status) = state.faults.pop() {
                    return ResponseTemplate::new(status);
                }
                if state.waits > 0 {
                    state.waits -= 1;
                    return json(json!({"state": "running"}));
                }
                json(json!({"state": if state.fails { "failed" } else { "done" }, "user": {"id": state.users.len()}}))
            }
            ("PUT", path) if path.ends_with("/password") => ResponseTemplate::new(state.password.unwrap_or(204)),
            ("PUT", path) if path.ends_with("/profile") => ResponseTemplate::new(204),
            ("GET", path) => {
                let id: usize = path.rsplit('/').next().unwrap().parse().unwrap_or_default();
                state
                    .users
                    .get(id.wrapping_sub(1))
                    .map_or_else(|| ResponseTemplate::new(404), |user| json(user.clone()))
            }
            ("POST", path) if path.ends_with("/suspend") => {
                state.users[0]["active"] = false.into();
                ResponseTemplate::new(202).set_body_json(json!({"job": 7}))
            }
            _ => ResponseTemplate::new(500),
        }
    }
}

/// The description of that system.
fn with_jobs(uri: &str, at_most: &str) -> Value {
    let job =
        json!({"done": "body.state == 'done'", "failed": "body.state == 'failed'", "every": "1s", "at_most": at_most});
    let mut by_link = job.clone();
    by_link["from"] = json!({"header": "Location"});
    let mut by_id = job;
    by_id["from"] = "/job".into();
    by_id["get"] = "/jobs/{job}".into();
    json!({
        "base_url": format!("{uri}/v1"),
        "accounts": {
            "get": "/users", "page": "none",
            "map": {"id": "item.id", "name": "item.login", "enabled": "item.active", "attributes": {"title": {"from": "item.title", "writable": "always"}}},
            "one": {"get": "/users/{id}"},
            "find": {"post": "/search", "body": {"login": "{name}"}, "items": "/data"},
        },
        "operations": {
            "create": {
                "post": "/users", "body": {"login": "{name}"}, "id": "/user/id", "job": by_link,
                "after": [{"put": "/users/{id}/password", "body": {"value": "{password}"}}, {"put": "/users/{id}/profile", "attributes": "/profile"}],
            },
            "disable": {"post": "/users/{account.id}/suspend", "job": by_id},
        },
    })
}

fn create(name: &str) -> Operation {
    let title = [("title".to_owned(), Value::from("Boss"))].into_iter().collect();
    Operation::new("", Change::create(name, title, Vec::new(), Some("s3cret-word".into())))
}

async fn jobs(state: JobsState, at_most: &str) -> (MockServer, Jobs, Box<dyn Connector>) {
    let server = MockServer::start().await;
    let jobs = Jobs(Arc::new(Mutex::new(state)));
    Mock::given(any()).respond_with(jobs.clone()).mount(&server).await;
    let connector = open(&with_jobs(&server.uri(), at_most)).unwrap();
    (server, jobs, connector)
}

#[tokio::test]
async fn an_account_is_created_by_a_job_and_completed_with_its_new_id() {
    let (_server, jobs, connector) = jobs(JobsState { waits: 1, ..JobsState::default() }, "5s").await;
    assert_eq!(connector.provision(&create("jane")).await.unwrap(), Outcome::applied("1"));
    let asked = jobs.0.lock().unwrap().asked.clone();
    assert_eq!(
        asked,
        [
            r#"POST /v1/users {"login":"jane"}"#,
            "GET /v1/jobs/7 null",
            "GET /v1/jobs/7 null",
            r#"PUT /v1/users/1/password {"value":"s3cret-word"}"#,
            r#"PUT /v1/users/1/profile {"profile":{"title":"Boss"}}"#,
        ]
    );
    let found = connector.capabilities().accounts().unwrap();
    let wanted = ["jane".to_owned(), "nobody".to_owned()];
    let found = found.find_accounts(&wanted, &connector_core::Concern::default()).await.unwrap();
    assert_eq!((found[0].len(), &*found[0][0].id, found[1].len()), (1, "1", 0), "a name is searched for by POST");
}

#[tokio::test]
async fn a_request_after_a_create_that_fails_says_that_the_account_is_there() {
    let (_server, jobs, connector) = jobs(JobsState { password: Some(400), ..JobsState::default() }, "5s").await;
    let error = connector.provision(&create("jane")).await.unwrap_err();
    assert_eq!((error.kind(), error.happened()), (ErrorKind::Invalid, Happened::Yes));
    assert!(error.message().ends_with("the system has already carried out POST /users"), "{error}");
    assert!(error.help().unwrap().contains("the account 1 is there"), "{error:?}");
    assert!(!format!("{error:?}").contains("s3cret-word"));
    let asked = jobs.0.lock().unwrap().asked.clone();
    assert!(!asked.iter().any(|line| line.contains("/profile")), "{asked:?}");
}

#[tokio::test]
async fn a_job_that_fails_is_an_error_and_one_that_takes_too_long_is_queued() {
    let users = || vec![json!({"id": 1, "login": "jane", "active": true})];
    let disable = || Operation::new("1", Change::Disable);
    let (_server, _, connector) = jobs(JobsState { users: users(), ..JobsState::default() }, "5s").await;
    assert_eq!(connector.provision(&disable()).await.unwrap(), Outcome::applied("1"));
    let (_server, _, connector) = jobs(JobsState { users: users(), fails: true, ..JobsState::default() }, "5s").await;
    let error = connector.provision(&disable()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.happened()),
        (ErrorKind::Invalid, Happened::No),
        "the failed job is not begun again"
    );
    assert!(error.message().contains("GET /jobs/7"), "{error}");
    let (_server, _, connector) = jobs(JobsState { users: users(), waits: 99, ..JobsState::default() }, "2s").await;
    let outcome = connector.provision(&disable()).await.unwrap();
    assert!(matches!(&outcome, Outcome::Queued { detail, .. } if detail.contains("not done yet")), "{outcome:?}");
    let (_server, _, connector) = jobs(JobsState { waits: 99, ..JobsState::default() }, "2s").await;
    let outcome = connector.provision(&create("joe")).await.unwrap();
    let left = "the requests of `after` were not sent: when the account is there, set what is missing with an update";
    let detail = format!("the job of the system is not done yet; {left}");
    assert_eq!(outcome, Outcome::queued("", detail), "nobody knows the id yet");
}

#[tokio::test]
async fn a_job_that_can_not_be_asked_is_queued_because_sent_again_it_would_be_a_second_one() {
    for status in [404, 409, 403] {
        for is_create in [true, false] {
            let users = if is_create { Vec::new() } else { vec![json!({"id": 1, "login": "jane", "active": true})] };
            let state = JobsState { users, faults: vec![status; 99], ..JobsState::default() };
            let (_server, jobs, connector) = jobs(state, "2s").await;
            let operation = if is_create { create("jane") } else { Operation::new("1", Change::Disable) };
            let outcome = connector.provision(&operation).await.unwrap();
            let wanted = status.to_string();
            assert!(matches!(&outcome, Outcome::Queued { detail, .. } if detail.contains(&wanted)), "{outcome:?}");
            let asked = jobs.0.lock().unwrap().asked.clone();
            assert_eq!(asked.iter().filter(|line| line.starts_with("POST")).count(), 1, "{asked:?}");
        }
    }
}

#[tokio::test]
async fn one_question_for_a_job_that_fails_is_asked_again() {
    let (_server, jobs, connector) = jobs(JobsState { faults: vec![404], ..JobsState::default() }, "5s").await;
    assert_eq!(connector.provision(&create("jane")).await.unwrap(), Outcome::applied("1"));
    assert_eq!(jobs.0.lock().unwrap().users.len(), 1);
}

#[tokio::test]
async fn a_job_without_a_place_to_ask_or_with_another_answer_is_queued() {
    for (name, value) in [("from", json!("/nothing")), ("done", json!("body.nothing.more"))] {
        let (server, jobs, _) = jobs(JobsState::default(), "2s").await;
        let mut settings = with_jobs(&server.uri(), "2s");
        settings["operations"]["create"]["job"][name] = value;
        let outcome = open(&settings).unwrap().provision(&create("jane")).await.unwrap();
        assert!(
            matches!(&outcome, Outcome::Queued { detail, .. } if detail.contains("as far as is known")),
            "{outcome:?}"
        );
        assert_eq!(jobs.0.lock().unwrap().users.len(), 1);
    }
}

#[test]
fn what_a_job_and_a_request_after_a_create_can_not_have_are_faults() {
    let found = |change: &dyn Fn(&mut Value)| {
        let mut all = with_jobs("https://api.acme.example", "5s");
        change(&mut all);
        let all = faults(&all);
        assert_eq!(all.len(), 1, "{all:?}");
        format!("{}: {}", all[0].pointer, all[0].message)
    };
    for (fault, wanted) in [
        (
            found(&|s| s["operations"]["disable"]["job"]["get"] = "/jobs".into()),
            "/operations/disable/job/get: nothing says which job",
        ),
        (found(&|s| s["operations"]["disable"]["job"]["every"] = "9s".into()), "/operations/disable/job/every: "),
        (
            found(&|s| s["operations"]["disable"]["job"]["done"] = "bdy".into()),
            "/operations/disable/job/done: unknown name",
        ),
        (
            found(&|s| s["operations"]["create"]["after"][0]["put"] = "/password".into()),
            "/operations/create/after/0/put: nothing says which account",
        ),
        (
            found(&|s| s["operations"]["create"]["after"][0]["queued"] = json!({"status": 202, "detail": "x"})),
            "/operations/create/after/0/queued: a request after",
        ),
        (
            found(&|s| s["operations"]["create"]["after"][0]["job"] = s["operations"]["disable"]["job"].clone()),
            "/operations/create/after/0/job: a request after another one has no `job`",
        ),
        (
            found(&|s| {
                let mut before = s["operations"]["disable"].clone();
                before["post"] = "/users/{account.id}/lock".into();
                s["operations"]["disable"]["before"] = json!([before]);
            }),
            "/operations/disable/before/0/job: a request before another one has no `job`",
        ),
        (
            found(&|s| s["accounts"]["find"]["body"] = json!({"login": "x"})),
            "/accounts/find: nothing says which account",
        ),
        (found(&|s| s["accounts"]["find"]["get"] = "/users".into()), "/accounts/find: exactly one of `get` and `post`"),
    ] {
        assert!(fault.starts_with(wanted), "{fault}");
    }
}
