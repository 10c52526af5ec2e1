//! Past and present runs.

use super::reading::run_by_id;
use connector_core::Result;
use connector_sql::params;
use connector_store::{RunLock, RunReport, RunStatus, Store, StoredRun, Work, run_by_number, select_runs};
use jiff::Timestamp;
use serde::Serialize;

/// A past or present run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// Its result so far.
    #[serde(flatten)]
    pub report: RunReport,
    /// The connector that read the source.
    pub connector: String,
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended; absent while it runs and after it was killed.
    pub ended_at: Option<Timestamp>,
}

/// The runs of a source, or of all sources, newest first.
pub fn runs(store: &Store, source: Option<&str>, limit: Option<u64>) -> Result<Vec<Run>> {
    let limit = limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(i64::MAX);
    let found = select_runs(
        &store.reader()?,
        "WHERE CAST(?1 AS TEXT) IS NULL OR s.name = ?1 ORDER BY r.number DESC LIMIT ?2",
        params![source, limit],
    )?;
    found.into_iter().map(|run| shown(store, run)).collect()
}

/// The run with this id, or with an id that begins with it if only one does. Fails with kind `not_found`.
pub fn run(store: &Store, id: &str) -> Result<Run> {
    let found = run_by_id(&store.reader()?, id, None)?;
    shown(store, found)
}

/// The newest run of a source, if it has one.
pub fn last_run(store: &Store, source: &str) -> Result<Option<Run>> {
    Ok(runs(store, Some(source), Some(1))?.pop())
}

/// The newest run of a source that read more than a few accounts, if it has one.
pub fn last_aggregation(store: &Store, source: &str) -> Result<Option<Run>> {
    let newest = "WHERE s.name = ?1 AND r.mode <> 'refresh' ORDER BY r.number DESC LIMIT 1";
    select_runs(&store.reader()?, newest, params![source])?.pop().map(|run| shown(store, run)).transpose()
}

/// The newest run of a source that succeeded and read more than a few accounts, if it has one.
pub fn last_success(store: &Store, source: &str) -> Result<Option<Run>> {
    let newest = "WHERE s.name = ?1 AND r.mode <> 'refresh' AND r.status = 'succeeded' ORDER BY r.number DESC LIMIT 1";
    select_runs(&store.reader()?, newest, params![source])?.pop().map(|run| shown(store, run)).transpose()
}

/// A run that no process has locked is not running: it was killed.
///
/// A run that ends between the two checks is running at the first one and unlocked at the second one. So the row is read
/// again: the row of an unlocked run doesn't change.
fn shown(store: &Store, mut run: StoredRun) -> Result<Run> {
    if run.report.status == RunStatus::Running && !RunLock::is_held(store, Work::Aggregation, &run.report.source) {
        run = run_by_number(&store.reader()?, run.number)?;
        if run.report.status == RunStatus::Running {
            run.report.status = RunStatus::Interrupted;
        }
    }
    Ok(Run { report: run.report, connector: run.connector, started_at: run.started_at, ended_at: run.ended_at })
}
