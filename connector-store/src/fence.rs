//! Whether the source still belongs to this job.

use super::run_state::RunState;
use super::sql;
use connector_core::{Error, ErrorKind, Result};
use connector_sql::Connection;

/// Fails when another job has taken the source since.
pub(super) fn check_fence(connection: &Connection, state: &RunState, fence: i64) -> Result<()> {
    // On a server, nobody takes the source over until this transaction ends.
    let query = connection
        .dialect()
        .pick("SELECT fence FROM sources WHERE id = ?1", "SELECT fence FROM sources WHERE id = ?1 FOR NO KEY UPDATE");
    let current: i64 = sql::one(connection, query, [state.source], |row| row.get(0))?;
    if current == fence {
        Ok(())
    } else {
        Err(Error::new(ErrorKind::Guard, "another job has taken this source over")
            .with_help("let that job end; its run goes on from what this one committed"))
    }
}
