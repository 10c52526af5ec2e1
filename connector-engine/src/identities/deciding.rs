//! One correlation, within its transaction.

use connector_core::Result;
use connector_project::identities::IdentitySettings;
use connector_sql::Connection;
use connector_store::sql;
use jiff::Timestamp;

/// One correlation, within its transaction.
pub(super) struct Deciding<'a> {
    pub(super) connection: &'a Connection,
    pub(super) settings: &'a IdentitySettings,
    /// The source whose accounts are the people.
    pub(super) authority: i64,
    /// How many accounts changed.
    pub(super) looked_at: u64,
    /// Whether all accounts are decided about again.
    pub(super) again: bool,
    pub(super) now: Timestamp,
}

impl Deciding<'_> {
    pub(super) fn execute(&self, statement: &str, parameters: impl connector_sql::Params) -> Result<u64> {
        sql::execute(self.connection, statement, parameters).map(|count| count as u64)
    }
}
