//! Promise: whatever fails between Connector and the source, it is waited for or named, and never a shorter list.
//!
//! Each row is a fault, and what it does to each step: a test of the connection, a run by REST, a run with query jobs, a run of
//! changes, a plan.
//! After the fault ends, every step does all its work.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Ended, Project};
use connector_sandbox_salesforce::Options;
use serde_json::json;
use std::fs;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

/// What becomes of a step: `Done`, or the kind of its error and a part of the message or the help.
use Outcome::{Done, Fails};

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Done,
    Fails(&'static str, &'static str),
}

struct Row {
    fault: &'static str,
    outcomes: [Outcome; 4],
}

const fn row(fault: &'static str, outcomes: [Outcome; 4]) -> Row {
    Row { fault, outcomes }
}

const MATRIX: &[Row] = &[
    // fault, test of the connection, run by REST, run with query jobs, plan
    row("token-html", [Fails("unavailable", "web page instead of a token"); 4]),
    row("foreign-instance-url:https://collector.example", [Fails("auth", "`collector.example`"); 4]),
    row("html-200", [Fails("protocol", "web page"); 4]),
    row("503:2", [Done; 4]),
    row("503:1", [Fails("unavailable", "Server too busy"); 4]),
    row("empty-200:5", [Done; 4]),
    row("session-expiry:25", [Done; 4]),
    row("session-expiry-once:5", [Done; 4]),
    row("request-limit:1", [Fails("quota", "last 24 hours"); 4]),
    row("request-limit:9", [Fails("quota", "last 24 hours"); 4]),
    row("concurrent-limit:3", [Done; 4]),
    row("moved:6", [Done; 4]),
    row("moved-session:6", [Done; 4]),
    row("reset:4", [Done; 4]),
    row("reset:1", [Fails("unavailable", "broke before a response"); 4]),
    row("cut:3", [Done; 4]),
    row("query-timeout:100", [Done; 4]),
    row("truncate-page:3", [Fails("protocol", "is cut off after"); 4]),
    row(
        "repeat-page",
        [
            Done,
            Fails("protocol", "record 1 of the response"),
            Fails("protocol", "record 1 of the response"),
            Fails("protocol", "record 1 of the response"),
        ],
    ),
    row("wrong-type-page", [Fails("protocol", "belongs to another object"); 4]),
    row("missing-id", [Fails("protocol", "has no `Id`"); 4]),
    row("drop-rows", [Fails("protocol", "complete with 1 records, but has 0"); 4]),
    row("bulk-off", [Done, Done, Fails("permission", "API Enabled"), Done]),
    row("bulk-refuses:GroupMember", [Done; 4]),
    row("job-fails:1", [Done; 4]),
    row("job-fails", [Done, Done, Fails("expired", "transport: rest"), Done]),
    row("job-aborted:1", [Done; 4]),
    row("job-slow:2", [Done; 4]),
    row("results-expired:3", [Done; 4]),
    row("locator-missing", [Done, Done, Fails("protocol", "whether more pages follow"), Done]),
    row("lock-row:3", [Done; 4]),
    row("heavy-trigger:2", [Done; 4]),
    row("lost-answer:2", [Done; 4]),
];

/// Checks how a step ended, and returns whether it is done.
#[track_caller]
fn check(ended: &Ended, expected: Outcome, what: &str) -> bool {
    let shown = format!("{}{}", ended.stdout, ended.stderr);
    match expected {
        Done => assert_eq!(ended.code, Some(0), "{what}: {shown}"),
        Fails(kind, part) => {
            assert!(matches!(ended.code, Some(1 | 3)), "{what}: {:?} {shown}", ended.code);
            assert!(shown.contains(part), "{what}: {part:?} is not in {shown}");
            // The report of a test has no kinds.
            assert!(shown.contains(&format!("\"kind\":\"{kind}\"")) || shown.contains("\"steps\""), "{what}: {shown}");
        }
    }
    matches!(expected, Done)
}

async fn org(transport: &str) -> Project {
    let options = Options { users: 150, max_page: 200, max_result_page: 150, ..Options::default() };
    let project = Project::start(BINARY, options).await;
    project.write_source(&format!("settings: {{transport: {transport}}}\naggregation: {{delete_threshold: 50%}}\n"));
    project
}

