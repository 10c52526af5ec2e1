//! Past and present runs.

use super::reading::run_by_id;
use crate::store::{RunLock, RunReport, RunStatus, Store, StoredRun, Work, select_runs};
use connector_core::Result;
use jiff::Timestamp;
use rusqlite::params;
use serde::Serialize;

/// A past or present run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// What it came to so far.
    #[serde(flatten)]
    pub report: RunReport,
    /// The connector that read the source.
    pub connector: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; absent while it runs and after a kill.
    pub ended_at: Option<Timestamp>,
}

/// The runs of a source, or of all sources; the newest first.
pub fn runs(store: &Store, source: Option<&str>, limit: Option<usize>) -> Result<Vec<Run>> {
    let limit = limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(-1);
    let found = select_runs(
        &store.reader()?,
        "WHERE ?1 IS NULL OR s.name = ?1 ORDER BY r.number DESC LIMIT ?2",
        params![source, limit],
    )?;
    Ok(found.into_iter().map(|run| told(store, run)).collect())
}

/// The run with that id, or the only one whose id begins so. Fails with kind `not_found`.
pub fn run(store: &Store, id: &str) -> Result<Run> {
    run_by_id(&store.reader()?, id, None).map(|run| told(store, run))
}

/// The newest run of a source, if there was one.
pub fn last_run(store: &Store, source: &str) -> Result<Option<Run>> {
    Ok(runs(store, Some(source), Some(1))?.pop())
}

/// A run that no process holds any more does not run: it was killed.
fn told(store: &Store, mut run: StoredRun) -> Run {
    if run.report.status == RunStatus::Running && !RunLock::is_held(store, Work::Aggregation, &run.report.source) {
        run.report.status = RunStatus::Interrupted;
    }
    Run { report: run.report, connector: run.connector, started_at: run.started_at, ended_at: run.ended_at }
}
