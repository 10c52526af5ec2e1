//! The main job, end to end: what a user reads is what the org has.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use connector_e2e::{Bare, Binary, Project, Running};
use connector_sandbox_salesforce::{Fault, Moment, Options};

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

async fn project(options: Options) -> Project {
    Project::start(BINARY, options).await
}

fn small() -> Options {
    Options { users: 500, max_page: 200, ..Options::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connection_test_names_every_step_in_order() {
    let project = project(small()).await;
    let report = project.run(&["test", "salesforce", "--output", "json"]).expect_code(0).json();
    let names: Vec<_> = report["steps"].as_array().unwrap().iter().map(|step| step["name"].as_str().unwrap()).collect();
    let expected =
        ["definition", "private_key", "certificate", "assertion", "access_token", "api", "permissions", "platform"];
    assert_eq!(names, expected);
    assert_eq!(report["ok"], true);
    assert_eq!(report["source"], "salesforce");
    assert_eq!(report["connector"], "salesforce");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_aggregation_reads_every_account_and_every_assignment() {
    let project = project(small()).await;
    let report = project.run(&["aggregate", "salesforce", "--output", "json"]).expect_code(0).json();
    let truth = Bare::sign_in(&project).await.truth().await;
    assert_eq!(report["status"], "succeeded");
    assert_eq!(report["mode"], "full");
    assert_eq!(report["resumed"], false);
    assert_eq!(report["accounts"]["seen"], truth.users.len());
    assert_eq!(report["accounts"]["added"], truth.users.len());
    assert_eq!(report["entitlements"]["seen"], truth.entitlements.len());
    assert_eq!(report["assignments"]["seen"], truth.assignments.len());

    let accounts = project.run(&["accounts", "salesforce", "--output", "json"]).expect_code(0).json_lines();
    let ids: Vec<_> = accounts.iter().map(|account| account["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, truth.users);
    let held: Vec<_> = accounts
        .iter()
        .flat_map(|account| {
            let held = account["entitlements"].as_array().unwrap().iter();
            held.map(move |held| format!("{} {}/{}", text(&account["id"]), text(&held["type"]), text(&held["id"])))
        })
        .collect();
    assert_eq!(sorted(held), truth.assignments);
    let entitlements = project.run(&["entitlements", "salesforce", "--output", "json"]).expect_code(0).json_lines();
    let entitlements = entitlements.iter().map(|row| format!("{}/{}", text(&row["type"]), text(&row["id"]))).collect();
    assert_eq!(sorted(entitlements), truth.entitlements);

    let again = project.run(&["aggregate", "salesforce", "--full", "--output", "json"]).expect_code(0).json();
    assert_eq!(again["accounts"]["unchanged"], truth.users.len());
    assert_eq!(again["accounts"]["added"], 0);
    assert_eq!(again["assignments"]["added"], 0);
    assert_eq!(again["assignments"]["removed"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_and_rest_give_the_same_store() {
    let project = project(Options { max_result_page: 120, ..small() }).await;
    let answers = |store: &str, transport: &str| {
        project.write_source(&format!("settings: {{transport: {transport}, custom_fields: all}}\n"));
        let run = |arguments: &[&str]| project.run(&[&["--store", store], arguments].concat()).expect_code(0);
        let report = run(&["aggregate", "salesforce", "--output", "json"]).json();
        run(&["store", "check"]);
        let exports = ["accounts", "entitlements", "assignments"]
            .map(|what| run(&["export", "salesforce", "--what", what, "--format", "csv"]).stdout);
        (report, exports)
    };
    let (_, by_rest) = answers("rest.db", "rest");
    let (_, by_job) = answers("bulk.db", "bulk");
    assert!(by_rest == by_job, "the exports differ");
    assert!(by_rest.iter().all(|export| export.lines().count() > 20));
    // A change of the transport is no change of the accounts.
    for (store, transport) in [("rest.db", "bulk"), ("bulk.db", "rest")] {
        let (report, exports) = answers(store, transport);
        assert_eq!(report["accounts"]["unchanged"], 500, "{report}");
        assert_eq!((&report["assignments"]["added"], &report["assignments"]["removed"]), (&0.into(), &0.into()));
        assert!(exports == by_rest, "the exports differ after a change to {transport}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_fresh_stores_of_one_org_give_the_same_files() {
    let options = Options { latency: std::time::Duration::from_millis(3), max_page: 50, ..small() };
    let project = project(options).await;
    let answers = |store: &str, concurrency: u8| {
        project.write_source(&format!("aggregation:\n  concurrency: {concurrency}\n"));
        let run = |arguments: &[&str]| project.run(&[&["--store", store], arguments].concat()).expect_code(0).stdout;
        run(&["aggregate", "salesforce"]);
        let assignments = run(&["export", "salesforce", "--what", "assignments", "--format", "csv"]);
        let diff = run(&["diff", "salesforce", "--output", "csv"]);
        assert!(assignments.lines().count() > 1_000 && diff.lines().count() > 1_000);
        assignments + &diff
    };
    let one = answers("one.db", 1);
    for (store, concurrency) in [("several.db", 3), ("many.db", 8)] {
        assert!(answers(store, concurrency) == one, "another order with a concurrency of {concurrency}");
    }
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap()
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_in_the_org_is_what_diff_shows() {
    let project = project(small()).await;
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let org = project.sandbox.org();
    let users: Vec<_> = (20..23).map(|number| org.user_id(number)).collect();
    org.set(&users[0], "Department", "Moved").unwrap();
    org.remove(&users[1]).unwrap();
    org.freeze(&users[2], true).unwrap();
    org.add_user(&[("Username", "newcomer@acme.example".into()), ("LastName", "Comer".into())]).unwrap();
    let report = project.run(&["aggregate", "salesforce", "--output", "json"]).expect_code(0).json();
    assert_eq!(report["accounts"]["added"], 1, "{report}");
    assert_eq!(report["accounts"]["removed"], 1, "{report}");
    assert_eq!(report["accounts"]["changed"], 2, "{report}");

    let shown = project.run(&["diff", "salesforce", "--output", "json"]).expect_code(0).stdout;
    for wanted in ["Moved", "newcomer@acme.example", users[0].as_str(), users[1].as_str(), users[2].as_str()] {
        assert!(shown.contains(wanted), "{wanted} is missing in {shown}");
    }
    let locked = project.run(&["accounts", "salesforce", "--where", "locked", "--output", "json"]).expect_code(0);
    assert!(locked.stdout.contains(users[2].as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_is_not_listed_as_held_and_what_follows_is_on_request() {
    let project = project(small()).await;
    let org = project.sandbox.org();
    // Each user's first row is the profile's own set.
    let row = (0..).map_while(|number| org.id_of("PermissionSetAssignment", number).ok());
    let mut rows = row.filter(|row| org.field(row, "PermissionSetGroupId").is_ok_and(|group| group.is_string()));
    let (ended, lasting) = (rows.next().unwrap(), rows.next().unwrap());
    let held = |row: &str, field: &str| text(&org.field(row, field).unwrap()).to_owned();
    org.set(&ended, "ExpirationDate", "2021-01-31T00:00:00.000+0000").unwrap();
    project.run(&["aggregate", "salesforce"]).expect_code(0);

    let (user, group) = (held(&ended, "AssigneeId"), held(&ended, "PermissionSetGroupId"));
    let shown = project.run(&["account", "salesforce", &user]).expect_code(0);
    assert!(
        shown.stderr.contains("1 expired assignment is not listed; use --all-states to list it"),
        "{}",
        shown.stderr
    );
    let of = |user: &str, option: &str| {
        let arguments = ["account", "salesforce", user, "--output", "json", option];
        let shown = project.run(&arguments[..if option.is_empty() { 5 } else { 6 }]).expect_code(0).json();
        shown["entitlements"].as_array().unwrap().clone()
    };
    assert!(!of(&user, "").iter().any(|one| text(&one["id"]) == group));
    let expired: Vec<_> = of(&user, "--all-states").into_iter().filter(|one| one["state"] == "expired").collect();
    assert_eq!((expired.len(), text(&expired[0]["id"])), (1, group.as_str()));

    let (user, group) = (held(&lasting, "AssigneeId"), held(&lasting, "PermissionSetGroupId"));
    let through =
        |one: &serde_json::Value| one["path"] == serde_json::json!([{"type": "permission_set_group", "id": group}]);
    assert!(of(&user, "--effective").iter().any(|one| one["type"] == "permission_set" && through(one)));
    let shown = project.run(&["account", "salesforce", &user, "--effective"]).expect_code(0).stdout;
    assert!(shown.contains("through") && shown.contains("permission_set_group/"), "{shown}");
    let shown = project.run(&["entitlement", "salesforce", &format!("permission_set_group/{group}")]).expect_code(0);
    assert!(shown.stdout.contains("Holds 3"), "{}", shown.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn api_calls_stay_near_the_number_of_pages() {
    let users = 20_000;
    let project = project(Options { users, ..Options::default() }).await;
    let report = project.run(&["aggregate", "salesforce", "--output", "json"]).expect_code(0).json();
    let pages = Bare::sign_in(&project).await.truth().await.pages;
    let calls = report["api_calls"].as_u64().unwrap();
    // A few calls don't grow with the org: sign-in, versions, describe, counts, one page for each small object.
    let fixed = 30;
    assert!(calls * 10 <= pages * 11 + fixed * 10, "{calls} calls for {pages} pages");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_that_vanished_removes_nothing_and_says_so() {
    let project = project(small()).await;
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let before = project.snapshot();
    let org = project.sandbox.org();
    for number in 5..205 {
        org.remove(&org.user_id(number)).unwrap();
    }
    let ended = project.run(&["aggregate", "salesforce", "--output", "json"]).expect_code(4);
    assert_eq!(ended.json()["status"], "refused");
    assert_eq!(project.snapshot(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_session_is_renewed_in_the_middle() {
    let project = project(small()).await;
    project.sandbox.set_faults(vec!["session-expiry:6".parse::<Fault>().unwrap()]);
    project.run(&["aggregate", "salesforce"]).expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_by_ctrl_c_it_says_so_and_goes_on_later() {
    let project = project(small()).await;
    let command = project.command(&["aggregate", "salesforce", "--output", "json"]);
    let (mut running, is_held) = Running::held(command, &project.sandbox, Moment::Requests(8)).await;
    assert!(is_held, "it ended too early: {:?}", running.end());
    running.interrupt();
    // It does not wait for what it only reads.
    let report = running.end().expect_code(130).json();
    project.sandbox.release();
    assert_eq!(report["status"], "interrupted");
    let report = project.run(&["aggregate", "salesforce", "--output", "json"]).expect_code(0).json();
    assert_eq!(report["resumed"], true);
    assert_eq!(report["accounts"]["seen"], project.sandbox.org().counts()["User"]);
}

/// A sign-in or any write updates these; they would drown what matters.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_alone_is_no_difference() {
    let project = Project::start(BINARY, Options { users: 20, ..Options::default() }).await;
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let (org, user) = (project.sandbox.org(), project.sandbox.org().user_id(5));
    for field in ["LastLoginDate", "LastModifiedDate", "SystemModstamp"] {
        org.set(&user, field, "2027-01-02T03:04:05.000+0000").unwrap();
    }
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let quiet = project.run(&["diff", "salesforce", "--output", "json"]).expect_code(0).stdout;
    assert!(quiet.lines().count() == 1 && quiet.starts_with("{\"summary\""), "{quiet}");
    org.set(&user, "Title", "Head of Sales").unwrap();
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let changed = project.run(&["diff", "salesforce", "--output", "json"]).expect_code(0).stdout;
    assert!(changed.contains("\"Title\"") && !changed.contains("SystemModstamp"), "{changed}");
}
