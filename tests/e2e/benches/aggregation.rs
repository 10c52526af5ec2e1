//! How long a full aggregation takes and how much memory it needs, beside the floor: fetching the same pages with a bare client that throws
//! the bytes away, plus inserting the same rows with a bare loop in one transaction.
//!
//! `cargo bench -p connector-e2e --bench aggregation` measures 10,000 and 100,000 users, by REST and by query jobs. After `--`, other
//! sizes can follow, and the latency of each response in milliseconds: `-- 1000000 latency=100`.
//! The figures of one machine are for comparing with each other, not with another machine's.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at the first surprise and prints its figures"
)]

use connector_e2e::{Bare, Binary, Project};
use connector_sandbox_salesforce::Options;
use rusqlite::Connection;
use rusqlite::types::Value;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));
const CONCURRENCY: usize = 4;

#[tokio::main]
async fn main() {
    let mut sizes = Vec::new();
    let mut latency = Duration::ZERO;
    for argument in std::env::args().skip(1) {
        if let Some(milliseconds) = argument.strip_prefix("latency=") {
            latency = Duration::from_millis(milliseconds.parse().unwrap());
        } else if let Ok(users) = argument.parse() {
            sizes.push(users);
        }
    }
    if sizes.is_empty() {
        sizes = vec![10_000, 100_000];
    }
    println!(
        "    users transport assignments calls |      run    again |    fetch   insert    floor | ratio | peak memory"
    );
    for users in sizes {
        measure(users, latency).await;
    }
    start_up().await;
}

async fn measure(users: u64, latency: Duration) {
    let project = Project::start(BINARY, Options { users, latency, ..Options::default() }).await;
    let warm_up = project.run(&["test", "salesforce"]);
    assert_eq!(warm_up.code, Some(0), "{}", warm_up.stderr);
    let mut floor = None;
    for transport in ["rest", "bulk"] {
        project.write_source(&format!("settings: {{transport: {transport}}}\n"));
        let _ = fs::remove_dir_all(project.path(".connector"));
        project.sandbox.clear_requests();
        let (run, report, peak) = aggregate(&project).await;
        let log = project.sandbox.requests().log;
        let (again, _, _) = aggregate(&project).await;
        let (fetch, insert) = if let Some(floor) = floor {
            floor
        } else {
            let queries: Vec<String> =
                log.into_iter().filter(|request| request.status == 200).filter_map(|request| request.soql).collect();
            (fetch(&project, &queries).await, insert(&project.path(".connector/store.db")))
        };
        floor = Some((fetch, insert));
        println!(
            "{users:>9} {transport:>9} {:>11} {:>5} | {:>6}ms {:>6}ms | {:>6}ms {:>6}ms {:>6}ms | {:>4.2}x | {peak} KiB",
            report["assignments"]["seen"].as_u64().unwrap(),
            report["api_calls"].as_u64().unwrap(),
            run.as_millis(),
            again.as_millis(),
            fetch.as_millis(),
            insert.as_millis(),
            (fetch + insert).as_millis(),
            run.as_secs_f64() / (fetch + insert).as_secs_f64(),
        );
    }
}

/// One full aggregation as a process: its time, its report, and its peak memory in KiB.
async fn aggregate(project: &Project) -> (Duration, serde_json::Value, u64) {
    let started = Instant::now();
    let mut command = project.command(&["aggregate", "salesforce", "--full", "--output", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        peak = peak.max(high_water(&status).unwrap_or(0));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let took = started.elapsed();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    (took, serde_json::from_slice(&output.stdout).unwrap(), peak)
}

/// The peak resident memory of a process in KiB, as Linux tells it.
fn high_water(status: &str) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Fetches the same pages with a bare client, as many at once as the aggregation, and throws the bytes away.
async fn fetch(project: &Project, queries: &[String]) -> Duration {
    let bare = Bare::sign_in(project).await;
    let places = Arc::new(Semaphore::new(CONCURRENCY));
    let started = Instant::now();
    let mut tasks = Vec::new();
    for soql in queries {
        let place = places.clone().acquire_owned().await.unwrap();
        let request = bare.get("/services/data/v67.0/query").query(&[("q", soql)]);
        tasks.push(tokio::spawn(async move {
            let answer = request.send().await.unwrap();
            assert!(answer.status().is_success());
            let length = answer.bytes().await.unwrap().len();
            drop(place);
            length
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    started.elapsed()
}

/// Inserts the rows of the store into a fresh one with the same tables and indexes, in one transaction.
fn insert(store: &Path) -> Duration {
    let from = Connection::open(store).unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let mut to = Connection::open(folder.path().join("bare.db")).unwrap();
    to.pragma_update(None, "journal_mode", "WAL").unwrap();
    to.pragma_update(None, "synchronous", "NORMAL").unwrap();
    to.pragma_update(None, "foreign_keys", false).unwrap();
    let tables = ["accounts", "entitlements", "assignments"];
    let mut shapes = from
        .prepare("SELECT tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('table', 'index') ORDER BY type DESC")
        .unwrap();
    let shapes = shapes.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).unwrap();
    for (table, sql) in shapes.map(Result::unwrap) {
        if tables.contains(&table.as_str()) {
            to.execute_batch(&sql).unwrap();
        }
    }
    let mut took = Duration::ZERO;
    for table in tables {
        let mut select = from.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = select.column_count();
        let read =
            |row: &rusqlite::Row<'_>| (0..columns).map(|column| row.get(column)).collect::<Result<Vec<Value>, _>>();
        let rows: Vec<Vec<Value>> = select.query_map([], read).unwrap().map(Result::unwrap).collect();
        let marks = vec!["?"; columns].join(", ");
        let started = Instant::now();
        let transaction = to.transaction().unwrap();
        let mut statement = transaction.prepare(&format!("INSERT INTO {table} VALUES ({marks})")).unwrap();
        for row in &rows {
            statement.execute(rusqlite::params_from_iter(row)).unwrap();
        }
        drop(statement);
        transaction.commit().unwrap();
        took += started.elapsed();
    }
    took
}

/// What a user waits for commands that need no network.
async fn start_up() {
    let project = Project::start(BINARY, Options { users: 10, ..Options::default() }).await;
    for arguments in [&["--help"][..], &["validate"][..]] {
        let started = Instant::now();
        let runs = 20;
        for _ in 0..runs {
            assert_eq!(project.run(arguments).code, Some(0));
        }
        println!(
            "connector {}: {:.1} ms",
            arguments.join(" "),
            started.elapsed().as_secs_f64() * 1_000.0 / f64::from(runs)
        );
    }
}
