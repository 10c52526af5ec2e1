//! What large plans cost: API calls beside the least possible, time beside what the calls alone take, and peak memory.
//!
//! `cargo bench -p connector-e2e --bench provisioning` applies plans of 10,000 updates and of 10,000 grants at a latency of
//! 100 ms, and of 1,000 and 20,000 operations with no latency. The figures of one machine are for comparing with each other,
//! not with another machine's.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at the first surprise and prints its figures"
)]

use connector_e2e::{Binary, Project};
use connector_sandbox_salesforce::Options;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufWriter, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));
const LATENCY: Duration = Duration::from_millis(100);
/// Rows in a request that writes.
const BATCH: u64 = 200;
/// Requests that write at the same time.
const CONCURRENCY: u32 = 4;

#[derive(Clone, Copy)]
enum Kind {
    Update,
    Grant,
}

#[tokio::main]
async fn main() {
    println!("operations        | writes least | preview reads other | preview   apply floor | ratio | peak memory");
    for kind in [Kind::Update, Kind::Grant] {
        measure(kind, 10_000, LATENCY).await;
    }
    for operations in [1_000, 20_000] {
        measure(Kind::Update, operations, Duration::ZERO).await;
    }
}

async fn measure(kind: Kind, operations: u64, latency: Duration) {
    let options = Options { users: operations + 100, latency, ..Options::default() };
    let project = Project::start(BINARY, options).await;
    write_plan(&project, kind, operations);

    let sandbox = &project.sandbox;
    sandbox.clear_requests();
    let (preview_took, preview, preview_peak) = run(&project, &["--preview"]).await;
    let preview_calls = calls(&project).1;
    sandbox.clear_requests();
    let (took, applied, peak) = run(&project, &["--yes"]).await;
    let (writes, others) = calls(&project);
    assert_eq!(applied["summary"]["applied"], json!(operations), "{applied}");
    assert_eq!(preview["summary"]["planned"], json!(operations), "{preview}");

    let apply = took.saturating_sub(preview_took);
    let least = operations.div_ceil(BATCH);
    // All that the command asks for, as many at once as may be.
    let floor = latency * u32::try_from(writes + others).unwrap() / CONCURRENCY;
    let name = match kind {
        Kind::Update => "updates",
        Kind::Grant => "grants",
    };
    let ratio = if floor.is_zero() { 0.0 } else { took.as_secs_f64() / floor.as_secs_f64() };
    println!(
        "{operations:>9} {name:<7} | {writes:>6} {least:>5} | {preview_calls:>13} {:>5} | {:>5}ms {:>5}ms {:>5}ms | {:>4.2}x | {} KiB",
        others.saturating_sub(preview_calls),
        preview_took.as_millis(),
        apply.as_millis(),
        floor.as_millis(),
        ratio,
        peak.max(preview_peak),
    );
}

/// Writes a plan with one operation for each of so many active users.
fn write_plan(project: &Project, kind: Kind, operations: u64) {
    let org = project.sandbox.org();
    let mut plan = BufWriter::new(fs::File::create(project.path("plan.ndjson")).unwrap());
    for number in 4..operations + 4 {
        let user = org.user_id(number);
        org.activate(&user).unwrap();
        let account = org.field(&user, "Username").unwrap();
        let operation = match kind {
            Kind::Update => json!({"update": {"account": account, "set": {"Department": "Treasury"}}}),
            Kind::Grant => json!({"grant": {"account": account, "entitlement": "permission_set/Benchmark"}}),
        };
        writeln!(plan, "{operation}").unwrap();
    }
    let set = [("Name", json!("Benchmark")), ("Label", json!("Benchmark")), ("Type", json!("Regular"))];
    org.insert("PermissionSet", &set).unwrap();
}

/// Requests that wrote, and all others, since they were forgotten last.
fn calls(project: &Project) -> (u64, u64) {
    let requests = project.sandbox.requests();
    let writes = requests.log.iter().filter(|one| one.path.contains("/composite/sobjects") && one.method != "GET");
    let writes = writes.count() as u64;
    (writes, requests.total - writes)
}

/// One run as a process: its time, its last line, and its peak memory in KiB.
async fn run(project: &Project, options: &[&str]) -> (Duration, Value, u64) {
    let started = Instant::now();
    let results = fs::File::create(project.path("results.ndjson")).unwrap();
    let arguments = [&["provision", "salesforce", "plan.ndjson", "--output", "json"], options].concat();
    let mut child = project.command(&arguments).stdout(results).stderr(Stdio::inherit()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        peak = peak.max(high_water(&status).unwrap_or(0));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let took = started.elapsed();
    assert!(child.wait().unwrap().success());
    let results = fs::read_to_string(project.path("results.ndjson")).unwrap();
    (took, serde_json::from_str(results.lines().last().unwrap()).unwrap(), peak)
}

/// The peak resident memory of a process in KiB, as Linux tells it.
fn high_water(status: &str) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
