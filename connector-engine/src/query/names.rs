//! The names of ids, as of the last aggregation.

use crate::store::{Store, sql};
use connector_core::Result;
use rusqlite::{Connection, params};

/// The names of the ids of a source, as of the last aggregation.
#[derive(Debug)]
pub struct Names {
    connection: Connection,
    source: String,
}

impl Names {
    /// The names of a source.
    pub fn of(store: &Store, source: &str) -> Result<Self> {
        Ok(Self { connection: store.reader()?, source: source.to_owned() })
    }

    /// The name of the account or entitlement with this id; `None` if it does not exist.
    pub fn name(&self, id: &str) -> Result<Option<String>> {
        sql::first(
            &self.connection,
            "SELECT a.name FROM accounts a JOIN sources s ON s.id = a.source
                 WHERE s.name = ?1 AND a.account_id = ?2
                 UNION ALL
                 SELECT e.name FROM entitlements e JOIN sources s ON s.id = e.source
                 WHERE s.name = ?1 AND e.entitlement_id = ?2 AND e.first_run IS NOT NULL
                 LIMIT 1",
            params![self.source, id],
            |row| row.get(0),
        )
    }
}
