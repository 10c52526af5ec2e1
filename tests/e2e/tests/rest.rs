//! A system that YAML describes, from its connector file to an applied plan.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Ended};
use connector_sandbox_acme::{Acme, KEY, fault};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

const ACME: &str = r#"
format: rest
title: Acme
description: People of Acme
grant_types: [api_key]
settings:
  url: {type: url, description: The address of Acme}
base_url: "{settings.url}/v2"
test: {get: /me, expect: body.active, instance: body.org}
errors: [{status: 400, when: body.code == 'cursor_expired', kind: expired}]
accounts:
  get: /users
  items: /data
  page: {cursor: {from: /next, as: cursor, expires: true}, end: no_cursor, total: /total}
  map:
    id: item.id
    name: item.login
    enabled: item.status == 'active'
    attributes:
      mail: {from: item.email, writable: always, write: /email}
      level: {from: item.level, type: integer, writable: always}
  one: {get: "/users/{id}", at: /user}
  find: {get: /users, query: {login: "{name}"}, items: /data}
  since: {query: updated_after, field: item.updated, overlap: 5m}
entitlements:
  group:
    title: Group
    get: /groups
    page: {offset: {as: offset}, end: {total: {header: X-Total-Count}}}
    map: {id: item.id, name: item.name}
  role: {title: Role, get: /roles, page: none, map: {id: item.id, name: item.name}}
assignments:
  - for_each: group
    get: "/groups/{parent.id}/members"
    items: /members
    page: {page: {as: page}, end: {last: /last}}
    map: {account: item.user_id}
    lookup: {get: "/groups/{entitlement.id}/members/{account.id}"}
  - {embedded: accounts, items: /roles, map: {entitlement: {role: item.id}}}
operations:
  create: {post: /users, body: {login: "{name}"}, attributes: "", id: /id}
  update: {put: "/users/{account.id}", read: {at: /user}, attributes: ""}
  disable: {post: "/users/{account.id}/suspend"}
  enable: {post: "/users/{account.id}/activate"}
  grant:
    group: {put: "/groups/{entitlement.id}/members/{account.id}", already: {status: 304}}
    role: {put: "/users/{account.id}", read: {at: /user}, add: {list: /roles, value: {id: "{entitlement.id}"}}}
  revoke:
    group: {delete: "/groups/{entitlement.id}/members/{account.id}", already: {status: 404}}
"#;

/// A project with the connector `acme` and the source `east`.
fn project(acme: &Acme, connector: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    run(&folder, &["init"]).expect_code(0);
    fs::create_dir(folder.path().join("connectors")).unwrap();
    write(&folder, "connectors/acme.yaml", connector);
    write(&folder, "secrets/acme.key", KEY);
    let key = folder.path().join("secrets/acme.key");
    fs::set_permissions(key, fs::Permissions::from_mode(0o600)).unwrap();
    let url = acme.base_url();
    let source = format!(
        "connector: acme\nauth: {{grant_type: api_key, header: X-Api-Key, secret_ref: \"file:secrets/acme.key\"}}\n\
         http: {{allow_insecure_loopback: true}}\nsettings: {{url: \"{}\"}}\n",
        url.trim_end_matches("/v2")
    );
    write(&folder, "sources/east.yaml", &source);
    folder
}

fn write(folder: &TempDir, name: &str, text: &str) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn run(folder: &TempDir, arguments: &[&str]) -> Ended {
    BINARY.run(folder.path(), arguments)
}

