//! What of a source a run could not read.

use super::sql;
use super::step::Step;
use connector_core::Result;
use connector_sql::{Connection, params};

/// The types of entitlements that this run could not read.
pub(crate) fn skipped_types(connection: &Connection, run: i64) -> Result<Vec<String>> {
    sql::all(connection, "SELECT type FROM skipped WHERE run = ?1", [run], |row| row.get(0))
}

/// Notes that the source did not show everything of a step; false when that was noted before.
pub(crate) fn mark_incomplete(connection: &Connection, run: i64, step: Step) -> Result<bool> {
    let insert = "INSERT INTO incomplete (run, step) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    Ok(sql::execute(connection, insert, params![run, step.name()])? == 1)
}

/// Whether the source showed everything of a step, as far as this run read it.
pub(crate) fn is_complete(connection: &Connection, run: i64, step: Step) -> Result<bool> {
    let query = "SELECT NOT EXISTS (SELECT 1 FROM incomplete WHERE run = ?1 AND step = ?2)";
    sql::one(connection, query, params![run, step.name()], |row| row.get(0))
}
