//! Promise: a process that runs for months needs no more memory, files or disk than one that runs for an hour.
//!
//! `CONNECTOR_SOAK_RUNS=1000` makes more runs than the default.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

// Registers the connector.
use connector_cli as _;
use connector_e2e::{Binary, Project};
use connector_engine::aggregate::{self, Options, RunStatus};
use connector_engine::store::Store;
use connector_project::source;
use connector_sandbox_salesforce as sandbox;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::fs;
use tokio_util::sync::CancellationToken;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));
const FAULTS: [&str; 12] = [
    "503:9",
    "cut:7",
    "reset:8",
    "session-expiry:9",
    "html-200",
    "truncate-page:3",
    "request-limit:12",
    "wrong-type-page",
    "drop-rows",
    "moved-session:9",
    "results-expired:1",
    "job-fails:1",
];

/// What the process and its store hold.
#[derive(Debug)]
struct Held {
    files: usize,
    memory_kib: u64,
    store_kib: u64,
}

impl Held {
    fn now(project: &Project) -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let size = |name: &str| fs::metadata(project.path(".connector").join(name)).map_or(0, |file| file.len());
        Self {
            files: fs::read_dir("/proc/self/fd").unwrap().count(),
            memory_kib: resident.split_whitespace().next().unwrap().parse().unwrap(),
            store_kib: (size("store.db") + size("store.db-wal")) / 1024,
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn many_small_runs_with_faults_hold_nothing_afterwards() {
    let runs: u64 = std::env::var("CONNECTOR_SOAK_RUNS").map_or(90, |runs| runs.parse().unwrap());
    let options = sandbox::Options { users: 40, max_result_page: 20, ..sandbox::Options::default() };
    let project = Project::start(BINARY, options).await;
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let (mut warm, mut failed) = (None, 0);
    for run in 0..runs {
        let transport = if run % 2 == 0 { "rest" } else { "bulk" };
        project.write_source(&format!("settings: {{transport: {transport}}}\n"));
        let fault = if random.random_bool(0.4) { FAULTS.choose(&mut random) } else { None };
        project.sandbox.set_faults(fault.into_iter().map(|fault| fault.parse().unwrap()).collect());
        let status = one(&project).await;
        failed += u64::from(status != RunStatus::Succeeded);
        assert!(fault.is_some() || status == RunStatus::Succeeded, "run {run}");
        project.sandbox.clear_requests();
        if run == runs / 3 {
            warm = Some(Held::now(&project));
        }
    }
    assert!(failed > runs / 20, "only {failed} of {runs} runs failed: the test shows nothing");
    let (warm, held) = (warm.unwrap(), Held::now(&project));
    let further = runs - runs / 3;
    assert!(held.files <= warm.files + 8, "{warm:?}, then {held:?}");
    assert!(held.memory_kib <= warm.memory_kib + 24 * 1024, "{warm:?}, then {held:?}");
    // A run is a row with its warnings and its error.
    assert!(held.store_kib <= warm.store_kib + further * 2 + 256, "{warm:?}, then {held:?}");
}

/// One aggregation, as a process that serves many of them opens and drops it.
async fn one(project: &Project) -> RunStatus {
    let folder = source::Project::at(project.folder());
    let opened = folder.load("salesforce").unwrap().open(&folder).unwrap();
    let store = Store::open(project.path(".connector/store.db")).unwrap();
    let options = Options::default();
    aggregate::run(&store, &opened, options, |_| {}, CancellationToken::new()).await.unwrap().status
}
