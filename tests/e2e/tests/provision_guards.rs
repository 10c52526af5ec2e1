//! What keeps a plan from being applied, and what a signal leaves behind.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Project, Running};
use connector_keys::PrivateKey;
use connector_sandbox_salesforce::{Moment, Options};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::fs;
use std::process::Stdio;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));
const APPLY: [&str; 6] = ["provision", "salesforce", "plan.yaml", "--yes", "--output", "json"];

async fn project() -> Project {
    Project::start(BINARY, Options { users: 60, ..Options::default() }).await
}

/// Adds users `u0`, `u1`, … and writes a plan that locks each of them and then gives it a title.
fn write_plan(project: &Project, users: usize) {
    let mut plan = Vec::new();
    for number in 0..users {
        let name = format!("u{number}@acme.example");
        project.add_user(&name);
        plan.push(format!("- lock: {{account: {name}}}\n- update: {{account: {name}, set: {{Title: Clerk}}}}\n"));
    }
    fs::write(project.path("plan.yaml"), plan.concat()).unwrap();
}

/// Starts the plan and waits until the org, which then holds its answers back, has got so far with it.
async fn held(project: &Project, moment: Moment) -> Running {
    let (running, is_held) = Running::held(project.command(&APPLY), &project.sandbox, moment).await;
    assert!(is_held, "it ended before {moment:?}: {:?}", running.end());
    running
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_plan_is_refused_before_anything_is_sent() {
    let project = project().await;
    fs::write(
        project.path("plan.yaml"),
        "- updaet: {account: bob@acme.example}\n- grant: {account: bob@acme.example}\n",
    )
    .unwrap();
    let ended = project.run(&APPLY).expect_code(2);
    assert!(ended.stderr.contains("updaet") && ended.stderr.contains("entitlement"), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
    assert_eq!(project.sandbox.requests().total, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_org_does_not_know_is_told_apart_and_changes_nothing() {
    let project = project().await;
    write_plan(&project, 1);
    let other = PrivateKey::generate(2048).unwrap();
    project.write_secret("salesforce.key", other.to_pkcs8_pem(None).unwrap().expose_secret());
    let source = fs::read_to_string(project.path("sources/salesforce.yaml")).unwrap();
    let without = source.replace("  certificate_ref: file:secrets/salesforce.crt\n", "");
    fs::write(project.path("sources/salesforce.yaml"), without).unwrap();
    let ended = project.run(&APPLY).expect_code(3);
    assert!(ended.stderr.contains("certificate"), "{}", ended.stderr);
    assert_eq!(project.sandbox.org().writes(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_where_nobody_is_there() {
    let project = project().await;
    write_plan(&project, 1);
    let ended = project.run(&["provision", "salesforce", "plan.yaml"]).expect_code(2);
    assert!(ended.stderr.contains("--preview") && ended.stderr.contains("--yes"), "{}", ended.stderr);
    assert_eq!(project.sandbox.requests().total, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_changes_nothing() {
    let project = project().await;
    write_plan(&project, 2);
    let preview = ["provision", "salesforce", "plan.yaml", "--preview", "--output", "json"];
    let lines = project.run(&preview).expect_code(0).json_lines();
    assert_eq!(lines.len(), 5);
    assert!(lines[..4].iter().all(|line| line["outcome"] == "planned"), "{lines:#?}");
    assert_eq!(lines[0]["changes"], json!([{"attribute": "locked", "from": false, "to": true}]));
    assert_eq!(lines[4]["summary"], json!({"applied": 0, "unchanged": 0, "failed": 0, "pending": 0, "planned": 4}));
    assert_eq!(project.sandbox.org().writes(), []);
    assert_eq!(project.run(&["operations", "salesforce", "--output", "json"]).expect_code(0).stdout, "");
    let shown = project.run(&["provision", "salesforce", "plan.yaml", "--preview"]).expect_code(0).stdout;
    assert!(shown.contains("u1@acme.example") && shown.contains("Clerk"), "{shown}");
    // The same preview of the same accounts has the same digest.
    assert_eq!(project.run(&preview).expect_code(0).json_lines()[4]["digest"], lines[4]["digest"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_changed_since_the_preview_stops_the_plan_until_somebody_looks() {
    let project = project().await;
    write_plan(&project, 2);
    let org = project.sandbox.org();
    project.run(&["provision", "salesforce", "plan.yaml", "--preview"]).expect_code(0);
    let changed = org.user_named("u1@acme.example").unwrap();
    org.set(&changed, "Title", "Director").unwrap();
    let ended = project.run(&APPLY).expect_code(4);
    let lines = ended.json_lines();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert_eq!(lines[0]["operation"], 3);
    assert_eq!((&lines[0]["kind"], &lines[0]["outcome"]), (&json!("update"), &json!("planned")));
    assert_eq!(lines[1]["summary"]["applied"], 0);
    assert_eq!(lines[0]["before"], json!([{"attribute": "Title", "from": null, "to": "Clerk"}]));
    assert_eq!(lines[0]["changes"], json!([{"attribute": "Title", "from": "Director", "to": "Clerk"}]));
    assert!(ended.stderr.contains("nothing was sent"), "{}", ended.stderr);
    assert_eq!(org.writes(), []);

    // Whatever repeats by itself does not approve the change.
    let again = project.run(&APPLY).expect_code(4);
    assert_eq!(again.json_lines()[0]["before"], lines[0]["before"]);
    assert!(again.stderr.contains("plan.yaml --preview"), "{}", again.stderr);
    assert_eq!(org.writes(), []);

    project.run(&["provision", "salesforce", "plan.yaml", "--preview"]).expect_code(0);
    let lines = project.run(&APPLY).expect_code(0).json_lines();
    assert_eq!(lines.last().unwrap()["summary"]["applied"], 4);
    assert_eq!(org.field(&changed, "Title").unwrap(), json!("Clerk"));
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_changes_while_somebody_thinks_stops_the_plan() {
    let project = project().await;
    write_plan(&project, 2);
    let org = project.sandbox.org();
    let changed = org.user_named("u1@acme.example").unwrap();
    let change = || org.set(&changed, "Title", "Director").unwrap();
    let plan = "provision salesforce plan.yaml";
    let answers = [("to salesforce?", "y\r")];
    let ended = BINARY.run_with_pauses(project.folder(), plan, &answers, change).expect_code(4);
    let shown = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("1 operation changed since the preview; nothing was sent"), "{shown}");
    assert!(shown.contains("Director") && org.writes().is_empty(), "{shown}");
    let again = BINARY.run_on_terminal(project.folder(), plan, &answers).expect_code(0);
    assert!(again.stdout.contains("4 applied"), "{}", again.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_of_long_ago_approves_nothing() {
    let project = project().await;
    write_plan(&project, 2);
    let preview = ["provision", "salesforce", "plan.yaml", "--preview", "--output", "json"];
    let seen_days_ago = |days: i64| {
        let lines = project.run(&preview).expect_code(0).json_lines();
        let store = rusqlite::Connection::open(project.path(".connector/store.db")).unwrap();
        let then = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * days);
        store.execute("UPDATE plans SET previewed_at = ?1", [then.to_string()]).unwrap();
        lines.last().unwrap()["digest"].as_str().unwrap().to_owned()
    };
    seen_days_ago(12);
    for _ in 0..2 {
        let refused = project.run(&APPLY).expect_code(4);
        assert!(refused.stderr.contains("12 days ago") && refused.stderr.contains("--preview"), "{}", refused.stderr);
    }
    assert_eq!(project.sandbox.org().writes(), []);
    // A digest names the result itself, however old it is.
    let digest = seen_days_ago(12);
    project.run(&["provision", "salesforce", "plan.yaml", "--expect-digest", &digest]).expect_code(0);

    fs::write(project.path("plan.yaml"), "- update: {account: u0@acme.example, set: {Title: Director}}\n").unwrap();
    seen_days_ago(6);
    project.run(&APPLY).expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_applied_only_with_the_expected_digest() {
    let project = project().await;
    write_plan(&project, 2);
    let org = project.sandbox.org();
    let preview = ["provision", "salesforce", "plan.yaml", "--preview", "--output", "json"];
    let digest = |lines: &[Value]| lines.last().unwrap()["digest"].as_str().unwrap().to_owned();
    let approved = digest(&project.run(&preview).expect_code(0).json_lines());
    let changed = org.user_named("u1@acme.example").unwrap();
    org.set(&changed, "Title", "Director").unwrap();

    let expect = |digest: &str| project.run(&["provision", "salesforce", "plan.yaml", "--expect-digest", digest]);
    for _ in 0..2 {
        let refused = expect(&approved).expect_code(4);
        assert!(refused.stderr.contains("nothing was sent"), "{}", refused.stderr);
    }
    assert_eq!(org.writes(), []);
    let now = digest(&project.run(&preview).expect_code(0).json_lines());
    assert_ne!(now, approved);
    expect(&now).expect_code(0);
    assert_eq!(org.field(&changed, "Title").unwrap(), json!("Clerk"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_under_an_interrupted_plan_stops_it_until_somebody_looks() {
    let project = project().await;
    write_plan(&project, 300);
    held(&project, Moment::Writes(1)).await.kill();
    project.sandbox.release();
    let org = project.sandbox.org();
    let changed = org.user_named("u299@acme.example").unwrap();
    org.set(&changed, "Title", "Director").unwrap();
    let sent = org.writes().len();
    for _ in 0..2 {
        project.run(&["provision", "salesforce", "--resume", "--output", "json"]).expect_code(4);
    }
    assert_eq!(org.writes().len(), sent);
    let left = project.run(&["provision", "salesforce", "--resume", "--preview"]).expect_code(0);
    assert!(left.stdout.contains("Director"), "{}", left.stdout);
    assert_eq!(org.writes().len(), sent);
    project.run(&["provision", "salesforce", "--resume", "--output", "json"]).expect_code(0);
    assert_eq!(org.field(&changed, "Title").unwrap(), json!("Clerk"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_jobs_do_not_provision_one_source_at_once() {
    let project = project().await;
    write_plan(&project, 20);
    let first = held(&project, Moment::Requests(1)).await;
    let second = project.run(&APPLY).expect_code(4);
    assert!(second.stderr.contains("another"), "{}", second.stderr);
    project.sandbox.release();
    first.end().expect_code(0);
    assert_eq!(project.sandbox.org().writes().len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_code_of_a_stopped_plan_names_the_signal() {
    for (stop, code) in [(Running::interrupt as fn(&mut Running), 130), (Running::terminate, 143)] {
        for moment in [Moment::Requests(3), Moment::Writes(1)] {
            let project = project().await;
            write_plan(&project, 300);
            let mut running = held(&project, moment).await;
            stop(&mut running);
            project.sandbox.release();
            running.end().expect_code(code);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_stops_a_plan_which_then_goes_on() {
    let project = project().await;
    write_plan(&project, 300);
    let mut running = held(&project, Moment::Writes(1)).await;
    running.interrupt();
    project.sandbox.release();
    let ended = running.end().expect_code(130);
    let lines = ended.json_lines();
    assert_eq!(lines.len(), 601);
    let summary = &lines[600]["summary"];
    assert_eq!(summary["pending"], 0, "{summary}");
    assert!(summary["planned"].as_u64().unwrap() > 0, "{summary}");
    // What was sent was waited for, so what is said to be done is done.
    assert_eq!(summary["applied"], project.sandbox.org().writes().len());

    let resumed = project.run(&["provision", "salesforce", "--resume", "--output", "json"]).expect_code(0);
    let lines = resumed.json_lines();
    assert_eq!(lines[600]["summary"], json!({"applied": 600, "unchanged": 0, "failed": 0, "pending": 0}));
    assert_eq!(project.sandbox.org().writes().iter().filter(|write| write.changed).count(), 600);
    assert_eq!(project.sandbox.org().writes().len(), 600);

    let nothing = project.run(&["provision", "salesforce", "--resume"]).expect_code(0);
    assert!(nothing.stderr.contains("interrupted"), "{}", nothing.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_plan_can_be_ended_with_nothing_more_done() {
    let project = project().await;
    write_plan(&project, 300);
    held(&project, Moment::Writes(1)).await.kill();
    project.sandbox.release();
    let abandoned = project.run(&["provision", "salesforce", "--abandon", "--output", "json"]).expect_code(0);
    let summary = &abandoned.json_lines()[600]["summary"];
    let written = project.sandbox.org().writes().iter().filter(|write| write.changed).count();
    assert_eq!((&summary["planned"], &summary["pending"]), (&Value::Null, &json!(0)), "{summary}");
    assert_eq!(
        (summary["applied"].as_u64(), summary["abandoned"].as_u64()),
        (Some(written as u64), Some(600 - written as u64))
    );
    assert_eq!(
        summary["failed"], 0,
        "what was dropped on request has not failed, and the exit code says so: {summary}"
    );
    let dropped = project.run(&["operations", "salesforce", "--outcome", "abandoned", "--output", "json"]);
    assert_eq!(dropped.expect_code(0).json_lines().len(), 600 - written);
    for ended in ["--abandon", "--resume"] {
        let nothing = project.run(&["provision", "salesforce", ended]).expect_code(0);
        assert!(nothing.stderr.contains("`salesforce` has no interrupted plan"), "{}", nothing.stderr);
    }
    assert_eq!(project.sandbox.org().writes().iter().filter(|write| write.changed).count(), written);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn no_to_the_rest_of_a_plan_says_what_was_applied_before() {
    let project = project().await;
    write_plan(&project, 300);
    held(&project, Moment::Writes(1)).await.kill();
    project.sandbox.release();
    let plan = "provision salesforce plan.yaml";
    let ended = BINARY.run_on_terminal(project.folder(), plan, &[("to salesforce?", "n\r")]).expect_code(0);
    let written = project.sandbox.org().writes().iter().filter(|write| write.changed).count();
    assert!(written > 0);
    let says = format!("Nothing more was changed; {written} operations applied before");
    assert!(ended.stdout.contains(&says), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_plan_is_carried_out_although_nobody_reads_what_it_says() {
    let project = project().await;
    write_plan(&project, 2);
    let mut command = project.command(&["provision", "salesforce", "plan.yaml", "--yes"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    drop(child.stdout.take());
    child.wait().unwrap();
    let journal = project.run(&["operations", "salesforce", "--output", "json"]).expect_code(0).json_lines();
    assert_eq!(journal.len(), 4);
    assert!(journal.iter().all(|operation| operation["outcome"] == "applied"), "{journal:#?}");
    fs::write(project.path("plan.yaml"), "- delete: {account: u0@acme.example}\n").unwrap();
    for output in ["human", "json"] {
        let mut command = project.command(&["provision", "salesforce", "plan.yaml", "--yes", "--output", output]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(1), "what failed has failed, with {output} output as well");
    }
}
