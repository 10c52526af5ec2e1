//! What bad surroundings get: one clear message with cause and cure, the right exit code, nothing lost, no secret shown.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Ended, Project, Running};
use connector_keys::PrivateKey;
use connector_sandbox_salesforce::{Fault, Options};
use secrecy::{ExposeSecret, SecretString};
use std::fs;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

async fn project() -> Project {
    Project::start(BINARY, Options { users: 450, max_page: 200, ..Options::default() }).await
}

/// The step of a connection test that failed, as `name: detail / help`.
fn failed_step(ended: &Ended) -> String {
    let report = ended.json();
    let steps = report["steps"].as_array().unwrap();
    let failed: Vec<_> = steps.iter().filter(|step| step["status"] == "failed").collect();
    assert_eq!(failed.len(), 1, "{report}");
    let position = steps.iter().position(|step| step["status"] == "failed").unwrap();
    assert!(steps[position + 1..].iter().all(|step| step["status"] == "skipped"), "{report}");
    format!("{}: {} / {}", failed[0]["name"], failed[0]["detail"], failed[0]["help"])
}

/// The first line in which two snapshots differ.
fn first_difference(now: &str, before: &str) -> Option<String> {
    let (mut now, mut before) = (now.lines(), before.lines());
    loop {
        match (now.next(), before.next()) {
            (None, None) => return None,
            (one, other) if one == other => {}
            (one, other) => return Some(format!("now {one:?}, before {other:?}")),
        }
    }
}

#[track_caller]
fn assert_says(text: &str, wanted: &[&str]) {
    for part in wanted {
        assert!(text.to_lowercase().contains(&part.to_lowercase()), "`{part}` is missing in: {text}");
    }
}

