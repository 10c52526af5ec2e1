//! Runs as the store keeps them.

use super::run::{Counts, Mode, RunError, RunReport, RunStatus, kind_from_name};
use super::sql;
use super::step::PerStep;
use connector_core::{Allowance, Error, ErrorKind, Result};
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Params, Row, params};
use std::collections::BTreeMap;
use std::str::FromStr;

/// A run as the store keeps it.
#[derive(Debug)]
pub(crate) struct StoredRun {
    pub(crate) number: i64,
    pub(crate) report: RunReport,
    pub(crate) connector: String,
    pub(crate) started_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
}

const COLUMNS: &str = "r.number, r.id, s.name, r.connector, r.status, r.resumed, r.started_at, r.ended_at,
    r.accounts_seen, r.accounts_added, r.accounts_changed, r.accounts_removed,
    r.entitlements_seen, r.entitlements_added, r.entitlements_changed, r.entitlements_removed,
    r.assignments_seen, r.assignments_added, 0, r.assignments_removed,
    r.api_calls, r.retries, r.bytes_received, r.active_ms, r.limits,
    r.error_kind, r.error_message, r.error_help, r.error_step";

/// The runs for which a condition on `r` (runs) and `s` (sources) holds; it ends with the order.
pub(crate) fn select(connection: &Connection, condition: &str, parameters: impl Params) -> Result<Vec<StoredRun>> {
    let query = format!("SELECT {COLUMNS} FROM runs r JOIN sources s ON s.id = r.source {condition}");
    let mut runs: Vec<StoredRun> = sql::all(connection, &query, parameters, stored)?;
    for run in &mut runs {
        run.report.warnings = warnings(connection, run.number)?;
    }
    Ok(runs)
}

/// The run with that number.
pub(crate) fn one(connection: &Connection, number: i64) -> Result<StoredRun> {
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

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredRun> {
    let kind: Option<String> = row.get(25)?;
    let error = match kind {
        None => None,
        Some(kind) => Some(RunError {
            kind: kind_from_name(&kind),
            message: row.get(26)?,
            help: row.get(27)?,
            step: row.get(28)?,
        }),
    };
    let limits: String = row.get(24)?;
    let report = RunReport {
        run: row.get(1)?,
        source: row.get(2)?,
        mode: Mode::Full,
        status: RunStatus::from_name(&row.get::<_, String>(4)?),
        resumed: row.get(5)?,
        counts: PerStep { accounts: counts(row, 8)?, entitlements: counts(row, 12)?, assignments: counts(row, 16)? },
        api_calls: row.get(20)?,
        retries: row.get(21)?,
        bytes_received: row.get(22)?,
        duration_ms: row.get(23)?,
        warnings: Vec::new(),
        error,
        limits: allowances(&limits),
    };
    Ok(StoredRun {
        number: row.get(0)?,
        report,
        connector: row.get(3)?,
        started_at: time(row, 6)?.unwrap_or(Timestamp::UNIX_EPOCH),
        ended_at: time(row, 7)?,
    })
}

fn counts(row: &Row<'_>, column: usize) -> rusqlite::Result<Counts> {
    let (seen, added, changed): (u64, u64, u64) = (row.get(column)?, row.get(column + 1)?, row.get(column + 2)?);
    let unchanged = seen.saturating_sub(added).saturating_sub(changed);
    Ok(Counts { seen, added, changed, unchanged, removed: row.get(column + 3)? })
}

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| {
        Timestamp::from_str(&text)
            .map_err(|cause| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, cause.into()))
    })
    .transpose()
}

fn allowances(text: &str) -> BTreeMap<String, Allowance> {
    let Ok(written) = serde_json::from_str::<BTreeMap<String, BTreeMap<String, u64>>>(text) else {
        return BTreeMap::new();
    };
    let figure = |one: &BTreeMap<String, u64>, name: &str| one.get(name).copied().unwrap_or_default();
    written
        .into_iter()
        .map(|(name, one)| (name, Allowance { used: figure(&one, "used"), max: figure(&one, "max") }))
        .collect()
}
