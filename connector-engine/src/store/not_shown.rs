//! Attributes that the source hides from this login keep their last known values.

use super::run_state::RunState;
use super::snapshot::attributes;
use super::sql;
use connector_core::{Account, AttributesBuilder, Result};
use rusqlite::{Connection, params};

impl RunState {
    /// The account with the last known values of the attributes that the page does not show.
    pub(super) fn with_last_known(&self, connection: &Connection, account: &Account) -> Result<Account> {
        let mut account = account.clone();
        let query = "SELECT attributes FROM accounts WHERE source = ?1 AND account_id = ?2";
        let stored = sql::first(connection, query, params![self.source, account.id], |row| attributes(row, 0))?;
        let is_hidden = |name: &str| self.not_shown.iter().any(|hidden| hidden == name);
        let mut merged = AttributesBuilder::with_capacity(account.attributes.as_str().len());
        for (name, value) in account.attributes.entries() {
            if !is_hidden(&name) {
                merged.push_raw(&name, value);
            }
        }
        for (name, value) in stored.iter().flat_map(connector_core::Attributes::entries) {
            if is_hidden(&name) {
                merged.push_raw(&name, value);
            }
        }
        account.attributes = merged.build();
        Ok(account)
    }
}
