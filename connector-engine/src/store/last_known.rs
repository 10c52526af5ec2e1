//! What the source hides from this login keeps its last known value.

use super::run_state::RunState;
use super::snapshot::attributes;
use super::sql;
use connector_core::{Account, Attributes, AttributesBuilder, Result};
use rusqlite::{Connection, params};

impl RunState {
    /// The account with the last known values of what the page does not show.
    pub(super) fn with_last_known(&mut self, connection: &Connection, account: &Account) -> Result<Account> {
        let mut account = account.clone();
        let query = "SELECT attributes, locked FROM accounts WHERE source = ?1 AND account_id = ?2";
        let stored = sql::first(connection, query, params![self.source, account.id], |row| {
            Ok((attributes(row, 0)?, row.get(1)?))
        })?;
        let (stored, locked) = stored.unwrap_or((Attributes::empty(), account.locked));
        if self.not_shown.hides_locks() {
            account.locked = locked;
        }
        let mut merged = AttributesBuilder::with_capacity(account.attributes.as_str().len());
        for (name, value) in account.attributes.entries().into_iter().filter(|(name, _)| !self.not_shown.hides(name)) {
            merged.push_raw(&name, value);
        }
        for (name, value) in stored.entries().into_iter().filter(|(name, _)| self.not_shown.hides(name)) {
            merged.push_raw(&name, value);
            if !self.kept.contains(&*name) {
                self.kept.insert(name.clone().into_owned());
                self.newly_kept.insert(name.into_owned());
            }
        }
        account.attributes = merged.build();
        Ok(account)
    }
}
