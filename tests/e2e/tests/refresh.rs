//! `connector refresh`: a few accounts, and what they hold, as they are now.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Project, Running};
use connector_sandbox_salesforce::{Moment, Options, Org};
use serde_json::{Value, json};

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

async fn aggregated() -> Project {
    let project = Project::start(BINARY, Options { users: 300, territories: true, ..Options::default() }).await;
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    project
}

fn name_of(org: &Org, user: &str) -> String {
    org.field(user, "Username").unwrap().as_str().unwrap().to_owned()
}

/// An assignment of a user that can be taken away: the last one is no set that the profile owns.
fn assignment_of(org: &Org, user: &str) -> String {
    let rows = (0..).map_while(|row| org.id_of("PermissionSetAssignment", row).ok());
    let of_user = |row: &String| org.field(row, "AssigneeId").is_ok_and(|assignee| assignee == user);
    rows.take(900).filter(of_user).last().unwrap()
}

fn set_not_held(org: &Org, user: &str) -> String {
    let held = org.holdings(user).unwrap();
    let sets = (20..60).map(|number| org.id_of("PermissionSet", number).unwrap());
    sets.into_iter().find(|set| !held.iter().any(|(_, id)| id == set)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_of_an_account_is_there_at_once_and_all_others_stay() {
    let project = aggregated().await;
    let (org, user) = (project.sandbox.org(), project.sandbox.org().user_id(40));
    org.set(&user, "Title", "Chief").unwrap();
    org.freeze(&user, true).unwrap();
    let (given, taken) = (set_not_held(org, &user), assignment_of(org, &user));
    org.assign_permission_set(&user, &given).unwrap();
    org.remove(&taken).unwrap();
    org.set(&org.user_id(41), "Title", "Not read").unwrap();
    let name = name_of(org, &user);
    let report = project.run(&["refresh", "salesforce", &name, "--output", "json"]).expect_code(0).json();
    assert_eq!((&report["mode"], &report["status"]), (&json!("refresh"), &json!("succeeded")), "{report}");
    assert_eq!((&report["accounts"]["seen"], &report["accounts"]["changed"]), (&json!(1), &json!(1)), "{report}");
    assert_eq!(
        (&report["assignments"]["added"], &report["assignments"]["removed"]),
        (&json!(1), &json!(1)),
        "{report}"
    );
    assert!(report["api_calls"].as_u64().unwrap() <= 14, "{report}");
    assert_eq!(report["warnings"], json!([]));
    let account = project.run(&["account", "salesforce", &user, "--output", "json"]).expect_code(0).json();
    assert_eq!((&account["locked"], &account["attributes"]["Title"]), (&json!(true), &json!("Chief")));
    assert!(account["entitlements"].as_array().unwrap().iter().any(|held| held["id"] == given));
    let shown = project.run(&["diff", "salesforce", "--output", "json"]).expect_code(0).stdout;
    assert!(shown.contains("Chief") && shown.contains(&given) && !shown.contains("Not read"), "{shown}");

    // The runs after it see nothing new of this account, and what they missed of others.
    let changes = project.run(&["aggregate", "salesforce", "--delta", "--output", "json"]).expect_code(0).json();
    assert_eq!((&changes["mode"], &changes["accounts"]["changed"]), (&json!("delta"), &json!(1)), "{changes}");
    let before = project.snapshot();
    let all = project.run(&["aggregate", "salesforce", "--full", "--output", "json"]).expect_code(0).json();
    assert_eq!((&all["accounts"]["changed"], &all["assignments"]["added"]), (&json!(0), &json!(0)), "{all}");
    assert_eq!(project.snapshot(), before);
    let runs = project.run(&["runs", "salesforce", "--output", "json"]).expect_code(0).stdout;
    assert!(runs.contains("\"refresh\""), "{runs}");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_accounts_are_read_and_one_that_is_not_shown_is_kept() {
    let project = aggregated().await;
    let org = project.sandbox.org();
    let users = [30, 31, 32].map(|number| org.user_id(number));
    for user in &users[..2] {
        org.set(user, "Department", "Moved").unwrap();
    }
    let name = name_of(org, &users[2]);
    org.remove(&users[2]).unwrap();
    let newcomer = project.add_user("newcomer@acme.example");
    let wanted =
        ["refresh", "salesforce", &users[0], &users[0], &name_of(org, &users[1]), &name, "newcomer@acme.example"];
    let ended = project.run(&[&wanted[..], &["--output", "json"]].concat()).expect_code(1);
    let report = ended.json();
    let accounts = &report["accounts"];
    assert_eq!((&accounts["changed"], &accounts["added"], &accounts["removed"]), (&json!(2), &json!(1), &json!(0)));
    let warning = report["warnings"][0].as_str().unwrap();
    assert!(warning.contains(&name) && warning.contains("keeps"), "{warning}");
    for user in [&users[2], &newcomer] {
        project.run(&["account", "salesforce", user]).expect_code(0);
    }
    let ended = project.run(&["refresh", "salesforce", "nobody@acme.example"]).expect_code(1);
    assert!(ended.stderr.contains("nobody@acme.example"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_accounts_than_one_query_can_name_are_all_read() {
    let project = aggregated().await;
    let org = project.sandbox.org();
    let users: Vec<String> = (0..250).map(|number| org.user_id(number)).collect();
    for user in &users {
        org.set(user, "Title", "Chief").unwrap();
    }
    let names: Vec<&str> = users.iter().map(String::as_str).collect();
    let report =
        project.run(&[&["refresh", "salesforce", "--output", "json"], &names[..]].concat()).expect_code(0).json();
    assert_eq!((&report["accounts"]["seen"], &report["accounts"]["changed"]), (&json!(250), &json!(250)), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_run_of_the_source_is_disturbed() {
    let project = Project::start(BINARY, Options { users: 400, max_page: 100, ..Options::default() }).await;
    let user = project.sandbox.org().user_id(40);
    let refresh = |code: i32| {
        let ended = project.run(&["refresh", "salesforce", &user, "--output", "json"]).expect_code(code);
        serde_json::from_str::<Value>(&ended.stderr).map_or(ended.stderr, |error| error["error"]["message"].to_string())
    };
    let command = project.command(&["aggregate", "salesforce"]);
    let (mut running, is_held) = Running::held(command, &project.sandbox, Moment::Requests(14)).await;
    assert!(is_held);
    let why = refresh(4);
    assert!(why.contains("aggregating") || why.contains("another"), "{why}");
    running.interrupt();
    running.end().expect_code(130);
    project.sandbox.release();
    let why = refresh(4);
    assert!(why.contains("is not finished"), "{why}");
    let report = project.run(&["aggregate", "salesforce", "--output", "json"]).expect_code(0).json();
    assert_eq!(report["resumed"], true);
    refresh(0);
}
