//! Every run in a few figures, for those who count over all of them.

use connector_core::Result;
use connector_sql::Row;
use connector_store::{Mode, RunStatus, Store, sql, word};
use std::time::Duration;

/// A run that is over, in figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastRun {
    /// The source's name.
    pub source: String,
    /// How much it read.
    pub mode: Mode,
    /// How it ended.
    pub status: RunStatus,
    /// How long jobs worked on it.
    pub took: Duration,
    /// Requests sent to the source, repeated ones included.
    pub api_calls: u64,
    /// Repeated requests.
    pub retries: u64,
    /// Bytes received.
    pub bytes_received: u64,
    /// Accounts that it added.
    pub added: u64,
    /// Accounts that it changed.
    pub changed: u64,
    /// Accounts that it marked as removed.
    pub removed: u64,
}

/// Calls `then` with every run that is over, oldest first.
///
/// The next run of a source continues a run that failed or was stopped, so the newest one is over only if it succeeded or was
/// refused. What this function counts never becomes less.
pub fn past_runs(store: &Store, then: impl FnMut(PastRun) -> Result<()>) -> Result<()> {
    let query = "SELECT s.name, r.mode, r.status, r.active_ms, r.api_calls, r.retries, r.bytes_received,
            r.accounts_added, r.accounts_changed, r.accounts_removed
        FROM runs r JOIN sources s ON s.id = r.source
        WHERE r.ended_at IS NOT NULL AND (r.status IN ('succeeded', 'refused')
            OR r.number < (SELECT max(n.number) FROM runs n WHERE n.source = r.source))
        ORDER BY r.number";
    sql::each(&store.reader()?, query, [], past_run, then)
}

fn past_run(row: &Row<'_>) -> connector_sql::Result<PastRun> {
    Ok(PastRun {
        source: row.get(0)?,
        mode: word(row, 1)?,
        status: word(row, 2)?,
        took: Duration::from_millis(row.get(3)?),
        api_calls: row.get(4)?,
        retries: row.get(5)?,
        bytes_received: row.get(6)?,
        added: row.get(7)?,
        changed: row.get(8)?,
        removed: row.get(9)?,
    })
}
