//! Proves that a store is sound.

use connector_core::Result;
use connector_store::{Store, sql};
use rusqlite::Row;
use serde::Serialize;

/// Something that must not be so in a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flaw {
    /// What does not hold: `file`, `reference`, `run`, `count` or `frontier`.
    pub rule: String,
    /// What is wrong, for the user.
    pub message: String,
}

const DAMAGE: &str =
    "SELECT 'file', integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok' LIMIT 20";

/// Checks the file and what its tables say about each other. Changes nothing. A store with an unfinished run is sound, too.
pub fn check(store: &Store) -> Result<Vec<Flaw>> {
    let connection = store.reader()?;
    let read = |row: &Row<'_>| Ok(Flaw { rule: row.get(0)?, message: row.get(1)? });
    let damage: Vec<Flaw> = sql::all(&connection, DAMAGE, [], read)?;
    // What a damaged file says is not worth a second look.
    if damage.is_empty() { sql::all(&connection, include_str!("check.sql"), [], read) } else { Ok(damage) }
}
