//! Runs as the store keeps them.

use super::column::{moment, unreadable, word};
use super::run::{Counts, RunError, RunReport};
use super::sql;
use super::step::PerStep;
use connector_core::{Allowance, Error, ErrorKind, Result};
use connector_sql::types::ValueRef;
use connector_sql::{Connection, Params, Row, params};
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A run as the store keeps it.
#[derive(Debug)]
pub struct StoredRun {
    /// The number of the run in the store.
    pub number: i64,
    /// Its result.
    pub report: RunReport,
    /// The connector that read it.
    pub connector: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended, if it has.
    pub ended_at: Option<Timestamp>,
}

const COLUMNS: &str = "r.number, r.id, s.name, r.connector, r.status, r.resumed, r.started_at, r.ended_at,
    r.accounts_seen, r.accounts_added, r.accounts_changed, r.accounts_removed,
    r.entitlements_seen, r.entitlements_added, r.entitlements_changed, r.entitlements_removed,
    r.assignments_seen, r.assignments_added, r.assignments_changed, r.assignments_removed,
    r.api_calls, r.retries, r.bytes_received, r.active_ms, r.limits,
    r.error_kind, r.error_message, r.error_help, r.error_step, r.mode";

/// The runs for which a condition on `r` (runs) and `s` (sources) holds; it ends with the order.
pub fn select(connection: &Connection, condition: &str, parameters: impl Params) -> Result<Vec<StoredRun>> {
    let query = format!("SELECT {COLUMNS} FROM runs r JOIN sources s ON s.id = r.source {condition}");
    let mut runs: Vec<StoredRun> = sql::all(connection, &query, parameters, stored)?;
    for run in &mut runs {
        run.report.warnings = warnings(connection, run.number)?;
    }
    Ok(runs)
}

/// The run with that number.
pub fn one(connection: &Connection, number: i64) -> Result<StoredRun> {
    select(connection, "WHERE r.number = ?1", [number])?
        .pop()
        .ok_or_else(|| Error::new(ErrorKind::NotFound, "the store has no such run"))
}

/// Adds a warning to a run, once.
pub(crate) fn warn(connection: &Connection, run: i64, text: &str) -> Result<()> {
    sql::execute(
        connection,
        "INSERT INTO warnings (run, text) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        params![run, text],
    )?;
    Ok(())
}

fn warnings(connection: &Connection, run: i64) -> Result<Vec<String>> {
    sql::all(connection, "SELECT text FROM warnings WHERE run = ?1 ORDER BY id", [run], |row| row.get(0))
}

fn stored(row: &Row<'_>) -> connector_sql::Result<StoredRun> {
    let error = match row.get_ref(25)? {
        ValueRef::Null => None,
        _ => Some(RunError { kind: word(row, 25)?, message: row.get(26)?, help: row.get(27)?, step: row.get(28)? }),
    };
    let report = RunReport {
        run: row.get(1)?,
        source: row.get(2)?,
        mode: word(row, 29)?,
        status: word(row, 4)?,
        resumed: row.get(5)?,
        counts: PerStep { accounts: counts(row, 8)?, entitlements: counts(row, 12)?, assignments: counts(row, 16)? },
        api_calls: row.get(20)?,
        retries: row.get(21)?,
        bytes_received: row.get(22)?,
        duration_ms: row.get(23)?,
        warnings: Vec::new(),
        error,
        limits: allowances(row, 24)?,
    };
    Ok(StoredRun {
        number: row.get(0)?,
        report,
        connector: row.get(3)?,
        started_at: moment(row, 6)?.ok_or_else(|| unreadable(6, "the run has no beginning".to_owned()))?,
        ended_at: moment(row, 7)?,
    })
}

fn counts(row: &Row<'_>, column: usize) -> connector_sql::Result<Counts> {
    let (seen, added, changed): (u64, u64, u64) = (row.get(column)?, row.get(column + 1)?, row.get(column + 2)?);
    let unchanged = seen.saturating_sub(added).saturating_sub(changed);
    Ok(Counts { seen, added, changed, unchanged, removed: row.get(column + 3)? })
}

fn allowances(row: &Row<'_>, column: usize) -> connector_sql::Result<BTreeMap<String, Allowance>> {
    #[derive(Deserialize)]
    struct Figures {
        used: u64,
        max: u64,
    }
    let text = row.get_ref(column)?.as_str()?;
    let written: BTreeMap<String, Figures> =
        serde_json::from_str(text).map_err(|cause| unreadable(column, cause.to_string()))?;
    Ok(written.into_iter().map(|(name, Figures { used, max })| (name, Allowance::new(used, max))).collect())
}
