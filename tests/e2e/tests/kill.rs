//! Promise: a kill at any moment loses nothing that was committed and repeats nothing.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use connector_e2e::{Bare, Binary, Project, Running};
use connector_sandbox_salesforce::{Moment, Options};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::fs;
use std::time::Duration;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));
const LATENCY: Duration = Duration::from_millis(15);

fn copy_store(project: &Project, from: &str, to: &str) {
    let _ = fs::remove_dir_all(project.path(to));
    fs::create_dir(project.path(to)).unwrap();
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        if project.path(from).join(name).exists() {
            fs::copy(project.path(from).join(name), project.path(to).join(name)).unwrap();
        }
    }
}

const AGGREGATE: [&str; 4] = ["aggregate", "salesforce", "--output", "json"];

/// Starts an aggregation and ends it at one of its `length` requests, or a little later, by a loss of power, a service manager or
/// Ctrl-C. Says whether it was at work.
async fn kill(project: &Project, random: &mut ChaCha8Rng, length: u64) -> bool {
    let moment = Moment::Requests(project.sandbox.requests().total + random.random_range(1..=length));
    let (mut running, is_held) = Running::held(project.command(&AGGREGATE), &project.sandbox, moment).await;
    if random.random_bool(0.5) {
        // Also while answers come in and are written, not only while it waits for one.
        project.sandbox.release();
        tokio::time::sleep(random.random_range(Duration::ZERO..LATENCY * 4)).await;
    }
    let at_work = is_held && !running.has_ended();
    match random.random_range(0..4) {
        // The answers may still be held back: they must not be waited for.
        0 => drop(running.end_with("-TERM")),
        1 => drop(running.end_with("-INT")),
        _ => running.kill(),
    }
    project.sandbox.release();
    at_work
}

/// The counts of a report that must not depend on how often the run was killed.
fn counts(report: &serde_json::Value) -> String {
    ["accounts", "entitlements", "assignments"].map(|what| format!("{what}: {}", report[what])).join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments_the_store_ends_as_if_undisturbed() {
    let options = Options { users: 900, max_page: 200, latency: LATENCY, ..Options::default() };
    killed_at_random(options, "rest", 60).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_jobs_are_made_awaited_and_read_the_store_ends_as_if_undisturbed() {
    let faults = vec!["job-slow:1".parse().unwrap()];
    let options = Options { users: 900, max_result_page: 200, faults, latency: LATENCY, ..Options::default() };
    killed_at_random(options, "bulk", 40).await;
}

async fn killed_at_random(options: Options, transport: &str, most_kills: u32) {
    let project = Project::start(BINARY, options).await;
    // The change below takes away more than the guard allows.
    project.write_source(&format!("settings: {{transport: {transport}}}\naggregation: {{delete_threshold: 50%}}\n"));
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    copy_store(&project, ".connector", "before");

    // Between the two aggregations the org changes: people leave, move, and lose and gain rights.
    change_the_org(&project).await;
    project.sandbox.clear_requests();
    let undisturbed = project.run(&AGGREGATE).expect_code(0).json();
    let length = project.sandbox.requests().total;
    let expected = project.snapshot();
    assert_ne!(undisturbed["accounts"]["removed"], 0);
    assert_ne!(undisturbed["accounts"]["changed"], 0);
    assert_ne!(undisturbed["assignments"]["removed"], 0);

    let seed = 7;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut kills, mut resumed) = (0, 0);
    while kills < most_kills {
        copy_store(&project, "before", ".connector");
        // Every run is ended up to three times, then left alone.
        for _ in 0..3 {
            if !kill(&project, &mut random, length).await {
                break;
            }
            kills += 1;
        }
        let report = project.run(&AGGREGATE).expect_code(0).json();
        // A kill after the last commit leaves nothing to resume: the next run is a new one, to which nothing is new.
        let runs = project.run(&["runs", "salesforce", "--output", "json"]).expect_code(0).json();
        if runs.as_array().unwrap().len() == 2 {
            resumed += u32::from(report["resumed"] == true);
            assert_eq!(counts(&report), counts(&undisturbed), "seed {seed}, after {kills} kills");
        }
        assert_eq!(project.snapshot(), expected, "seed {seed}, after {kills} kills");
    }
    assert!(resumed > 5, "only {resumed} runs were caught in the middle: the test shows nothing");
}

async fn change_the_org(project: &Project) {
    let org = project.sandbox.org();
    let bare = Bare::sign_in(project).await;
    for (number, row) in bare.rows("SELECT Id FROM User ORDER BY Id").await.iter().enumerate().skip(10) {
        let user = row["Id"].as_str().unwrap();
        match number % 40 {
            0 => org.remove(user).unwrap(),
            1 => org.set(user, "Department", "Moved").unwrap(),
            2 => org.freeze(user, true).unwrap(),
            _ => {}
        }
    }
    let sets = "SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.IsOwnedByProfile = false";
    for row in bare.rows(sets).await.iter().step_by(7) {
        org.remove(row["Id"].as_str().unwrap()).unwrap();
    }
    org.add_user(&[("Username", "newcomer@acme.example".into()), ("LastName", "Comer".into())]).unwrap();
}
