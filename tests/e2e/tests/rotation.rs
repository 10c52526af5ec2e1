//! Promise: a source has a working key at every moment while its certificate is replaced.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Project, Running};
use connector_keys::{Certificate, CertificateRequest, PrivateKey};
use connector_sandbox_salesforce::{App, Fault, Moment, Options, WhilePropagating};
use jiff::{Timestamp, ToSpan};
use secrecy::ExposeSecret;
use serde_json::json;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));
const ROTATE: [&str; 4] = ["cert", "rotate", "salesforce", "--yes"];

/// A project whose source names its app, so that its certificate can be replaced.
async fn project(options: Options) -> Project {
    let project = Project::start(BINARY, options).await;
    let name = Options::default().app.name;
    project.write_source(&format!("settings:\n  app: {{kind: external_client_app, name: {name}}}\n"));
    project
}

fn slow() -> Options {
    Options { users: 20, propagation: Duration::from_secs(2), ..Options::default() }
}

fn secrets(project: &Project) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(project.path("secrets"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("salesforce"))
        .collect();
    names.sort();
    names
}

fn fingerprint(project: &Project) -> String {
    let shown = project.run(&["cert", "show", "salesforce", "--output", "json"]).expect_code(0).json();
    shown["sha256"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_takes_over_and_nothing_else_of_the_app_changes() {
    let project = project(slow()).await;
    let (before, key) = (fingerprint(&project), fs::read(project.path("secrets/salesforce.key")).unwrap());
    let told = project.run(&[&ROTATE[..], &["--output", "json"]].concat()).expect_code(0).json();
    assert_eq!(told["rotated"], true, "{told}");
    assert_eq!(told["sha256"].as_str().unwrap(), fingerprint(&project));
    assert_ne!(fingerprint(&project), before);
    assert_ne!(fs::read(project.path("secrets/salesforce.key")).unwrap(), key);
    assert_eq!(
        secrets(&project),
        ["salesforce.crt", "salesforce.key"],
        "the old key is gone, and nothing is left over"
    );
    project.run(&["test", "salesforce"]).expect_code(0);
    let deploys = project.sandbox.deploys();
    assert_eq!(deploys.len(), 1);
    assert_eq!(deploys[0].changes[0].changed, ["certificate"]);
    assert!(deploys[0].changes[0].lost.is_empty(), "{deploys:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_changes_nothing() {
    let project = project(slow()).await;
    let before = fingerprint(&project);
    let told = project.run(&["cert", "rotate", "salesforce", "--preview"]).expect_code(0).stdout;
    assert!(told.contains("deploy the certificate to"), "{told}");
    assert!(project.sandbox.deploys().is_empty());
    assert_eq!((fingerprint(&project), secrets(&project).len()), (before, 2));
    // With nobody to ask, a rotation without `--yes` is not begun either.
    project.run(&["cert", "rotate", "salesforce"]).expect_code(2);
    assert!(project.sandbox.deploys().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_never_accepted_is_taken_back() {
    let project = project(Options { propagation: Duration::ZERO, ..slow() }).await;
    let before = fingerprint(&project);
    project.sandbox.set_faults(vec!["certificate-never-accepted".parse::<Fault>().unwrap()]);
    let told = project.run(&[&ROTATE[..], &["--wait", "2s", "--output", "json"]].concat()).expect_code(1).json();
    assert_eq!(told["rotated"], false, "{told}");
    assert_eq!(fingerprint(&project), before);
    // The org may come to accept the new certificate for a while, so its key is not thrown away.
    let kept = ["salesforce.crt", "salesforce.crt.next", "salesforce.key", "salesforce.key.next"];
    assert_eq!(secrets(&project), kept);
    project.run(&["test", "salesforce"]).expect_code(0);
    let deploys = project.sandbox.deploys();
    assert_eq!(deploys.len(), 2, "deployed, and the old one deployed again");
    project.sandbox.set_faults(Vec::new());
    project.run(&ROTATE).expect_code(0);
    assert_eq!(secrets(&project), ["salesforce.crt", "salesforce.key"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_next_key_that_no_rotation_knows_is_not_written_over() {
    let project = project(slow()).await;
    project.write_secret("salesforce.key.next", "perhaps the only key that works");
    let ended = project.run(&ROTATE).expect_code(1);
    assert!(ended.stderr.contains("salesforce.key.next"), "{}", ended.stderr);
    assert_eq!(
        fs::read_to_string(project.path("secrets/salesforce.key.next")).unwrap(),
        "perhaps the only key that works"
    );
    assert!(project.sandbox.deploys().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_another_source_names_is_not_taken_from_it() {
    let project = project(slow()).await;
    fs::copy(project.path("sources/salesforce.yaml"), project.path("sources/other.yaml")).unwrap();
    let ended = project.run(&ROTATE).expect_code(2);
    assert!(ended.stderr.contains("`other`"), "{}", ended.stderr);
    assert!(project.sandbox.deploys().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_that_is_refused_leaves_everything_as_it_was() {
    let project = project(slow()).await;
    let before = fingerprint(&project);
    project.sandbox.set_faults(vec!["deploy-fails".parse::<Fault>().unwrap()]);
    let ended = project.run(&ROTATE);
    assert_ne!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("error"), "{}", ended.stderr);
    assert_eq!(fingerprint(&project), before);
    project.run(&["test", "salesforce"]).expect_code(0);
    // With the trouble over, the next call goes on.
    project.sandbox.set_faults(Vec::new());
    project.run(&ROTATE).expect_code(0);
    project.run(&["test", "salesforce"]).expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_the_deploy_does_not_matter() {
    let project = project(slow()).await;
    project.sandbox.set_faults(vec!["deploy-lost-answer".parse::<Fault>().unwrap()]);
    if project.run(&ROTATE).code != Some(0) {
        project.run(&ROTATE).expect_code(0);
    }
    project.run(&["test", "salesforce"]).expect_code(0);
}

/// Starts a rotation and kills it when it has told the step that many lines.
fn kill_at(project: &Project, line: usize) -> bool {
    let mut child = project.command(&ROTATE).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let told = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok).nth(line).is_some();
    child.kill().unwrap();
    child.wait().unwrap();
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_each_step_in_turn_it_ends_with_a_working_key() {
    let options = Options { propagation: Duration::from_millis(300), ..slow() };
    let (mut kills, mut warnings) = (0, 0);
    // Each step prints a line when it is done, and some print that they wait.
    for line in 0.. {
        let project = project(options.clone()).await;
        let told = kill_at(&project, line);
        let between = project.run(&["test", "salesforce"]);
        assert_eq!(between.code, Some(0), "after line {line}: {}{}", between.stdout, between.stderr);
        // A command that looks at the source for another reason warns.
        let warns = between.stdout.contains("is unfinished");
        warnings += u32::from(warns);
        let checked = project.run(&["cert", "check", "--output", "json"]).expect_code(i32::from(warns)).json();
        assert_eq!(checked[0]["status"], if warns { "warning" } else { "ok" });
        project.run(&ROTATE).expect_code(0);
        project.run(&["test", "salesforce"]).expect_code(0);
        assert_eq!(secrets(&project), ["salesforce.crt", "salesforce.key"], "after line {line}");
        kills += 1;
        if !told {
            break;
        }
    }
    assert!(kills > 6, "only {kills} steps were told: the test shows nothing");
    assert!(warnings > 4, "only {warnings} of the half-done rotations were seen");
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_in_the_middle_of_the_switch_the_source_works_and_the_next_call_ends_it() {
    let options = Options { propagation: Duration::from_millis(300), ..slow() };
    // A folder in the way of what is kept stops it before the key changes places, and between key and certificate.
    for (obstacle, is_key_new) in [("salesforce.key.old", false), ("salesforce.crt.old", true)] {
        let project = project(options.clone()).await;
        let read = |name: &str| fs::read(project.path("secrets").join(name)).unwrap();
        let (key, certificate) = (read("salesforce.key"), read("salesforce.crt"));
        fs::create_dir(project.path("secrets").join(obstacle)).unwrap();
        let stopped = project.run(&ROTATE).expect_code(1);
        assert!(stopped.stderr.contains(obstacle), "{}", stopped.stderr);
        assert_eq!((read("salesforce.key") != key, read("salesforce.crt") != certificate), (is_key_new, false));
        project.run(&["aggregate", "salesforce"]).expect_code(0);
        project.run(&["test", "salesforce"]).expect_code(0);
        let checked = project.run(&["cert", "check", "--output", "json"]).expect_code(1).json();
        assert_eq!((&checked[0]["status"], &checked[0]["fits_key"]), (&json!("warning"), &json!(!is_key_new)));
        fs::remove_dir(project.path("secrets").join(obstacle)).unwrap();
        project.run(&ROTATE).expect_code(0);
        assert!(read("salesforce.key") != key && read("salesforce.crt") != certificate);
        assert_eq!(secrets(&project), ["salesforce.crt", "salesforce.key"], "{obstacle}");
        project.run(&["test", "salesforce"]).expect_code(0);
        assert_eq!(project.sandbox.deploys().len(), 1);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_rotation_says_how_to_continue_and_asks_to_continue() {
    let project = project(slow()).await;
    let mut running = Running::start(project.command(&ROTATE));
    // The app has the new certificate, and the org does not accept it yet.
    while project.sandbox.deploys().is_empty() {
        assert!(!running.has_ended());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    running.interrupt();
    let ended = running.end().expect_code(130);
    let stderr = ended.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(stderr.contains("run `connector cert rotate salesforce` to continue where it stopped"), "{stderr}");
    let question = "Continue the rotation of salesforce?";
    let asked = BINARY.run_on_terminal(project.folder(), "cert rotate salesforce", &[(question, "n\r")]).expect_code(0);
    assert!(asked.stdout.contains("Remaining steps") && !asked.stdout.contains("Replace the key"), "{}", asked.stdout);
    project.run(&ROTATE).expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_of_a_rotation_that_fail_in_passing_are_repeated() {
    let project = project(slow()).await;
    project.sandbox.set_faults(vec![Fault::Unavailable(2)]);
    let preview = ["cert", "rotate", "salesforce", "--preview", "--output", "json"];
    let before = project.sandbox.requests().total;
    let planned = project.run(&preview).expect_code(0).json();
    assert!(planned["steps"].as_array().is_some_and(|steps| !steps.is_empty()), "{planned}");
    let with_faults = project.sandbox.requests().total - before;
    project.sandbox.set_faults(Vec::new());
    project.run(&preview).expect_code(0);
    let without = project.sandbox.requests().total - before - with_faults;
    assert!(with_faults > without, "nothing was repeated: {with_faults} requests and {without}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_rotation_passes_through_faults_of_every_kind() {
    for fault in [Fault::Unavailable(3), Fault::Reset(4), Fault::Cut(5), Fault::SessionExpiry(4)] {
        let project = project(slow()).await;
        let before = fingerprint(&project);
        project.sandbox.set_faults(vec![fault.clone()]);
        let told = project.run(&[&ROTATE[..], &["--output", "json"]].concat());
        project.sandbox.set_faults(Vec::new());
        assert_eq!(told.code, Some(0), "{fault:?}: {}{}", told.stdout, told.stderr);
        assert_ne!(fingerprint(&project), before, "{fault:?}");
        assert_eq!(project.sandbox.deploys().len(), 1, "{fault:?}");
        project.run(&["test", "salesforce"]).expect_code(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_stops_between_any_two_steps() {
    let project = project(slow()).await;
    let before = fingerprint(&project);
    for request in 1..=4 {
        let (mut running, is_held) =
            Running::held(project.command(&ROTATE), &project.sandbox, Moment::Requests(request)).await;
        assert!(is_held, "{request}");
        running.interrupt();
        project.sandbox.release();
        let ended = running.end().expect_code(130);
        assert!(ended.stderr.contains("connector cert rotate salesforce"), "{}", ended.stderr);
        project.sandbox.clear_requests();
    }
    assert!(project.sandbox.deploys().is_empty());
    assert_eq!(fingerprint(&project), before);
    project.run(&["test", "salesforce"]).expect_code(0);
    project.run(&ROTATE).expect_code(0);
    assert_ne!(fingerprint(&project), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_apps_take_turns_and_the_one_in_use_is_never_touched() {
    let green = App {
        name: "Connector_Green".to_owned(),
        consumer_key: "3MVG9GreenConsumerKey000000000000".to_owned(),
        ..App::default()
    };
    // While it makes its way through the org no certificate of an app is accepted.
    let options = Options { more_apps: vec![green.clone()], while_propagating: WhilePropagating::Neither, ..slow() };
    let blue = Options::default().app;
    let project = Project::start(BINARY, options).await;
    project.write_source(&format!(
        "settings:\n  apps:\n    - {{kind: external_client_app, name: {}, issuer: {}}}\n    - {{kind: external_client_app, name: {}, issuer: {}}}\n",
        blue.name, blue.consumer_key, green.name, green.consumer_key
    ));
    let source = || fs::read_to_string(project.path("sources/salesforce.yaml")).unwrap();
    for app in [&green, &blue] {
        project.run(&ROTATE).expect_code(0);
        assert!(source().contains(&format!("issuer: {}\n", app.consumer_key)), "{}", source());
        assert_eq!(secrets(&project).len(), 2, "{:?}", secrets(&project));
        project.run(&["test", "salesforce"]).expect_code(0);
    }
    let touched: Vec<_> = project.sandbox.deploys().iter().map(|deploy| deploy.changes[0].app.clone()).collect();
    assert_eq!(touched, [green.name, blue.name]);
}

/// A project whose certificate was made so many days ago, for a year.
async fn aged_project(days: i64) -> Project {
    let key = PrivateKey::generate(2048).unwrap();
    let request = CertificateRequest { subject_cn: "connector test".into(), organization: None, days: 365 };
    let made = Timestamp::now() - (days * 24).hours();
    let certificate = Certificate::self_signed(&key, &request, made).unwrap().to_pem();
    let app = App { certificate_pem: Some(certificate), ..Options::default().app };
    let project = project(Options { app, ..slow() }).await;
    project.write_secret("salesforce.key", key.to_pkcs8_pem(None).unwrap().expose_secret());
    project
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_due_is_rotated_when_a_timer_asks() {
    let project = aged_project(350).await;
    let due = || project.run(&["cert", "rotate", "--due", "--yes"]);
    due().expect_code(0);
    assert!(project.sandbox.deploys().is_empty(), "without a policy nothing is due");
    let source = fs::read_to_string(project.path("sources/salesforce.yaml")).unwrap();
    let policy = |before: &str| {
        let text = source.replace("http:\n", &format!("  rotation: {{before_expiry: {before}}}\nhttp:\n"));
        fs::write(project.path("sources/salesforce.yaml"), text).unwrap();
    };
    policy("10d");
    due().expect_code(0);
    assert!(project.sandbox.deploys().is_empty(), "a fortnight is left");
    policy("365d");
    let refused = due().expect_code(2);
    assert!(refused.stderr.contains("valid for 365 days"), "{}", refused.stderr);
    assert!(project.sandbox.deploys().is_empty(), "the next certificate would be due at once");
    policy("30d");
    due().expect_code(0);
    due().expect_code(0);
    assert_eq!(project.sandbox.deploys().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_aggregation_is_not_disturbed() {
    let delays = (Duration::from_millis(150), Duration::from_secs(3));
    rotate_under_aggregation(4_000, 200, delays, "session-expiry:7").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aggregation_of_200_000_users_is_not_disturbed_while_the_certificate_takes_30_seconds() {
    let delays = (Duration::from_millis(250), Duration::from_secs(30));
    rotate_under_aggregation(200_000, 2_000, delays, "session-expiry:40").await;
}

/// Replaces the key while an aggregation runs whose sessions end all the time, so that it signs in before, while and after
/// that. `delays`: of each answer, and of the certificate on its way through the org.
async fn rotate_under_aggregation(users: u64, max_page: usize, delays: (Duration, Duration), expiry: &str) {
    let options = Options { users, max_page, latency: delays.0, propagation: delays.1, ..Options::default() };
    let project = project(options).await;
    let before = fingerprint(&project);
    project.sandbox.set_faults(vec![expiry.parse::<Fault>().unwrap()]);
    let command = project.command(&["aggregate", "salesforce", "--output", "json"]);
    let (running, is_held) = Running::held(command, &project.sandbox, Moment::Requests(6)).await;
    assert!(is_held, "it ended too early: {:?}", running.end());
    project.sandbox.release();
    project.run(&ROTATE).expect_code(0);
    let report = running.end().expect_code(0).json();
    assert_eq!(report["status"], "succeeded", "{report}");
    assert_eq!(report["accounts"]["seen"], users);
    assert_ne!(fingerprint(&project), before);
    assert_eq!(secrets(&project), ["salesforce.crt", "salesforce.key"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_word_of_the_store_alone_removes_no_file() {
    let project = project(slow()).await;
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let victim = project.path("victim");
    fs::write(&victim, "precious").unwrap();
    let store = rusqlite::Connection::open(project.path(".connector/store.db")).unwrap();
    // The history of a rotation that is replaced here stays.
    store.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    for (stage, old_pem) in [("making", None), ("made", None), ("proven", Some("x")), ("switched", Some("x"))] {
        store.execute("DELETE FROM rotations", []).unwrap();
        store
            .execute(
                "INSERT INTO rotations (id, source, app, stage, key, certificate, next_key, next_certificate, old_pem, began_at)
                 SELECT 'x', id, ?1, ?2, ?3, ?3, ?3, ?3, ?4, '2026-01-01T00:00:00Z' FROM sources",
                rusqlite::params![Options::default().app.name, stage, victim.display().to_string(), old_pem],
            )
            .unwrap();
        project.run(&ROTATE);
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious", "{stage}");
        assert!(!project.path("victim.old").exists(), "{stage}");
    }
    project.run(&["test", "salesforce"]).expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_of_another_org_is_not_replaced() {
    let project = project(slow()).await;
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let store = rusqlite::Connection::open(project.path(".connector/store.db")).unwrap();
    assert_eq!(store.execute("UPDATE sources SET instance = '00D000000000000AAA'", []).unwrap(), 1);
    drop(store);
    let contents = || {
        let names = secrets(&project);
        let files: Vec<_> =
            names.iter().map(|name| fs::read(project.path(&format!("secrets/{name}"))).unwrap()).collect();
        (names, files, fs::read(project.path("sources/salesforce.yaml")).unwrap())
    };
    let before = contents();
    let refused = project.run(&ROTATE).expect_code(4);
    assert!(refused.stderr.contains("00D000000000000AAA"), "{}", refused.stderr);
    assert!(contents() == before && project.sandbox.deploys().is_empty());
}
