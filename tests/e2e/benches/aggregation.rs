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

#[path = "peers/floors.rs"]
mod floors;
#[path = "peers/process.rs"]
mod process;

use connector_e2e::{Binary, Project};
use connector_sandbox_salesforce::Options;
use floors::{fetch, insert};
use process::{Measured, measured};
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

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
    let (mut floor, mut alone) = (None, Duration::ZERO);
    for transport in ["rest", "bulk"] {
        project.write_source(&format!("settings: {{transport: {transport}}}\n"));
        let _ = fs::remove_dir_all(project.path(".connector"));
        let (run, report) = aggregate(&project).await;
        let log = project.sandbox.requests().log;
        let (again, _) = aggregate(&project).await;
        let (fetch, insert) = if let Some(floor) = floor {
            floor
        } else {
            let queries: Vec<String> =
                log.into_iter().filter(|request| request.status == 200).filter_map(|request| request.soql).collect();
            let fetched = fetch(&project, &queries, CONCURRENCY).await;
            (fetched.time, insert(&project.path(".connector/store.db")).time)
        };
        floor = Some((fetch, insert));
        alone = run.time;
        println!(
            "{users:>9} {transport:>9} {:>11} {:>5} | {:>6}ms {:>6}ms | {:>6}ms {:>6}ms {:>6}ms | {:>4.2}x | {} KiB",
            report["assignments"]["seen"].as_u64().unwrap(),
            run.calls,
            run.time.as_millis(),
            again.time.as_millis(),
            fetch.as_millis(),
            insert.as_millis(),
            (fetch + insert).as_millis(),
            run.time.as_secs_f64() / (fetch + insert).as_secs_f64(),
            run.peak_kib.unwrap_or_default(),
        );
    }
    let bytes = fs::metadata(project.path(".connector/store.db")).unwrap().len();
    println!("{users:>9} store: {} bytes a user", bytes / users);
    changes(&project, users).await;
    two_at_once(&project, users, alone);
}

/// Reads only changes: first when nothing changed, then when every hundredth user did, then when nothing changed again.
async fn changes(project: &Project, users: u64) {
    // The first one counts what the store has.
    for (changed, what) in [(0, "first, nothing changed"), (0, "nothing changed"), (users / 100, "1% changed")] {
        // Windows of changes overlap: what changed within them is read again.
        project.sandbox.org().let_time_pass(Duration::from_hours(1));
        for number in 0..changed {
            let user = project.sandbox.org().user_id(number * 100 + 50);
            project.sandbox.org().set(&user, "Department", format!("Changed {number}")).unwrap();
        }
        let (run, report) = read(project, "--delta").await;
        println!(
            "{users:>9} changes, {what}: {} calls, {} ms, {} accounts changed, {} KiB",
            run.calls,
            run.time.as_millis(),
            report["accounts"]["changed"],
            run.peak_kib.unwrap_or_default(),
        );
    }
}

/// Reads the org into one store as two sources at the same time.
fn two_at_once(project: &Project, users: u64, alone: Duration) {
    let text = fs::read_to_string(project.path("sources/salesforce.yaml")).unwrap();
    for name in ["one", "two"] {
        fs::write(project.path(&format!("sources/{name}.yaml")), &text).unwrap();
    }
    let started = Instant::now();
    let running = ["one", "two"].map(|name| {
        let mut command = project.command(&["aggregate", name, "--full", "--quiet", "--output", "json"]);
        command.stdout(Stdio::null()).spawn().unwrap()
    });
    for mut one in running {
        assert!(one.wait().unwrap().success());
    }
    let together = started.elapsed();
    let ratio = together.as_secs_f64() / alone.as_secs_f64();
    println!("{users:>9} two sources at once: {} ms, {ratio:.2} x one", together.as_millis());
}

/// One full aggregation: its figures and its report.
async fn aggregate(project: &Project) -> (Measured, serde_json::Value) {
    read(project, "--full").await
}

async fn read(project: &Project, mode: &str) -> (Measured, serde_json::Value) {
    let mut command = project.command(&["aggregate", "salesforce", mode, "--output", "json"]);
    let (output, mut figures) = measured(project, &mut command).await;
    let report: serde_json::Value = serde_json::from_str(&output).unwrap();
    figures.calls = report["api_calls"].as_u64().unwrap();
    (figures, report)
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