fn aggregate(folder: &TempDir, how: &[&str]) -> Value {
    let arguments = [&["aggregate", "east", "--output", "json"], how].concat();
    run(folder, &arguments).expect_code(0).json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_described_system_is_tested_read_and_changed_like_any_other() {
    let acme = Acme::start(20, 5).await;
    let folder = project(&acme, ACME);
    run(&folder, &["validate"]).expect_code(0);
    let tested = run(&folder, &["test", "east", "--output", "json"]).expect_code(0).json();
    let steps: Vec<_> = tested["steps"].as_array().unwrap().iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(steps, ["definition", "api_key", "credential", "api", "accounts", "entitlements", "assignments"]);

    let report = aggregate(&folder, &[]);
    let held: usize = (1..=5).map(|group| acme.members(&format!("g{group}")).len()).sum();
    let added = |what: &str| report[what]["added"].as_u64().unwrap();
    assert_eq!((added("accounts"), added("entitlements"), added("assignments")), (20, 7, held as u64 + 20));

    write(
        &folder,
        "plans/plan.yaml",
        "operations:\n\
         - create: {name: ann, attributes: {mail: ann@acme.example}, entitlements: [group/g1]}\n\
         - update: {account: p3, set: {level: 9}}\n\
         - disable: {account: p4}\n\
         - enable: {account: p5}\n\
         - grant: {account: p3, entitlement: role/r2}\n\
         - revoke: {account: p6, entitlement: group/g1}\n",
    );
    for expected in ["applied", "unchanged"] {
        let ended = run(&folder, &["provision", "east", "plans/plan.yaml", "--yes", "--output", "json"]).expect_code(0);
        let lines = ended.json_lines();
        let outcomes: Vec<_> = lines.iter().filter_map(|line| line["outcome"].as_str()).collect();
        assert!(!outcomes.is_empty() && outcomes.iter().all(|outcome| *outcome == expected), "{outcomes:?}");
    }
    assert_eq!((&acme.user(21)["email"], &acme.user(3)["level"]), (&json!("ann@acme.example"), &json!(9)));
    assert_eq!(acme.user(3)["roles"], json!([{"id": "r1"}, {"id": "r2"}]));
    assert!(acme.members("g1").contains(&21) && !acme.members("g1").contains(&6));

    let report = aggregate(&folder, &["--full"]);
    assert_eq!((&report["accounts"]["added"], &report["accounts"]["removed"]), (&json!(1), &json!(0)), "{report}");
    run(&folder, &["store", "check"]).expect_code(0);
}

/// The store after runs of changes is that of a full run, but for accounts that are gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_changes_sees_what_a_full_run_sees() {
    let acme = Acme::start(20, 5).await;
    let folder = project(&acme, ACME);
    aggregate(&folder, &[]);
    acme.set(2, "level", json!(77));
    acme.leave("g1", 12);
    acme.remove(13);
    let report = aggregate(&folder, &[]);
    assert_eq!((&report["mode"], &report["accounts"]["changed"]), (&json!("delta"), &json!(1)), "{report}");
    assert_eq!(report["assignments"]["removed"], json!(1), "what a group no longer has is gone: {report}");
    let report = aggregate(&folder, &["--full"]);
    assert_eq!((&report["accounts"]["changed"], &report["accounts"]["removed"]), (&json!(0), &json!(1)), "{report}");
    let assignments = (&report["assignments"]["added"], &report["assignments"]["removed"]);
    // The account that is gone held a role.
    assert_eq!(assignments, (&json!(0), &json!(1)), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_is_not_proven_removes_nothing() {
    let acme = Acme::start(20, 1).await;
    let page = "page: {cursor: {from: /next, as: cursor, expires: true}, end: no_cursor, total: /total}";
    let unproven = ACME.replace(page, "page: {cursor: {from: /next, as: cursor}, end: {short_page: 3}}");
    assert_ne!(unproven, ACME);
    let folder = project(&acme, &unproven);
    let first = aggregate(&folder, &["--full"]);
    assert_eq!(first["accounts"]["added"], 20);
    acme.remove(1);
    let report = aggregate(&folder, &["--full"]);
    assert_eq!(report["accounts"]["removed"], json!(0), "{report}");
    assert!(report.to_string().contains("short page"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_that_cannot_be_read_is_a_warning_and_removes_nothing() {
    let acme = Acme::start(20, 3).await;
    let folder = project(&acme, ACME);
    aggregate(&folder, &["--full"]);
    acme.instead("GET /v2/groups/g2/members", fault(403, "forbidden"));
    let report = aggregate(&folder, &["--full"]);
    assert_eq!(report["assignments"]["removed"], json!(0), "{report}");
    assert!(report.to_string().contains("what g2 has can't be read"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_test_is_replayed_without_the_system_and_its_key() {
    let acme = Acme::start(6, 2).await;
    let folder = project(&acme, ACME);
    let answers = folder.path().join("answers");
    let answers = answers.to_str().unwrap();
    let recorded = run(&folder, &["test", "east", "--record", answers]).expect_code(0);
    assert!(recorded.stderr.contains("personal data"), "{recorded:?}");
    for file in fs::read_dir(answers).unwrap() {
        assert!(!fs::read_to_string(file.unwrap().path()).unwrap().contains(KEY));
    }
    let again = run(&folder, &["test", "east", "--record", answers]);
    assert_eq!(again.code, Some(2), "recordings don't mix: {again:?}");
    drop(acme);
    fs::remove_file(folder.path().join("secrets/acme.key")).unwrap();
    let replayed = run(&folder, &["test", "east", "--replay", answers]).expect_code(0).stdout;
    assert!(replayed.contains("3 accounts on the first page"), "{replayed}");
    // A mapping that no longer fits shows offline.
    write(&folder, "connectors/acme.yaml", &ACME.replace("name: item.login", "name: item.username"));
    let changed = run(&folder, &["test", "east", "--replay", answers]).expect_code(1).stdout;
    assert!(changed.contains("`item.username` gives no value"), "{changed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_faults_of_a_description_are_shown_in_its_lines() {
    let acme = Acme::start(1, 1).await;
    let folder = project(&acme, &ACME.replace("name: item.login", "name: item.login | lowr"));
    let shown = run(&folder, &["validate"]).expect_code(2).stderr;
    assert!(shown.contains("connectors/acme.yaml:17:24") && shown.contains("did you mean `lower`?"), "{shown}");
    let folder = project(&acme, ACME);
    let source = folder.path().join("sources/east.yaml");
    let text = fs::read_to_string(&source).unwrap().replace("settings: {url: ", "settings: {ulr: ");
    fs::write(&source, text).unwrap();
    let shown = run(&folder, &["validate"]).expect_code(2).stderr;
    assert!(shown.contains("sources/east.yaml:4:12") && shown.contains("`url` is missing"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_of_a_described_system_and_one_inline_are_made_by_a_command() {
    let acme = Acme::start(1, 1).await;
    let folder = project(&acme, ACME);
    run(&folder, &["source", "new", "acme", "west"]).expect_code(0);
    run(&folder, &["source", "new", "rest", "inline"]).expect_code(0);
    run(&folder, &["validate", "inline"]).expect_code(0);
    let shown = run(&folder, &["connectors", "show", "acme"]).expect_code(0).stdout;
    assert!(shown.contains("url (required; a text)") && shown.contains("The address of Acme"), "{shown}");
}
