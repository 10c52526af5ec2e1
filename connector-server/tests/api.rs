//! The REST API, asked for over HTTP: what it answers, to whom, and that it answers what its document says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod place;

use connector_server::{Role, Tokens};
use jiff::Timestamp;
use place::{Answer, HOSTILE, Place, Served};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

fn document_file() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/openapi.json")
}

#[test]
fn the_document_in_schemas_is_current() {
    let current = format!("{}\n", serde_json::to_string_pretty(&connector_server::openapi()).unwrap());
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        fs::write(document_file(), &current).unwrap();
    }
    let kept = fs::read_to_string(document_file()).unwrap_or_default();
    assert!(
        kept == current,
        "schemas/openapi.json is stale: run `UPDATE_OPENAPI=1 cargo test -p connector-server --test api`"
    );
}

/// Asks with a token.
async fn ask(served: &Served, token: &str, path: &str) -> Answer {
    served.ask("GET", path, &[("Authorization", &format!("Bearer {token}")), ("Cookie", "none=1")], "").await
}

fn parsed(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|fault| panic!("{fault}: {}", answer.body))
}

/// Checks an answer against what the document says of it.
fn check(path: &str, status: &str, answer: &Value) {
    let document = connector_server::openapi();
    let responses = &document["paths"][path]["get"]["responses"];
    let content = responses[status]["content"].as_object().unwrap_or_else(|| panic!("{path} {status}"));
    let schema = json!({"allOf": [content.values().next().unwrap()["schema"]], "components": document["components"]});
    let faults: Vec<_> = jsonschema::draft202012::options()
        .build(&schema)
        .unwrap()
        .iter_errors(answer)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{path}: {faults:?}\n{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_path_answers_what_the_document_says() {
    let place = Place::with_people().await;
    let served = place.open().await;
    let runs = parsed(&served.get("/api/v1/runs").await);
    let run = runs["items"][0]["id"].as_str().unwrap().to_owned();
    let document = connector_server::openapi();
    assert_eq!(parsed(&served.get("/api/v1/openapi.json").await), document);
    // What begins or shows a job, and plans, have tests of their own.
    let reads = |(path, item): (&String, &Value)| {
        (item["get"].is_object() && path != "/jobs/{job}" && !path.contains("{plan}")).then(|| path.clone())
    };
    let paths: Vec<_> = document["paths"].as_object().unwrap().iter().filter_map(reads).collect();
    assert_eq!(paths.len(), 12, "{paths:?}");
    for path in paths {
        let fill = |source: &str, account: &str, entitlement: &str, run: &str| {
            let path = path.replace("{source}", source).replace("{account}", account).replace("{run}", run);
            format!("/api/v1{}", path.replace("{type}/{id}", entitlement))
        };
        let answer = served.get(&fill("people", "1", "role/staff", &run)).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/json")),
            "{path}: {}",
            answer.body
        );
        check(&path, "200", &parsed(&answer));
        if path.contains('{') {
            let answer = served.get(&fill("nobody", "nobody", "role/nothing", "01ZZZZZZZZZZ")).await;
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
            let problem = parsed(&answer);
            assert_eq!((answer.status, &problem["kind"]), (404, &json!("not_found")), "{path}: {problem}");
            check(&path, "default", &problem);
        }
    }
    let broken = parsed(&served.get("/api/v1/sources/broken").await);
    check("/sources/{source}", "200", &broken);
    assert_eq!((&broken["valid"], &broken["attention"][0]["urgency"]), (&json!(false), &json!("failing")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_needs_a_token_that_works_and_it_opens_no_page() {
    let place = Place::with_people().await;
    let served = place.serve();
    let none = served.get("/api/v1/sources").await;
    assert_eq!((none.status, none.header("www-authenticate")), (401, Some("Bearer")));
    assert_eq!(parsed(&none)["kind"], "auth");
    assert!(!none.body.contains("people"));
    let now = Timestamp::now();
    assert_eq!(ask(&served, "cnct_unknown", "/api/v1/sources").await.status, 401, "there is no token yet");
    let tokens = Tokens::open(&place.store).unwrap();
    let good = tokens.create("dashboard", Role::Viewer, DAY, now).unwrap();
    let old =
        tokens.create("old", Role::Viewer, Duration::from_secs(1), now - jiff::SignedDuration::from_secs(60)).unwrap();
    assert_eq!(ask(&served, &good.secret, "/api/v1/sources").await.status, 200);
    for wrong in [&old.secret, "", "cnct_", &good.secret.to_uppercase(), &format!("{}x", good.secret)] {
        let answer = ask(&served, wrong, "/api/v1/sources").await;
        assert!(answer.status == 401 && !answer.body.contains("people"), "{wrong}: {}", answer.body);
    }
    for page in ["/", "/sources/people", "/live"] {
        assert_eq!(ask(&served, &good.secret, page).await.status, 401, "{page}");
    }
    assert!(tokens.list().unwrap().iter().any(|token| token.name == "dashboard" && token.used_at.is_some()));
    tokens.revoke(&good.token.id, now).unwrap();
    assert_eq!(ask(&served, &good.secret, "/api/v1/sources").await.status, 401, "it ends at once");
}

/// Reads a list to its end, some items at a time.
async fn all(served: &Served, path: &str, limit: usize) -> Vec<Value> {
    let (mut items, mut after) = (Vec::new(), String::new());
    loop {
        let page = parsed(&served.get(&format!("{path}limit={limit}{after}")).await);
        let found = page["items"].as_array().unwrap_or_else(|| panic!("{path}: {page}"));
        assert!(found.len() <= limit, "{path}");
        items.extend(found.iter().cloned());
        match page["next"].as_str() {
            Some(next) => {
                after = format!("&after={}", place::encoded(next));
            }
            None => return items,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_of_every_list_have_every_item_once_at_any_size() {
    let place = Place::with_people().await;
    let served = place.open().await;
    for (path, number) in [
        ("/api/v1/sources/people/accounts?", 251 + HOSTILE.len()),
        ("/api/v1/sources/people/entitlements?", 2),
        ("/api/v1/sources/people/entitlements/role/staff/holders?", 251 + HOSTILE.len()),
        ("/api/v1/runs?source=people&", 2),
        ("/api/v1/sources/people/diff?", 1 + HOSTILE.len() + 1),
    ] {
        let whole = all(&served, path, 1_000).await;
        assert_eq!(whole.len(), number, "{path}");
        for limit in [1, 2, 64, 257] {
            if limit > 2 || number < 20 {
                assert_eq!(all(&served, path, limit).await, whole, "{path} {limit}");
            }
        }
        for wrong in ["0", "1001", "-1", "x", ""] {
            let answer = served.get(&format!("{path}limit={wrong}")).await;
            assert!(answer.status == 400 && parsed(&answer)["kind"] == "invalid", "{path} {wrong}: {}", answer.body);
        }
    }
    let ids: BTreeSet<_> = all(&served, "/api/v1/sources/people/accounts?", 100)
        .await
        .iter()
        .map(|account| account["id"].as_str().unwrap().to_owned())
        .collect();
    assert!(HOSTILE.iter().all(|[id, ..]| ids.contains(*id)), "names come as they are: {ids:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_condition_is_the_one_of_the_command_line_and_its_fault_says_where() {
    let place = Place::with_people().await;
    let served = place.open().await;
    let found = all(&served, "/api/v1/sources/people/accounts?where=department%3D%22Finance%22&", 100).await;
    assert_eq!(found.len(), HOSTILE.len());
    assert_eq!(found[0]["attributes"]["department"], "Finance");
    let wrong = served.get("/api/v1/sources/people/accounts?where=departmnt%3D1").await;
    let problem = parsed(&wrong);
    assert_eq!((wrong.status, &problem["kind"]), (400, &json!("definition")));
    assert!(problem["help"].as_str().unwrap().contains("department"), "{problem}");
    let account = parsed(&served.get("/api/v1/sources/people/accounts/user7").await);
    assert_eq!((&account["name"], account["entitlements"][0]["state"].as_str()), (&json!("user7"), Some("active")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_the_client_has_is_not_sent_again_until_it_changes() {
    let place = Place::with_people().await;
    let served = place.open().await;
    let path = "/api/v1/sources/people/accounts";
    let first = served.get(path).await;
    let tag = first.header("etag").unwrap().to_owned();
    let again = served.ask("GET", path, &[("If-None-Match", &tag)], "").await;
    assert_eq!((again.status, again.body.as_str(), again.header("etag")), (304, "", Some(tag.as_str())));
    place.write_people(251, "Legal");
    place.aggregate().await;
    let changed = served.ask("GET", path, &[("If-None-Match", &tag)], "").await;
    assert!(changed.status == 200 && changed.header("etag") != Some(&tag), "{}", changed.status);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_api_does_not_have_is_a_problem_too() {
    let place = Place::with_people().await;
    let served = place.open().await;
    for (method, path, status) in [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v2/sources", 404),
        ("POST", "/api/v1/sources", 405),
        ("DELETE", "/api/v1/runs", 405),
        ("GET", "/api/v1/runs?after=nothing", 400),
        ("GET", "/api/v1/sources/people/diff?after=-1", 400),
        ("GET", "/api/v1/sources/..%2Fsources%2Fpeople", 404),
        ("GET", "/api/v1/sources/people/accounts?removed=maybe", 400),
    ] {
        let answer = served.ask(method, path, &[], "").await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (status, Some("application/problem+json")),
            "{method} {path}"
        );
        assert_eq!(parsed(&answer)["status"], status, "{path}");
    }
    let foreign = served.ask("POST", "/api/v1/sources", &[("Origin", "http://evil.example")], "").await;
    assert_eq!((foreign.status, foreign.header("content-type")), (403, Some("application/problem+json")));
}

/// Sends a POST with a token.
async fn post(served: &Served, token: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let bearer = format!("Bearer {token}");
    served
        .ask("POST", path, &[&[("Authorization", bearer.as_str()), ("Cookie", "none=1")][..], headers].concat(), "")
        .await
}

/// Waits until a job has ended.
async fn ended(served: &Served, token: &str, job: &str) -> Value {
    for _ in 0..200 {
        let job = parsed(&ask(served, token, &format!("/api/v1/jobs/{job}")).await);
        check("/jobs/{job}", "200", &job);
        if job["status"] != "running" {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the job does not end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_reads_and_tests_a_source_and_a_viewer_may_not() {
    let place = Place::with_people().await;
    let served = place.serve();
    let (tokens, now) = (Tokens::open(&place.store).unwrap(), Timestamp::now());
    let viewer = tokens.create("dashboard", Role::Viewer, DAY, now).unwrap().secret;
    let operator = tokens.create("nightly", Role::Operator, DAY, now).unwrap().secret;
    for path in ["/api/v1/sources/people/aggregate", "/api/v1/sources/people/test", "/api/v1/jobs/x/stop"] {
        let refused = post(&served, &viewer, path, &[]).await;
        assert!(refused.status == 403 && refused.body.contains("--role operator"), "{path}: {}", refused.body);
    }
    assert_eq!(post(&served, &operator, "/api/v1/sources/nobody/aggregate", &[]).await.status, 404);
    place.write_people(260, "Legal");
    let begun =
        post(&served, &operator, "/api/v1/sources/people/aggregate?mode=full", &[("Idempotency-Key", "one")]).await;
    assert_eq!(begun.status, 202, "{}", begun.body);
    let id = parsed(&begun)["id"].as_str().unwrap().to_owned();
    assert_eq!(begun.header("location"), Some(format!("/api/v1/jobs/{id}").as_str()));
    let job = ended(&served, &operator, &id).await;
    assert_eq!(job["status"], "succeeded", "{job}");
    let run = parsed(&ask(&served, &viewer, &format!("/api/v1/runs/{}", job["run"].as_str().unwrap())).await);
    assert_eq!((&run["mode"], &run["accounts"]["added"]), (&json!("full"), &json!(9)), "{run}");
    let again =
        post(&served, &operator, "/api/v1/sources/people/aggregate?mode=full", &[("Idempotency-Key", "one")]).await;
    assert_eq!((again.status, parsed(&again)["id"].as_str()), (202, Some(id.as_str())), "the same key is the same job");
    let tested = post(&served, &operator, "/api/v1/sources/people/test", &[]).await;
    let job = ended(&served, &operator, parsed(&tested)["id"].as_str().unwrap()).await;
    assert_eq!((&job["status"], &job["steps"][0]["name"]), (&json!("passed"), &json!("definition")), "{job}");
    let broken = post(&served, &operator, "/api/v1/sources/broken/aggregate", &[]).await;
    let job = ended(&served, &operator, parsed(&broken)["id"].as_str().unwrap()).await;
    assert_eq!((&job["status"], &job["error"]["kind"]), (&json!("failed"), &json!("definition")), "{job}");
    assert_eq!(post(&served, &operator, &format!("/api/v1/jobs/{id}/stop"), &[]).await.status, 202);
    let long = "k".repeat(300);
    assert_eq!(
        post(&served, &operator, "/api/v1/sources/people/test", &[("Idempotency-Key", &long)]).await.status,
        400
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_in_an_address_is_said_with_its_name_and_what_would_be_right() {
    let place = Place::with_people().await;
    let served = place.open().await;
    for (method, path, status, detail, help) in [
        ("GET", "/api/v1/runs?limit=0", 400, "`limit`: must be a number from 1 to 1000", "in the address"),
        ("GET", "/api/v1/runs?limit=x", 400, "`limit`: must be a number from 1 to 1000", "in the address"),
        ("GET", "/api/v1/sources/people/accounts?removed=maybe", 400, "`removed`: ", "in the address"),
        ("GET", "/api/v1/runs?limit=1&limit=2", 400, "duplicate field `limit`", "in the address"),
        ("GET", "/api/v1/nothing", 404, "no such address", "openapi.json"),
        ("GET", "/api/v1/sources/people/test", 405, "does not know the method", "`Allow`"),
        ("DELETE", "/api/v1/sources", 405, "does not know the method", "`Allow`"),
    ] {
        let answer = served.ask(method, path, &[], "").await;
        let problem = parsed(&answer);
        assert_eq!(answer.status, status, "{path}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{path}: {problem}");
        assert!(problem["help"].as_str().unwrap().contains(help), "{path}: {problem}");
        assert_eq!(answer.header("allow").is_some(), status == 405, "{path}: {}", answer.head);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idempotency_key_belongs_to_one_request() {
    let place = Place::with_people().await;
    let served = place.serve();
    let token = Tokens::open(&place.store).unwrap();
    let token = token.create("nightly", Role::Operator, DAY, Timestamp::now()).unwrap().secret;
    let key = [("Idempotency-Key", "one")];
    let begun = post(&served, &token, "/api/v1/sources/people/aggregate?mode=full", &key).await;
    assert_eq!(begun.status, 202, "{}", begun.body);
    let same = post(&served, &token, "/api/v1/sources/people/aggregate?mode=full", &key).await;
    assert_eq!(parsed(&same)["id"], parsed(&begun)["id"]);
    for other in [
        "/api/v1/sources/people/aggregate",
        "/api/v1/sources/people/aggregate?mode=delta",
        "/api/v1/sources/broken/aggregate?mode=full",
        "/api/v1/sources/people/test",
    ] {
        let refused = post(&served, &token, other, &key).await;
        assert!(refused.status == 422 && refused.body.contains("Idempotency-Key"), "{other}: {}", refused.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_of_a_file_that_was_replaced_end_and_a_file_that_can_not_be_read_is_no_verdict() {
    let place = Place::with_people().await;
    let served = place.serve();
    let now = Timestamp::now();
    let create = || Tokens::open(&place.store).unwrap().create("dashboard", Role::Viewer, DAY, now).unwrap().secret;
    let (first, file) = (create(), place.store.with_extension("access"));
    assert_eq!(ask(&served, &first, "/api/v1/sources").await.status, 200);
    for end in ["", "-wal", "-shm", "-journal"] {
        let _ = fs::remove_file(format!("{}{end}", file.display()));
    }
    assert_eq!(ask(&served, &first, "/api/v1/sources").await.status, 401, "the file is gone");
    let second = create();
    assert_eq!(ask(&served, &second, "/api/v1/sources").await.status, 200, "the new file counts");
    assert_eq!(ask(&served, &first, "/api/v1/sources").await.status, 401);
    fs::remove_file(&file).unwrap();
    fs::write(&file, "this is no database, but it is long enough to look like one to somebody in a hurry".repeat(20))
        .unwrap();
    let broken = ask(&served, &second, "/api/v1/sources").await;
    assert!(broken.status == 500 && broken.header("www-authenticate").is_none(), "{}: {}", broken.status, broken.body);
}
