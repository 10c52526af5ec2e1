//! Which system is behind a source.

use super::sql;
use connector_core::{Error, ErrorKind, Result};
use connector_sql::{Connection, params};

/// Compares the id that a system gives with the one that the store has for the source, and keeps the first one. Returns a
/// warning if the user should know something.
///
/// Fails with kind `guard` if the system is another one, unless `accept_new` says that it is meant.
pub fn recognize(
    connection: &Connection,
    source: i64,
    found: Option<&str>,
    accept_new: bool,
) -> Result<Option<String>> {
    let (name, known): (String, Option<String>) =
        sql::one(connection, "SELECT name, instance FROM sources WHERE id = ?1", [source], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let warning = match (known, found) {
        (None, None) => return Ok(None),
        (Some(known), None) => {
            return Ok(Some(format!(
                "the system no longer shows its id, so this run can't check that it is still `{known}`"
            )));
        }
        (Some(known), Some(found)) if known == found => return Ok(None),
        (Some(known), Some(found)) if accept_new => {
            Some(format!("the source now connects to a different system: `{found}` instead of `{known}`"))
        }
        (Some(known), Some(found)) => {
            return Err(Error::new(
                ErrorKind::Guard,
                format!("`{name}` now connects to a different system: `{found}` instead of `{known}`"),
            )
            .with_help(format!(
                "check the source file. To accept the new system, run `connector aggregate {name} --accept-new-system`"
            )));
        }
        (None, Some(_)) => None,
    };
    sql::execute(connection, "UPDATE sources SET instance = ?2 WHERE id = ?1", params![source, found])?;
    Ok(warning)
}
