//! Promise: several workers share the sources of a store on a server, and whatever happens to a worker, the store has in the end what one
//! undisturbed command would have written.
//!
//! Each test starts a server. `tests/run` installs PostgreSQL and runs them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod binary;
mod slow_system;

use binary::{command, run, said};
use connector_sandbox_postgres::Cluster;
use connector_sql::{Address, Connection};
use serde_json::Value;
use slow_system::SlowSystem;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A project whose sources are lists of a slow system, and its store on a server.
struct Place {
    cluster: Cluster,
    system: SlowSystem,
    folder: TempDir,
    store: String,
}

impl Place {
    fn new(sources: &[&str]) -> Self {
        let (cluster, system, folder) = (Cluster::start().unwrap(), SlowSystem::start(), tempfile::tempdir().unwrap());
        assert!(run(folder.path(), &["init"]).status.success());
        for name in sources {
            fs::write(folder.path().join(format!("sources/{name}.yaml")), system.source(name)).unwrap();
        }
        let store = database(&cluster, "queue");
        Self { cluster, system, folder, store }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(self.folder.path(), &[&["--store", &self.store], arguments].concat());
        command.env("SLOW_KEY", "k");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["-o", "json"]].concat());
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", said(&output)))
    }

    /// A command that goes on while the test does.
    fn begin(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn worker(&self, arguments: &[&str]) -> Worker {
        let mut child = self
            .command(&[&["worker", "-o", "json"], arguments].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (lines, (tell, events)) = (BufReader::new(child.stdout.take().unwrap()).lines(), channel());
        std::thread::spawn(move || {
            // Whoever listens may be done.
            lines.map_while(Result::ok).all(|line| tell.send(serde_json::from_str(&line).unwrap()).is_ok())
        });
        let worker = Worker { child, events };
        worker.until("ready");
        worker
    }

    /// Waits until the jobs are as they should be.
    fn until_jobs(&self, what: &str, is_so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let end = Instant::now() + Duration::from_mins(1);
        loop {
            let jobs = self.json(&["queue"]).as_array().unwrap().clone();
            if is_so(&jobs) {
                return jobs;
            }
            assert!(Instant::now() < end, "{what}: {jobs:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The rows of a store into which one command read the sources, with nothing in its way.
    fn undisturbed(&self, sources: &[&str]) -> Vec<String> {
        let store = database(&self.cluster, "undisturbed");
        self.system.answer_after(Duration::ZERO);
        let mut command = command(self.folder.path(), &[&["--store", &store, "aggregate"], sources].concat());
        let output = command.env("SLOW_KEY", "k").output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        rows(&store)
    }
}

/// All that the store says of the sources, but for ids of runs and times.
fn rows(store: &str) -> Vec<String> {
    let connection = Connection::connect(&Address::parse(store).unwrap()).unwrap();
    let mut rows = Vec::new();
    for query in [
        "SELECT concat_ws('|', 'account', s.name, a.account_id, a.name, a.display_name, a.enabled, a.locked, a.attributes,
             encode(a.hash, 'hex'), a.removed_run IS NULL, a.first_run = a.added_run)
         FROM accounts a JOIN sources s ON s.id = a.source",
        "SELECT concat_ws('|', 'entitlement', s.name, e.type, e.entitlement_id, e.name, e.attributes, e.removed_run IS NULL)
         FROM entitlements e JOIN sources s ON s.id = e.source",
        "SELECT concat_ws('|', 'assignment', source, account, type, entitlement) FROM current_assignments",
        "SELECT concat_ws('|', 'run', s.name, r.status, r.accounts_seen, r.accounts_added, r.accounts_changed, r.accounts_removed,
             r.entitlements_seen, r.assignments_seen, r.assignments_added)
         FROM runs r JOIN sources s ON s.id = r.source",
        "SELECT concat_ws('|', 'left', count(*)) FROM frontier WHERE done = 0",
        "SELECT concat_ws('|', 'waiting', count(*)) FROM waiting_assignments",
        "SELECT concat_ws('|', 'changes', count(*)) FROM changes",
    ] {
        let mut statement = connection.prepare(query).unwrap();
        let found = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.extend(found.map(Result::unwrap));
    }
    rows.sort();
    rows
}

fn database(cluster: &Cluster, name: &str) -> String {
    let server = Connection::connect(&Address::parse(&cluster.url("postgres")).unwrap()).unwrap();
    server.execute_batch(&format!("CREATE DATABASE {name}")).unwrap();
    cluster.url(name)
}

/// A worker and its events. It does not outlive the test.
struct Worker {
    child: Child,
    events: Receiver<Value>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Worker {
    /// Waits for an event of this kind.
    fn until(&self, event: &str) -> Value {
        let end = Instant::now() + Duration::from_mins(1);
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let next = self.events.recv_timeout(left).unwrap_or_else(|why| panic!("no `{event}`: {why}"));
            if next["event"] == event {
                return next;
            }
        }
    }

    fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    fn kill(self) {
        drop(self);
    }

    /// Its events from now on, after a signal that lets it end well.
    fn end(mut self) -> Vec<Value> {
        self.signal("-TERM");
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        self.events.iter().collect()
    }
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

/// Numbers that look random and are the same in each run of the test.
struct Dice(u64);

impl Dice {
    fn millis(&mut self, below: u64) -> Duration {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Duration::from_millis((self.0 >> 33) % below)
    }
}

#[test]
#[ignore = "starts a PostgreSQL server"]
fn two_workers_share_the_sources_and_the_command_says_what_it_says_without_them() {
    let names = ["s1", "s2", "s3", "s4", "s5", "s6"];
    let place = Place::new(&names);
    let (one, other) = (place.worker(&["--concurrency", "2"]), place.worker(&["--concurrency", "2"]));
    let workers = place.json(&["workers"]);
    assert_eq!(workers.as_array().unwrap().len(), 2, "{workers}");
    assert!(workers.as_array().unwrap().iter().all(|worker| worker["is_alive"] == true && worker["concurrency"] == 2));
    place.system.answer_after(Duration::from_millis(100));
    let read = place.run(&[&["aggregate", "-o", "json"], &names[..]].concat());
    assert_eq!(read.status.code(), Some(0), "{}", said(&read));
    let reports: Vec<Value> =
        String::from_utf8(read.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let sources: Vec<_> = reports.iter().map(|report| report["source"].as_str().unwrap()).collect();
    assert_eq!(sources, names, "{reports:?}");
    assert!(reports.iter().all(|report| report["status"] == "succeeded" && report["accounts"]["added"] == 200));
    one.until("ended");
    other.until("ended");
    assert_eq!(place.json(&["queue"]), Value::Array(Vec::new()));
    one.end();
    other.end();
    assert_eq!(rows(&place.store), place.undisturbed(&names));
}

/// Whoever is killed has no time to say so. On the same machine, others see it within seconds.
#[test]
#[ignore = "starts a PostgreSQL server"]
fn workers_that_are_killed_at_any_moment_lose_nothing_and_repeat_nothing() {
    let names = ["s1", "s2", "s3"];
    let place = Place::new(&names);
    place.system.answer_after(Duration::from_millis(250));
    let mut workers = vec![place.worker(&[]), place.worker(&[])];
    let mut read = place.begin(&[&["aggregate", "-o", "json"], &names[..]].concat());
    let mut dice = Dice(42);
    let mut killed = 0;
    while killed < 10 {
        std::thread::sleep(Duration::from_millis(150) + dice.millis(900));
        if read.try_wait().unwrap().is_some() {
            // The sources are read: their next runs are for the kills that are left.
            let output = read.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", said(&output));
            read = place.begin(&[&["aggregate", "-o", "json", "--full"], &names[..]].concat());
        }
        workers.remove(0).kill();
        killed += 1;
        workers.push(place.worker(&[]));
    }
    place.system.answer_after(Duration::ZERO);
    let began = Instant::now();
    let output = read.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    let recovered = place.run(&["metrics"]);
    let recovered = said(&recovered);
    let counts =
        recovered.lines().filter(|line| line.starts_with("connector_job_retries_total{") && line.contains("recovered"));
    let count: u64 = counts.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum();
    assert!(count >= 3, "few kills hit a job: {recovered}");
    // Full runs that found nothing new are the only difference that there may be.
    let runs = |rows: Vec<String>| rows.into_iter().filter(|row| !row.starts_with("run|")).collect::<Vec<_>>();
    for row in rows(&place.store).iter().filter(|row| row.starts_with("run|")) {
        assert!(row.contains("|succeeded|200|200|0|0|") || row.contains("|succeeded|200|0|0|0|"), "{row}");
    }
    workers.into_iter().for_each(Worker::kill);
    assert_eq!(runs(rows(&place.store)), runs(place.undisturbed(&names)));
}

/// A machine that hangs, or that the network cut off, is not dead: it may wake up and go on.
#[test]
#[ignore = "starts a PostgreSQL server"]
fn a_worker_that_hangs_is_replaced_within_half_a_minute_and_writes_nothing_when_it_wakes_up() {
    let place = Place::new(&["s1"]);
    place.system.answer_after(Duration::from_millis(400));
    let hanging = place.worker(&[]);
    let read = place.begin(&["aggregate", "s1", "-o", "json"]);
    hanging.until("started");
    std::thread::sleep(Duration::from_millis(1_500));
    hanging.signal("-STOP");
    let other = place.worker(&[]);
    let began = Instant::now();
    let started = other.until("started");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    assert_eq!((&started["source"], &started["recovered"]), (&"s1".into(), &true.into()), "{started}");
    std::thread::sleep(Duration::from_secs(1));
    hanging.signal("-CONT");
    let output = read.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["status"], &report["resumed"]), (&"succeeded".into(), &true.into()), "{report}");
    other.end();
    hanging.end();
    assert_eq!(rows(&place.store), place.undisturbed(&["s1"]));
}

#[test]
#[ignore = "starts a PostgreSQL server"]
fn a_worker_that_stops_gives_its_job_to_another_one() {
    let place = Place::new(&["s1"]);
    place.system.answer_after(Duration::from_millis(300));
    let first = place.worker(&[]);
    let read = place.begin(&["aggregate", "s1", "-o", "json"]);
    first.until("started");
    let second = place.worker(&[]);
    std::thread::sleep(Duration::from_secs(1));
    let last = first.end();
    let events: Vec<_> = last.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["gave_back", "stopped"], "{last:?}");
    let began = Instant::now();
    let started = second.until("started");
    assert!(began.elapsed() < Duration::from_secs(5) && started["recovered"] == false, "{started}");
    let output = read.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    second.end();
    assert_eq!(rows(&place.store), place.undisturbed(&["s1"]));
}

#[test]
#[ignore = "starts a PostgreSQL server"]
fn a_job_is_canceled_while_it_waits_or_runs_and_a_retry_goes_on_where_it_stopped() {
    let place = Place::new(&["s1", "s2"]);
    place.system.answer_after(Duration::from_millis(400));
    let worker = place.worker(&["--concurrency", "1"]);
    let (first, second) = (place.begin(&["aggregate", "s1"]), {
        place.until_jobs("the first one runs", |jobs| jobs.iter().any(|job| job["state"] == "running"));
        place.begin(&["aggregate", "s2"])
    });
    let jobs = place.until_jobs("the second one waits", |jobs| jobs.len() == 2);
    let states: Vec<_> = jobs.iter().map(|job| job["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["running", "waiting"], "{jobs:?}");
    let metrics = said(&place.run(&["metrics"]));
    for line in [
        "connector_queue_jobs{state=\"waiting\"} 1",
        "connector_queue_jobs{state=\"running\"} 1",
        "connector_workers 1",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    assert!(metrics.contains("connector_queue_oldest_waiting_timestamp_seconds 1"), "{metrics}");
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/prometheus/rules.yaml");
    let rules = fs::read_to_string(rules).unwrap();
    let asked = rules.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let asked: BTreeSet<_> = asked.filter(|name| name.starts_with("connector_queue_")).collect();
    assert!(asked.len() == 2 && asked.iter().all(|name| metrics.contains(name)), "{asked:?}: {metrics}");
    let id = |place: usize| jobs[place]["id"].to_string();
    std::thread::sleep(Duration::from_millis(800));
    assert!(place.run(&["queue", "cancel", &id(1)]).status.success());
    let output = second.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    assert!(place.run(&["queue", "cancel", &id(0)]).status.success());
    let output = first.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    let jobs = place.until_jobs("both are canceled", |jobs| jobs.iter().all(|job| job["state"] == "cancelled"));
    assert_eq!(jobs.len(), 2, "{jobs:?}");
    let again = place.run(&["queue", "cancel", &id(0)]);
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
    place.system.answer_after(Duration::ZERO);
    for retried in [id(0), id(1)] {
        let output = place.run(&["queue", "retry", &retried]);
        assert!(output.status.success(), "{}", said(&output));
    }
    place.until_jobs("both succeed", <[Value]>::is_empty);
    let metrics = said(&place.run(&["metrics"]));
    assert!(metrics.contains("connector_job_retries_total{source=\"s1\",reason=\"asked\"} 1"), "{metrics}");
    let runs = place.json(&["runs"]);
    assert_eq!(runs.as_array().unwrap().len(), 2, "{runs}");
    assert_eq!(place.run(&["queue", "retry", &id(0)]).status.code(), Some(1), "it succeeded");
    worker.end();
    assert_eq!(rows(&place.store), place.undisturbed(&["s1", "s2"]));
}

#[test]
#[ignore = "starts a PostgreSQL server"]
fn ctrl_c_ends_the_job_that_the_command_asked_for_and_leaves_one_that_it_joined() {
    let place = Place::new(&["s1"]);
    place.system.answer_after(Duration::from_millis(300));
    let worker = place.worker(&[]);
    let own = place.begin(&["aggregate", "s1"]);
    place.until_jobs("it runs", |jobs| jobs.iter().any(|job| job["state"] == "running"));
    let joined = place.begin(&["aggregate", "s1"]);
    let refused = place.run(&["aggregate", "s1", "--full"]);
    assert_eq!(refused.status.code(), Some(4), "{}", said(&refused));
    std::thread::sleep(Duration::from_millis(800));
    signal(&joined, "-INT");
    let output = joined.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    assert!(said(&output).contains("continues without this command"), "{}", said(&output));
    assert_eq!(place.json(&["queue"])[0]["state"], "running");
    signal(&own, "-TERM");
    let output = own.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143), "{}", said(&output));
    assert!(said(&output).contains("s1 stopped"), "{}", said(&output));
    assert_eq!(place.json(&["queue"])[0]["state"], "cancelled");
    worker.end();
}

#[test]
#[ignore = "starts a PostgreSQL server"]
fn a_worker_takes_only_the_sources_that_it_is_for_and_without_one_the_command_reads_itself() {
    let place = Place::new(&["near", "far"]);
    let worker = place.worker(&["--sources", "near"]);
    let far = place.run(&["aggregate", "far"]);
    assert_eq!(far.status.code(), Some(0), "{}", said(&far));
    assert!(said(&far).contains("No worker is running that reads `far`"), "{}", said(&far));
    let near = place.run(&["aggregate", "near"]);
    assert!(near.status.success() && !said(&near).contains("No worker"), "{}", said(&near));
    assert_eq!(worker.until("ended")["source"], "near");
    let for_far = place.worker(&["--sources", "far"]);
    // It lives, but takes nothing.
    for_far.signal("-STOP");
    let far = place.begin(&["aggregate", "far"]);
    place.until_jobs("it waits", |jobs| jobs.len() == 1);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(place.json(&["queue"])[0]["state"], "waiting", "another worker took it");
    for_far.signal("-CONT");
    assert!(far.wait_with_output().unwrap().status.success());
    for_far.end();
    let local = place.run(&["aggregate", "near", "--local"]);
    assert!(local.status.success() && !said(&local).contains("No worker"), "{}", said(&local));
    let rest: BTreeSet<String> = worker.end().iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect();
    assert_eq!(rest, BTreeSet::from(["stopped".to_owned()]), "the worker did more than its job");
}

#[test]
#[ignore = "starts a PostgreSQL server"]
fn a_worker_waits_for_a_server_that_ends_its_connections_or_crashes_and_goes_on() {
    let place = Place::new(&["s1"]);
    place.system.answer_after(Duration::from_millis(300));
    let worker = place.worker(&[]);
    let read = place.begin(&["aggregate", "s1", "-o", "json"]);
    worker.until("started");
    std::thread::sleep(Duration::from_millis(1_200));
    // Those of the run and of its lock; the queue keeps its own.
    let connection = Connection::connect(&Address::parse(&place.store).unwrap()).unwrap();
    let of_the_run = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()
         AND pid <> pg_backend_pid() AND query !~* 'jobs|worker'";
    let ended: i64 = connection.query_row(of_the_run, [], |row| row.get(0)).unwrap();
    assert!(ended > 0);
    drop(connection);
    assert_eq!(worker.until("disturbed")["event"], "disturbed");
    for _ in 0..2 {
        std::thread::sleep(Duration::from_millis(1_200));
        place.cluster.crash().unwrap();
    }
    let output = read.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    worker.end();
    assert_eq!(rows(&place.store), place.undisturbed(&["s1"]));
}

/// A worker may die right after the last commit of a run, or because of it.
#[test]
#[ignore = "starts a PostgreSQL server"]
fn a_job_whose_run_is_over_is_not_done_again_and_one_that_ends_all_its_workers_is_given_up() {
    let place = Place::new(&["s1"]);
    let worker = place.worker(&[]);
    assert!(place.run(&["aggregate", "s1"]).status.success());
    let run = place.json(&["runs"])[0]["run"].clone();
    let connection = Connection::connect(&Address::parse(&place.store).unwrap()).unwrap();
    let left_by_a_dead_worker = |set: &str| {
        let again = "queue_job = (connector_jobs.add_job('aggregate', json_build_object('job', id), flags => ARRAY['source:s1'])).id";
        let set =
            format!("UPDATE jobs SET ended_at = NULL, outcome = NULL, run = NULL, worker = 'dead', {set} {again}");
        connection.execute_batch(&set).unwrap();
    };
    let ended = || {
        place.until_jobs("it ends", |jobs| jobs.iter().all(|job| job["ended_at"].is_string()));
        let query = "SELECT outcome, coalesce(run, ''), coalesce(error_message, '') FROM jobs";
        let mut statement = connection.prepare(query).unwrap();
        let read = |row: &connector_sql::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        statement.query_row([], read).unwrap()
    };
    left_by_a_dead_worker("");
    let (outcome, of_run, _): (String, String, String) = ended();
    assert_eq!((outcome.as_str(), Value::from(of_run)), ("succeeded", run));
    assert_eq!(place.json(&["runs"]).as_array().unwrap().len(), 1, "it was read again");
    left_by_a_dead_worker("tries = 5, seen = 1000000,");
    let (outcome, _, why): (String, String, String) = ended();
    assert!(outcome == "failed" && why.contains("5 workers ended"), "{outcome}: {why}");
    worker.end();
}

/// A schedule of every minute, and more clocks than one.
#[test]
#[ignore = "starts a PostgreSQL server"]
fn a_moment_of_a_schedule_is_one_run_however_many_clocks_watch_it() {
    let place = Place::new(&["s1"]);
    let workers = [place.worker(&[]), place.worker(&[]), place.worker(&[])];
    // The run goes on while the other clocks look at the same moment.
    place.system.answer_after(Duration::from_millis(100));
    let source = format!("{}aggregation: {{schedule: \"* * * * *\"}}\n", place.system.source("s1"));
    fs::write(place.folder.path().join("sources/s1.yaml"), source).unwrap();
    let end = Instant::now() + Duration::from_secs(80);
    let runs = || place.json(&["runs"]).as_array().unwrap().clone();
    while runs().is_empty() {
        assert!(Instant::now() < end, "nothing ran");
        std::thread::sleep(Duration::from_millis(500));
    }
    // The other clocks look at least every five seconds.
    std::thread::sleep(Duration::from_secs(6));
    let told: Vec<Value> = workers.into_iter().flat_map(Worker::end).collect();
    assert!(told.iter().all(|event| event["event"] != "skipped"), "a moment is no overlap with itself: {told:?}");
    let asked: Vec<_> = told.iter().filter(|event| event["event"] == "queued").collect();
    assert_eq!(asked.len(), runs().len(), "{told:?}");
    let moments: BTreeSet<_> = asked.iter().map(|event| event["due"].as_str().unwrap()).collect();
    assert_eq!(moments.len(), asked.len(), "a moment was asked for twice: {told:?}");
}

#[test]
fn a_store_in_a_file_says_that_it_has_no_queue() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["init"]).status.success());
    for list in ["queue", "workers"] {
        let output = run(folder.path(), &[list]);
        let text = said(&output).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(output.status.success() && text.contains("The store is a file"), "{text}");
        let json = run(folder.path(), &[list, "-o", "json"]);
        assert_eq!(serde_json::from_slice::<Value>(&json.stdout).unwrap(), Value::Array(Vec::new()));
    }
    let output = run(folder.path(), &["queue", "cancel", "7"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("PostgreSQL"), "{}", said(&output));
    assert!(!Path::new(&folder.path().join(".connector")).exists(), "a list makes no store");
}
