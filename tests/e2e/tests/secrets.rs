//! Promise: no credential is written anywhere.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use connector_e2e::{Bare, Binary, Project};
use connector_sandbox_salesforce::{Fault, Options, WriteAction};
use secrecy::ExposeSecret;
use std::fs;
use std::path::Path;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

fn files_below(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            files_below(&entry.path(), found);
        } else {
            found.push(entry.path());
        }
    }
}

/// All that stands in the folder of the store, `expected` files at least.
fn stored(project: &Project, expected: &[&str]) -> Vec<u8> {
    let mut files = Vec::new();
    files_below(&project.path(".connector"), &mut files);
    for name in expected {
        assert!(files.iter().any(|file| file.ends_with(name)), "no {name} in {files:?}");
    }
    files.iter().flat_map(|file| fs::read(file).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_written_anywhere() {
    let project = Project::start(BINARY, Options { users: 250, max_page: 200, ..Options::default() }).await;
    let mut written = Vec::new();
    for fault in [None, Some("session-expiry:5"), Some("truncate-page:6"), Some("token-html")] {
        let faults = fault.map(|fault| fault.parse::<Fault>().unwrap()).into_iter().collect();
        project.sandbox.set_faults(faults);
        for arguments in [
            &["test", "salesforce", "-vvv"][..],
            &["aggregate", "salesforce", "-vvv", "--output", "json"],
            &["aggregate", "salesforce", "-vvv", "--log-format", "json"],
            &["source", "show", "salesforce"],
        ] {
            let mut command = project.command(arguments);
            let output = command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "1").output().unwrap();
            written.extend(output.stdout);
            written.extend(output.stderr);
        }
    }
    written.extend(stored(&project, &["store.db"]));

    let mut secrets: Vec<String> = project
        .key_pem
        .expose_secret()
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .filter(|line| line.len() > 20)
        .map(str::to_owned)
        .collect();
    // Every token begins with the id of the org and `!`; every assertion with the encoded beginning of its header.
    project.sandbox.set_faults(Vec::new());
    let token = Bare::sign_in(&project).await.token().to_owned();
    let (org, _) = token.split_once('!').unwrap();
    secrets.push(format!("{org}!"));
    secrets.push("eyJhbGciOi".to_owned());
    secrets.push("Bearer 0".to_owned());
    let written = String::from_utf8_lossy(&written);
    assert!(written.len() > 10_000, "the sweep looked at something");
    for secret in secrets {
        assert!(!written.contains(&secret), "a secret of {} characters was written", secret.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_of_a_plan_is_written_anywhere() {
    let project = Project::start(BINARY, Options { users: 30, ..Options::default() }).await;
    for name in ["bob@acme.example", "eve@acme.example", "mia@acme.example"] {
        project.add_user(name);
    }
    // One that the org takes from each place, and one that its policies refuse.
    let (of_file, of_environment, refused) = ("Blue.Heron.8812", "Quiet.River.3391", "tooshort");
    project.write_secret("new.txt", &format!("{of_file}\n"));
    project.write_secret("refused.txt", refused);
    let plan = "
- set_password: {account: bob@acme.example, password_ref: file:secrets/new.txt}
- set_password: {account: eve@acme.example, password_ref: env:NEW_PASSWORD}
- set_password: {account: mia@acme.example, password_ref: file:secrets/refused.txt}
";
    fs::write(project.path("plan.yaml"), plan).unwrap();
    project.run(&["provision", "salesforce", "plan.yaml", "--preview"]);
    // Somebody who reads keeps the write-ahead log from being folded into the store.
    let reader = rusqlite::Connection::open(project.path(".connector/store.db")).unwrap();
    reader.query_row("SELECT count(*) FROM plans", [], |row| row.get::<_, u64>(0)).unwrap();
    let mut written = Vec::new();
    for (fault, arguments) in [
        (None, &["provision", "salesforce", "plan.yaml", "--preview", "-vvv"][..]),
        (Some("lost-answer-once:1"), &["provision", "salesforce", "plan.yaml", "--yes", "-vvv"]),
        (None, &["provision", "salesforce", "--resume", "-vvv", "--output", "json"]),
        (None, &["provision", "salesforce", "plan.yaml", "--yes", "-vvv", "--log-format", "json"]),
        (None, &["operations", "salesforce", "-vvv", "--output", "json"]),
        (None, &["operations", "salesforce"]),
    ] {
        project.sandbox.set_faults(fault.into_iter().map(|fault| fault.parse::<Fault>().unwrap()).collect());
        let mut command = project.command(arguments);
        command.env("NEW_PASSWORD", of_environment).env("RUST_LOG", "trace").env("RUST_BACKTRACE", "1");
        let output = command.output().unwrap();
        written.extend(output.stdout);
        written.extend(output.stderr);
    }
    let set = project.sandbox.org().writes();
    assert!(set.iter().filter(|one| one.action == WriteAction::SetPassword).count() >= 2, "{set:?}");
    written.extend(stored(&project, &["store.db", "store.db-wal"]));
    drop(reader);
    let written = String::from_utf8_lossy(&written);
    assert!(written.contains("env:NEW_PASSWORD"), "the sweep looked at the journal");
    for secret in [of_file, of_environment, refused] {
        assert!(!written.contains(secret), "a password of {} characters was written", secret.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_fetched_after_the_answer_and_the_preview_shows_from_where() {
    let project = Project::start(BINARY, Options { users: 20, ..Options::default() }).await;
    fs::write(project.path("connector.yaml"), "plans: {allow_commands: true}\n").unwrap();
    let org = project.sandbox.org();
    let id = org.user_id(7);
    let plan = format!(
        "operations:\n- set_password: {{account: {id}, password_ref: 'command:[\"sh\",\"-c\",\"id > ran; echo Tr0ub4dor-horse-9\"]'}}\n"
    );
    fs::write(project.path("p.yaml"), plan).unwrap();
    let path = project.path("p.yaml").display().to_string();
    let preview = project.run(&["provision", "salesforce", &path, "--preview"]).expect_code(0);
    assert!(preview.stdout.contains("(from command:[\"sh\",\"-c\",\"id > ran"), "{}", preview.stdout);
    assert!(!project.path("ran").exists(), "a preview runs nothing");
    project.run(&["provision", "salesforce", &path, "--yes"]).expect_code(0);
    assert!(project.path("ran").exists());
}
