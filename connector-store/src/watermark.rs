//! Where the next read of changes starts.

use super::report;
use super::run_state::RunState;
use super::sql;
use connector_core::{Cursor, Error, Result};
use connector_sql::{Connection, params};

/// Records where the next read of changes starts if this run succeeds.
pub(super) fn keep(connection: &Connection, run: i64, watermark: Option<&Cursor>) -> Result<()> {
    if watermark.is_some_and(|watermark| watermark.anchor().is_some()) {
        return Err(Error::protocol("the connector gave a live cursor as a watermark"));
    }
    let update = "UPDATE runs SET watermark = ?2 WHERE number = ?1";
    sql::execute(connection, update, params![run, watermark.map(Cursor::as_str)]).map(drop)
}

/// An incomplete run has no watermark, because the next changes do not contain what it did not read.
pub(super) fn settle(connection: &Connection, state: &RunState) -> Result<()> {
    let query = "SELECT watermark IS NULL AND mode <> 'refresh', EXISTS (SELECT 1 FROM incomplete WHERE run = ?1)
         FROM runs WHERE number = ?1";
    let (is_missing, is_incomplete): (bool, bool) =
        sql::one(connection, query, [state.run], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if is_incomplete {
        return keep(connection, state.run, None);
    }
    if state.absence.is_some() && is_missing {
        let text = "the source did not say where its next changes start; the next run must be a full one";
        report::warn(connection, state.run, text)?;
    }
    Ok(())
}