fn set(project: &Project, fault: &str) {
    project.sandbox.set_faults(vec![fault.parse().unwrap()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_waited_for_or_named_by_a_test_of_the_connection() {
    let project = org("auto").await;
    for Row { fault, outcomes } in MATRIX {
        set(&project, fault);
        check(&project.run(&["test", "salesforce", "--output", "json"]), outcomes[0], fault);
    }
    project.sandbox.set_faults(Vec::new());
    project.run(&["test", "salesforce"]).expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_waited_for_or_named_by_a_run_by_rest() {
    runs("rest", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_waited_for_or_named_by_a_run_with_query_jobs() {
    runs("bulk", 2).await;
}

/// A run into an empty store and one into a full store, under each fault. Neither may leave anything out or mark anything as
/// removed.
async fn runs(transport: &str, column: usize) {
    const AGGREGATE: [&str; 5] = ["aggregate", "salesforce", "--full", "--output", "json"];
    let project = org(transport).await;
    project.run(&AGGREGATE).expect_code(0);
    let expected = project.snapshot();
    for Row { fault, outcomes } in MATRIX {
        // What lasts is waited for, so once is enough.
        let lasts = matches!(outcomes[column], Fails("unavailable", _));
        if !lasts {
            fs::remove_dir_all(project.path(".connector")).unwrap();
        }
        // Both transports write into a full store in the same way.
        let runs = if lasts {
            2..3
        } else if transport == "rest" {
            1..3
        } else {
            1..2
        };
        for run in runs {
            set(&project, fault);
            let done = check(&project.run(&AGGREGATE), outcomes[column], &format!("{fault}, run {run}"));
            project.sandbox.set_faults(Vec::new());
            if run == 1 && !done {
                project.run(&AGGREGATE).expect_code(0);
            }
            assert!(project.snapshot() == expected, "{fault}, run {run}: something is missing");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_leaves_a_run_of_changes_with_everything_or_an_error() {
    const CHANGES: [&str; 5] = ["aggregate", "salesforce", "--delta", "--output", "json"];
    let project = org("auto").await;
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let expected = project.snapshot();
    for Row { fault, outcomes } in MATRIX {
        // What lasts is waited for: the other steps show it.
        if !matches!(outcomes[1], Fails("unavailable", _)) {
            set(&project, fault);
            let ended = project.run(&CHANGES);
            assert!(matches!(ended.code, Some(0 | 1 | 3)), "{fault}: {ended:?}");
            assert!(project.snapshot() == expected, "{fault}: something is missing");
            project.sandbox.set_faults(Vec::new());
        }
    }
    project.run(&CHANGES).expect_code(0);
    assert!(project.snapshot() == expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_waited_for_or_named_by_a_plan_and_nothing_is_done_twice() {
    const APPLY: [&str; 6] = ["provision", "salesforce", "plan.ndjson", "--yes", "--output", "json"];
    let project = org("auto").await;
    for (number, Row { fault, outcomes }) in MATRIX.iter().enumerate() {
        let operations = write_plan(&project, number);
        set(&project, fault);
        check(&project.run(&APPLY), outcomes[3], fault);
        project.sandbox.set_faults(Vec::new());
        let resumed = project.run(&[&APPLY[..], &["--resume"]].concat()).expect_code(0);
        let summary = resumed.json_lines().pop().unwrap()["summary"].clone();
        assert_eq!(
            summary["applied"].as_u64().unwrap() + summary["unchanged"].as_u64().unwrap(),
            operations,
            "{fault}"
        );
        assert_eq!((summary["failed"].as_u64(), summary["pending"].as_u64()), (Some(0), Some(0)), "{fault}");
        let again = project.run(&APPLY).expect_code(0).json_lines().pop().unwrap()["summary"].clone();
        assert_eq!(again["unchanged"].as_u64(), Some(operations), "{fault}: {again}");
    }
}

/// A plan that changes accounts of its own. Returns how many operations it has.
fn write_plan(project: &Project, number: usize) -> u64 {
    let mut plan = Vec::new();
    for part in 0..6 {
        let account = format!("old{number}-{part}@acme.example");
        project.add_user(&account);
        plan.push(json!({"update": {"account": account, "set": {"Department": "Finance"}}}));
        plan.push(json!({"grant": {"account": account, "entitlement": "permission_set/Sales_Ops"}}));
        plan.push(json!({"create": {"name": format!("new{number}-{part}@acme.example"),
            "attributes": {"LastName": "New", "Profile": "Standard User"}}}));
    }
    plan.push(json!({"disable": {"account": format!("old{number}-0@acme.example")}}));
    let lines: Vec<_> = plan.iter().map(|operation| format!("{operation}\n")).collect();
    fs::write(project.path("plan.ndjson"), lines.concat()).unwrap();
    plan.len() as u64
}