fn test(project: &Project) -> Ended {
    project.run(&["test", "salesforce", "--output", "json"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_key_file_is_named() {
    let project = project().await;
    fs::remove_file(project.path("secrets/salesforce.key")).unwrap();
    let ended = test(&project);
    assert_ne!(ended.code, Some(0));
    assert_says(&format!("{}{}", ended.stdout, ended.stderr), &["secrets/salesforce.key"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_others_can_read_is_refused_with_the_command_that_mends_it() {
    use std::os::unix::fs::PermissionsExt;
    let project = project().await;
    fs::set_permissions(project.path("secrets/salesforce.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let ended = test(&project);
    assert_ne!(ended.code, Some(0));
    assert_says(&format!("{}{}", ended.stdout, ended.stderr), &["chmod 600", "salesforce.key"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_key_wants_its_password_and_the_right_one() {
    let project = project().await;
    let key = PrivateKey::from_pem(&project.key_pem, None).unwrap();
    let password = SecretString::from("correct horse");
    project.write_secret("salesforce.key", key.to_pkcs8_pem(Some(&password)).unwrap().expose_secret());
    assert_says(&failed_step(&test(&project).expect_code(1)), &["private_key", "key_password_ref"]);

    let source = fs::read_to_string(project.path("sources/salesforce.yaml")).unwrap();
    let with = source.replace("  certificate_ref", "  key_password_ref: env:KEY_PASSWORD\n  certificate_ref");
    fs::write(project.path("sources/salesforce.yaml"), with).unwrap();
    let run = |password: &str| {
        let mut command = project.command(&["test", "salesforce", "--output", "json"]);
        command.env("KEY_PASSWORD", password).output().unwrap()
    };
    let wrong = run("battery staple");
    let said = String::from_utf8_lossy(&wrong.stdout);
    assert_says(&said, &["private_key", "password"]);
    assert!(!said.contains("battery"), "{said}");
    assert_eq!(run("correct horse").status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_the_certificates_fails_before_anything_is_sent() {
    let project = project().await;
    let other = PrivateKey::generate(2048).unwrap();
    project.write_secret("salesforce.key", other.to_pkcs8_pem(None).unwrap().expose_secret());
    assert_says(&failed_step(&test(&project).expect_code(1)), &["certificate", "does not match"]);
    assert_eq!(project.sandbox.requests().total, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_salesforce_does_not_have_is_told_apart() {
    let project = project().await;
    let other = PrivateKey::generate(2048).unwrap();
    project.write_secret("salesforce.key", other.to_pkcs8_pem(None).unwrap().expose_secret());
    let source = fs::read_to_string(project.path("sources/salesforce.yaml")).unwrap();
    let without = source.replace("  certificate_ref: file:secrets/salesforce.crt\n", "");
    fs::write(project.path("sources/salesforce.yaml"), without).unwrap();
    assert_says(&failed_step(&test(&project).expect_code(1)), &["access_token", "certificate", "upload"]);
    let ended = project.run(&["aggregate", "salesforce"]).expect_code(3);
    assert_says(&ended.stderr, &["certificate"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_host_and_a_refused_connection_are_told_apart() {
    let project = project().await;
    let source = fs::read_to_string(project.path("sources/salesforce.yaml")).unwrap();
    let with_token_url = |url: &str| source.replace(&project.sandbox.token_url(), url);

    // A host that is not Salesforce's own must be the audience, too.
    let unknown = with_token_url("https://no-such-host.invalid/services/oauth2/token")
        .replace(&format!("audience: {}", project.sandbox.audience()), "audience: https://no-such-host.invalid");
    fs::write(project.path("sources/salesforce.yaml"), unknown).unwrap();
    assert_says(&failed_step(&test(&project).expect_code(1)), &["access_token", "no-such-host.invalid"]);
    project.run(&["aggregate", "salesforce"]).expect_code(3);

    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("https://127.0.0.1:{free}/services/oauth2/token");
    fs::write(project.path("sources/salesforce.yaml"), with_token_url(&url)).unwrap();
    assert_says(&failed_step(&test(&project).expect_code(1)), &["access_token", "refused"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_untrusted_server_certificate_points_at_the_ca_file() {
    let project = project().await;
    let source = fs::read_to_string(project.path("sources/salesforce.yaml")).unwrap();
    let without = source.replace("http:\n  ca_file: secrets/ca.pem\n", "");
    fs::write(project.path("sources/salesforce.yaml"), without).unwrap();
    assert_says(&failed_step(&test(&project).expect_code(1)), &["access_token", "ca_file"]);
    project.run(&["aggregate", "salesforce"]).expect_code(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_html_page_instead_of_a_token_is_named() {
    let project = project().await;
    project.sandbox.set_faults(vec!["token-html".parse::<Fault>().unwrap()]);
    assert_says(&failed_step(&test(&project).expect_code(1)), &["access_token", "web page"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_odd_page_ends_the_run_and_loses_nothing() {
    for fault in ["truncate-page:4", "repeat-page", "wrong-type-page", "missing-id", "html-200", "drop-rows", "cut:5"] {
        let project = project().await;
        project.run(&["aggregate", "salesforce"]).expect_code(0);
        let before = project.snapshot();
        project.sandbox.set_faults(vec![fault.parse::<Fault>().unwrap()]);
        let ended = project.run(&["aggregate", "salesforce", "--output", "json"]);
        if ended.code == Some(0) {
            // A cut connection may have been asked again; then the answer was whole.
            assert!(fault.starts_with("cut"), "{fault} went unnoticed: {ended:?}");
        } else {
            assert_eq!(ended.json()["status"], "failed", "{fault}");
        }
        assert_eq!(first_difference(&project.snapshot(), &before), None, "{fault}: {ended:?}");
        project.sandbox.set_faults(Vec::new());
        project.run(&["aggregate", "salesforce"]).expect_code(0);
        assert_eq!(first_difference(&project.snapshot(), &before), None, "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_up_quota_stops_the_run_and_says_that_it_goes_on_later() {
    let project = project().await;
    project.sandbox.set_faults(vec!["request-limit".parse::<Fault>().unwrap()]);
    let ended = project.run(&["aggregate", "salesforce"]);
    assert_ne!(ended.code, Some(0));
    assert_says(&ended.stderr, &["24 hours"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_up_quota_is_waited_for_if_the_user_says_so() {
    let project = project().await;
    let aggregate = ["aggregate", "salesforce", "--wait-for-quota", "--output", "json"];
    project.sandbox.set_faults(vec!["request-limit:9".parse::<Fault>().unwrap()]);
    let mut running = Running::start(project.command(&aggregate));
    running.until_it_says("Waiting; the next try is in");
    project.sandbox.set_faults(Vec::new());
    let report = running.end().expect_code(0).json();
    assert_eq!((report["status"].as_str(), report["resumed"].as_bool()), (Some("succeeded"), Some(true)));

    project.sandbox.set_faults(vec!["request-limit".parse::<Fault>().unwrap()]);
    let mut running = Running::start(project.command(&aggregate));
    running.until_it_says("Waiting; the next try is in");
    running.interrupt();
    assert_says(&running.end().expect_code(130).stdout, &["last 24 hours"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_warns_before_it_reaches_the_reserve() {
    let project = project().await;
    let calls: u64 = (0..4)
        .map(|_| {
            let run = project.run(&["aggregate", "salesforce", "--full", "--output", "json"]);
            run.expect_code(0).json()["api_calls"].as_u64().unwrap()
        })
        .sum();
    // The org allows 100,000 calls a day. The next run needs a quarter of what is used, and ends between 80% and all of this.
    let end = calls * 11 / 8;
    project.write_source(&format!("limits: {{reserve: {}%}}\n", 100.0 - end as f64 / 1_000.0));
    let report = project.run(&["aggregate", "salesforce", "--full", "--output", "json"]).expect_code(0).json();
    assert_says(
        &report["warnings"].to_string(),
        &[&format!("of 100000: jobs stop at {end}"), "`limits.reserve` keeps 99.9"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_instance_never_gets_the_token() {
    let project = project().await;
    project.sandbox.set_faults(vec!["foreign-instance-url:https://collector.example".parse::<Fault>().unwrap()]);
    assert_says(&failed_step(&test(&project).expect_code(1)), &["collector.example"]);
}

/// A copy of the project's store and of the program that no user can write to, and a command that runs as a user other than
/// root.
fn read_only_copy(project: &Project) -> (tempfile::TempDir, impl Fn(&[&str]) -> std::process::Output) {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let folder = tempfile::tempdir().unwrap();
    let mode = |path: &std::path::Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let program = folder.path().join("connector");
    fs::copy(BINARY.0, &program).unwrap();
    mode(&program, 0o555);
    let stores = folder.path().join(".connector");
    fs::create_dir(&stores).unwrap();
    fs::copy(project.path(".connector/store.db"), stores.join("store.db")).unwrap();
    mode(&stores.join("store.db"), 0o444);
    mode(&stores, 0o555);
    mode(folder.path(), 0o755);
    let is_root = fs::metadata(folder.path()).unwrap().uid() == 0;
    let at = folder.path().to_owned();
    let run = move |arguments: &[&str]| {
        let mut command = std::process::Command::new(&program);
        command.args(arguments).current_dir(&at).env_remove("RUST_LOG");
        if is_root {
            command.uid(65534).gid(65534);
        }
        command.output().unwrap()
    };
    (folder, run)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_written_still_answers_queries() {
    let project = project().await;
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let (folder, run) = read_only_copy(&project);
    for arguments in [
        &["accounts", "salesforce", "--output", "json"][..],
        &["diff", "salesforce", "--output", "json"],
        &["export", "salesforce", "--what", "assignments"],
        &["run", "show"],
        &["runs"],
    ] {
        let wanted = project.run(arguments).expect_code(0);
        let output = run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8(output.stdout).unwrap(), wanted.stdout, "{arguments:?}");
    }
    let left: Vec<_> =
        fs::read_dir(folder.path().join(".connector")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["store.db"], "a query leaves nothing beside a store that it can't write");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_stores_in_one_folder_do_not_block_each_other() {
    let project = project().await;
    let locks = project.path(".connector/other.locks");
    project.run(&["aggregate", "salesforce", "--store", ".connector/other.db"]).expect_code(0);
    assert!(locks.join("source-salesforce.lock").is_file());
    let held = fs::OpenOptions::new().write(true).open(locks.join("source-salesforce.lock")).unwrap();
    held.try_lock().unwrap();
    project.run(&["aggregate", "salesforce", "--store", ".connector/other.db"]).expect_code(4);
    project.run(&["aggregate", "salesforce"]).expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_run_needs_no_id() {
    let project = project().await;
    project.run(&["run", "show", "--output", "json"]).expect_code(1);
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let run = project.run(&["aggregate", "salesforce", "--output", "json"]).expect_code(0).json()["run"].clone();
    for arguments in [&["run", "show", "--output", "json"][..], &["run", "show", "latest", "--output", "json"]] {
        assert_eq!(project.run(arguments).expect_code(0).json()["run"], run);
    }
    project.run(&["runs", "--limit", "0"]).expect_code(2);
}
