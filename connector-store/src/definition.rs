//! Hashes of what a source's file means.

use super::sql;
use connector_core::Result;
use connector_project::source::Definition;
use connector_sql::{Connection, params};

/// Gives runs and plans of an earlier version the hash that this version makes of the same file, so that they can go on.
pub fn replace_former(connection: &Connection, source: i64, definition: &Definition) -> Result<()> {
    for table in ["runs", "plans"] {
        let update = format!("UPDATE {table} SET definition = ?2 WHERE source = ?1 AND definition = ?3");
        sql::execute(connection, &update, params![source, definition.hash, definition.former])?;
    }
    Ok(())
}
