//! Promise: reading costs a known number of calls and bytes for each row. These counts are the same on every machine.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Project};
use connector_sandbox_salesforce::Options;
use serde_json::Value;
use std::fs;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));
const USERS: u64 = 10_000;

/// What 10,000 users cost now. A change that costs more than a tenth more needs a reason, and another number here.
const CALLS_BY_REST: u64 = 51;
const CALLS_WITH_JOBS: u64 = 57;
const CALLS_FOR_NO_CHANGE: u64 = 40;
const BYTES_FOR_A_USER: u64 = 1_940;
/// The beginning, the end, what is compared between them, and a portion of 16,384 rows of the merge each.
const COMMITS_BESIDE_PAGES: u64 = 12;

#[track_caller]
fn assert_costs(what: &str, now: u64, known: u64) {
    assert!(now * 10 <= known * 11, "{what}: {now}, and it was {known}");
}

fn aggregate(project: &Project, more: &[&str]) -> Value {
    project.run(&[&["aggregate", "salesforce", "--output", "json"], more].concat()).expect_code(0).json()
}

/// A full run, and how often it committed.
fn aggregate_and_count(project: &Project) -> (Value, u64) {
    let mut command = project.command(&["aggregate", "salesforce", "--output", "json", "--full"]);
    let output = command.env("RUST_LOG", "connector_store=trace").output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    let commits = log.lines().filter(|line| line.ends_with("committed")).count();
    (serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{log}")), commits as u64)
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_users_cost_no_more_calls_and_bytes_than_they_did() {
    let project = Project::start(BINARY, Options { users: USERS, ..Options::default() }).await;
    for (transport, known) in [("rest", CALLS_BY_REST), ("bulk", CALLS_WITH_JOBS)] {
        project.write_source(&format!("settings: {{transport: {transport}}}\n"));
        let _ = fs::remove_dir_all(project.path(".connector"));
        let (first, commits) = aggregate_and_count(&project);
        let calls = first["api_calls"].as_u64().unwrap();
        assert_costs(&format!("calls, {transport}"), calls, known);
        // How many pages share a commit depends on how fast they come. On the slowest machine, each has one of its own.
        let most = calls + COMMITS_BESIDE_PAGES;
        assert!((3..=most).contains(&commits), "commits, {transport}: {commits}, and at most {most}");
        let bytes = fs::metadata(project.path(".connector/store.db")).unwrap().len();
        assert_costs(&format!("bytes for a user, {transport}"), bytes / USERS, BYTES_FOR_A_USER);
    }
    // The first one counts what the store has.
    aggregate(&project, &["--delta"]);
    let unchanged = aggregate(&project, &["--delta"]);
    assert_eq!(unchanged["mode"], "delta", "{unchanged}");
    assert_costs("calls of a run of changes", unchanged["api_calls"].as_u64().unwrap(), CALLS_FOR_NO_CHANGE);
}
