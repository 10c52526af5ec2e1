//! Promise: `connector worker` aggregates what its schedule says, makes up once for what it missed, and loses nothing when it ends.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Project};
use connector_sandbox_salesforce::Options;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

/// A worker and its events.
struct Worker {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Worker {
    fn start(project: &Project) -> Self {
        let mut child = project
            .command(&["worker", "--output", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    fn next(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }

    fn expect(&mut self, event: &str) -> Value {
        let next = self.next();
        assert_eq!(next["event"], event, "{next}");
        next
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Its exit code and its last event.
    fn end(mut self, signal: &str) -> Value {
        self.signal(signal);
        let last = self.lines.map(|line| line.unwrap()).last().unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        serde_json::from_str(&last).unwrap()
    }
}

/// Moves the runs of the store into the past.
fn age_runs(project: &Project) {
    let connection = rusqlite::Connection::open(project.path(".connector/store.db")).unwrap();
    let past = "UPDATE runs SET started_at = '2026-01-01T00:00:00Z', ended_at = '2026-01-01T00:01:00Z'";
    connection.execute(past, []).unwrap();
}

const NIGHTLY: &str = "aggregation: {schedule: \"0 3 * * *\"}\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_is_made_up_for_once_and_a_signal_ends_it_well() {
    let project = Project::start(BINARY, Options { users: 20, ..Options::default() }).await;
    project.write_source(NIGHTLY);
    fs::write(project.path("connector.yaml"), "time_zone: Europe/Rome\n").unwrap();
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    age_runs(&project);

    let mut worker = Worker::start(&project);
    let watching = worker.expect("watching");
    let next = watching["sources"][0]["next"].as_str().unwrap();
    assert!(next.ends_with("T02:00:00Z") || next.ends_with("T01:00:00Z"), "{watching}");
    let started = worker.expect("started");
    assert_eq!((&started["source"], &started["reason"]), (&"salesforce".into(), &"missed".into()), "{started}");
    let ended = worker.expect("ended");
    assert_eq!((&ended["run"]["status"], &ended["run"]["accounts"]["seen"]), (&"succeeded".into(), &20.into()));
    assert_eq!(worker.end("-TERM")["event"], "stopped");

    let mut again = Worker::start(&project);
    again.expect("watching");
    assert_eq!(again.end("-INT")["event"], "stopped");
    let runs = project.run(&["runs", "--output", "json"]).expect_code(0).stdout;
    assert_eq!(runs.matches("\"succeeded\"").count(), 2, "{runs}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_a_signal_ended_continues_at_the_next_start() {
    let options = Options { users: 600, max_page: 200, latency: Duration::from_millis(40), ..Options::default() };
    let project = Project::start(BINARY, options).await;
    project.write_source(NIGHTLY);
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let expected = project.snapshot();
    fs::remove_dir_all(project.path(".connector")).unwrap();
    // A first run that was missed.
    project.run(&["refresh", "salesforce", "nobody"]);
    let connection = rusqlite::Connection::open(project.path(".connector/store.db")).unwrap();
    connection.execute("UPDATE runs SET mode = 'full', status = 'failed'", []).unwrap();
    age_runs(&project);

    let mut worker = Worker::start(&project);
    worker.expect("watching");
    assert_eq!(worker.expect("started")["reason"], "missed");
    let before = project.sandbox.requests().total;
    while project.sandbox.requests().total < before + 12 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    worker.signal("-TERM");
    let ended = worker.expect("ended");
    assert_eq!(ended["run"]["status"], "interrupted", "{ended}");
    worker.expect("stopped");
    assert_eq!(worker.child.wait().unwrap().code(), Some(0));

    let mut worker = Worker::start(&project);
    worker.expect("watching");
    assert_eq!(worker.expect("started")["reason"], "unfinished");
    let ended = worker.expect("ended");
    assert_eq!((&ended["run"]["status"], &ended["run"]["resumed"]), (&"succeeded".into(), &true.into()), "{ended}");
    worker.end("-TERM");
    assert_eq!(project.snapshot(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_breaks_is_said_once_and_watched_again_when_it_is_mended() {
    let project = Project::start(BINARY, Options { users: 5, ..Options::default() }).await;
    project.write_source(NIGHTLY);
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let mut worker = Worker::start(&project);
    worker.expect("watching");
    let file = project.path("sources/salesforce.yaml");
    let valid = fs::read_to_string(&file).unwrap();
    fs::write(&file, valid.replace("grant_type", "grant_kind")).unwrap();
    let invalid = worker.expect("invalid");
    assert_eq!(
        (&invalid["source"], &invalid["error"]["kind"]),
        (&"salesforce".into(), &"definition".into()),
        "{invalid}"
    );
    age_runs(&project);
    fs::write(&file, valid).unwrap();
    assert_eq!(worker.expect("started")["reason"], "missed");
    worker.expect("ended");
    worker.end("-TERM");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_without_a_schedule_has_nothing_to_watch() {
    let project = Project::start(BINARY, Options { users: 5, ..Options::default() }).await;
    let refused = project.run(&["worker"]).expect_code(2);
    assert!(refused.stderr.contains("no source of this project has a schedule"), "{}", refused.stderr);
    let refused = project.run(&["worker", "--sources", "salesforce"]).expect_code(2);
    assert!(refused.stderr.contains("`salesforce` has no schedule"), "{}", refused.stderr);
    fs::write(project.path("connector.yaml"), "time_zone: Europe/Roma\n").unwrap();
    let refused = project.run(&["worker"]).expect_code(2);
    assert!(refused.stderr.contains("`time_zone` is not a time zone"), "{}", refused.stderr);
}
