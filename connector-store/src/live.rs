//! Live cursors in the frontier: a read that lost its connection goes back to the anchor.

use super::column::word;
use super::sql;
use super::step::Step;
use connector_core::{Cursor, Error, Result};
use connector_sql::{Connection, params};

/// How often a read goes back to an anchor without a new row.
const MAX_RETURNS: i64 = 5;

/// Replaces the live cursors of an unfinished run by their anchors: their connections ended with the earlier job.
pub(crate) fn restore(connection: &Connection, run: i64) -> Result<()> {
    let query = "SELECT DISTINCT step, anchor FROM frontier WHERE run = ?1 AND done = 0 AND anchor IS NOT NULL";
    let lost: Vec<(Step, String)> = sql::all(connection, query, [run], |row| Ok((word(row, 0)?, row.get(1)?)))?;
    for (step, anchor) in lost {
        go_back(connection, run, step, &anchor)?;
    }
    sql::execute(connection, "UPDATE frontier SET returns = 0 WHERE run = ?1", [run]).map(drop)
}

/// Goes back to an anchor because `error` says that a live cursor has ended. Fails with that error if the read has gone
/// back too often without a new row.
pub(crate) fn expired(connection: &Connection, run: i64, step: Step, anchor: &Cursor, error: &Error) -> Result<()> {
    go_back(connection, run, step, anchor.as_str())?;
    let count =
        "UPDATE frontier SET returns = returns + 1 WHERE run = ?1 AND step = ?2 AND cursor = ?3 RETURNING returns";
    let returns: i64 = sql::one(connection, count, params![run, step.name(), anchor.as_str()], |row| row.get(0))?;
    if returns <= MAX_RETURNS {
        return Ok(());
    }
    let help = format!(
        "the connection ended {returns} times before the read got any further; find out what closes it, such as a time limit \
         of the source or a proxy"
    );
    Err(error.clone().with_help(help))
}

/// Puts the anchor in place of its live cursors. Pages that were read from them may come again.
fn go_back(connection: &Connection, run: i64, step: Step, anchor: &str) -> Result<()> {
    let parameters = params![run, step.name(), anchor];
    let count = "SELECT count(*) FROM frontier WHERE run = ?1 AND step = ?2 AND anchor = ?3 AND done = 1";
    let read: i64 = sql::one(connection, count, parameters, |row| row.get(0))?;
    sql::execute(connection, "DELETE FROM frontier WHERE run = ?1 AND step = ?2 AND anchor = ?3", parameters)?;
    sql::execute(
        connection,
        connection.dialect().pick(
            "INSERT INTO frontier (run, step, cursor, again) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (run, step, cursor) DO UPDATE SET done = 0, again = frontier.again + excluded.again",
            "INSERT INTO frontier (run, step, cursor, again) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (run, step, md5(cursor)) DO UPDATE SET done = 0, again = frontier.again + excluded.again",
        ),
        params![run, step.name(), anchor, read + 1],
    )?;
    Ok(())
}

/// Whether a page may show rows that were read before the read went back.
pub(crate) fn may_come_again(connection: &Connection, run: i64, step: Step, cursor: &Cursor) -> Result<bool> {
    let anchor = cursor.anchor();
    let query = "SELECT again > 0 FROM frontier WHERE run = ?1 AND step = ?2 AND cursor = ?3";
    let anchor = anchor.as_ref().unwrap_or(cursor);
    let may = sql::first(connection, query, params![run, step.name(), anchor.as_str()], |row| row.get(0))?;
    Ok(may.unwrap_or(false))
}

/// Whether a page without a new row is one that was read before the read went back. Counts it.
pub(crate) fn comes_again(connection: &Connection, run: i64, step: Step, cursor: &Cursor) -> Result<bool> {
    let anchor = cursor.anchor();
    let count = "UPDATE frontier SET again = again - 1 WHERE run = ?1 AND step = ?2 AND cursor = ?3 AND again > 0";
    let anchor = anchor.as_ref().unwrap_or(cursor);
    Ok(sql::execute(connection, count, params![run, step.name(), anchor.as_str()])? == 1)
}

/// Notes that a page at a live cursor showed new rows.
pub(crate) fn got_further(connection: &Connection, run: i64, step: Step, cursor: &Cursor) -> Result<()> {
    let Some(anchor) = cursor.anchor() else { return Ok(()) };
    let reset = "UPDATE frontier SET returns = 0 WHERE run = ?1 AND step = ?2 AND cursor = ?3 AND returns > 0";
    sql::execute(connection, reset, params![run, step.name(), anchor.as_str()]).map(drop)
}
