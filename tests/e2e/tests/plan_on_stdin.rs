//! A plan can come from another program: `-` reads standard input.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Project};
use connector_sandbox_salesforce::Options;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

/// The exit code, the output and the messages of a command that gets this input.
fn run(folder: &Path, arguments: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let mut command = BINARY.command(folder, arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let ended = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (ended.status.code(), text(ended.stdout), text(ended.stderr))
}

#[test]
fn a_plan_on_standard_input_is_checked_in_the_format_that_it_has() {
    let folder = tempfile::tempdir().unwrap();
    for good in [
        "- disable: {account: bob}\n",
        "operations:\n  - disable: {account: bob}\n",
        "[{\"disable\": {\"account\": \"bob\"}}]",
        "{\"disable\": {\"account\": \"bob\"}}\n{\"enable\": {\"account\": \"bob\"}}\n",
        "\u{feff}operation;account\r\ndisable;bob\r\n",
    ] {
        let (code, out, messages) = run(folder.path(), &["validate", "-"], good.as_bytes());
        assert_eq!(code, Some(0), "{good}: {out}{messages}");
    }
    for (bad, place, line) in [
        ("- disabel: {account: bob}\n", "standard input:1:3", "disabel: {account: bob}"),
        ("operation,account\ndisabel,bob\n", "standard input:2:1", "disabel,bob"),
    ] {
        let (code, _, messages) = run(folder.path(), &["validate", "-"], bad.as_bytes());
        assert_eq!(code, Some(2), "{bad}: {messages}");
        assert!(messages.contains(place) && messages.contains(line), "{bad}: {messages}");
        let (_, out, _) = run(folder.path(), &["validate", "-", "--output", "json"], bad.as_bytes());
        assert!(out.contains(r#""file":"-""#), "{bad}: {out}");
    }
}

/// In a container, each program can have the same process id, and a killed one can have left its folder.
#[test]
fn what_a_killed_process_left_of_a_plan_is_in_nobodys_way_and_nothing_more_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let left = r#"mkdir "connector-plan-$$-0" && touch "connector-plan-$$-0/stdin.yaml" && exec "$0" validate -"#;
    let mut shell = Command::new("sh");
    shell.args(["-c", left, BINARY.0]).current_dir(folder.path()).env("TMPDIR", folder.path());
    let mut child = shell.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"- disable: {account: bob}\n").unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_on_standard_input_is_previewed_and_applied() {
    let project = Project::start(BINARY, Options { users: 20, ..Options::default() }).await;
    let folder = project.path("");
    let name = project.run(&["aggregate", "salesforce"]).expect_code(0);
    drop(name);
    let accounts = project.run(&["accounts", "salesforce", "--output", "json"]).expect_code(0);
    let accounts: Vec<serde_json::Value> = accounts.json_lines();
    let bob = accounts.iter().find(|one| one["enabled"] == true && one["kind"] == "person").unwrap();
    let plan = format!("operation,account,attributes.Title,\nupdate,{},Boss,\n", bob["name"].as_str().unwrap());
    let (code, out, messages) = run(&folder, &["provision", "salesforce", "-"], plan.as_bytes());
    assert_eq!(code, Some(2), "nobody can answer: {out}{messages}");
    assert!(messages.contains("--yes"), "{messages}");
    let (code, out, messages) = run(&folder, &["provision", "salesforce", "-", "--preview"], plan.as_bytes());
    assert!(code == Some(0) && out.contains("Boss"), "{out}{messages}");
    assert!(out.contains("Preview of standard input for salesforce"), "{out}");
    // The same plan from a file is named as the file, although it was previewed before.
    std::fs::write(folder.join("boss.csv"), &plan).unwrap();
    let preview = project.run(&["provision", "salesforce", "boss.csv", "--preview"]).expect_code(0);
    assert!(preview.stdout.contains("Preview of boss.csv for salesforce"), "{}", preview.stdout);
    for command in [&["provision", "salesforce", "-", "--preview"][..], &["validate", "-"]] {
        let (code, out, messages) = run(&folder, command, b"- disabel: {account: bob}\n");
        assert_eq!(code, Some(2), "{out}{messages}");
        let places = messages.contains("standard input:1:3") && messages.contains("- disabel: {account: bob}");
        assert!(places && !messages.contains("connector-plan"), "{messages}");
    }
    let (code, out, messages) = run(&folder, &["provision", "salesforce", "-", "--yes"], plan.as_bytes());
    assert_eq!(code, Some(0), "{out}{messages}");
    let journal = project.run(&["operations", "salesforce", "--output", "json"]).expect_code(0).stdout;
    assert!(journal.contains(r#""file":"-""#) && !journal.contains("connector-plan"), "{journal}");
}
