//! Which accounts are locked, where the changes say it of all of them.

use super::column::account_kind;
use super::run_state::RunState;
use super::snapshot::attributes;
use super::sql;
use connector_core::{Account, EntitlementRef, Result};
use connector_sql::{Connection, params};
use std::collections::BTreeSet;

impl RunState {
    /// Locks these accounts and unlocks all others.
    pub(super) fn lock_only(&mut self, connection: &Connection, ids: &[String]) -> Result<()> {
        let query = "SELECT account_id FROM accounts INDEXED BY accounts_locked
             WHERE source = ?1 AND locked = 1 AND removed_run IS NULL";
        let locked: BTreeSet<String> = sql::all(connection, query, [self.source], |row| row.get(0))?;
        let wanted: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
        for id in locked.iter().filter(|id| !wanted.contains(id.as_str())) {
            self.set_locked(connection, id, false)?;
        }
        wanted.iter().filter(|id| !locked.contains(**id)).try_for_each(|id| self.set_locked(connection, id, true))
    }

    /// An account that the store does not have comes with the other changes.
    fn set_locked(&mut self, connection: &Connection, id: &str, locked: bool) -> Result<()> {
        let query = "SELECT name, display_name, enabled, attributes, kind, owner, alias FROM accounts
             WHERE source = ?1 AND account_id = ?2 AND removed_run IS NULL";
        let stored = sql::first(connection, query, params![self.source, id], |row| {
            let mut account = Account::new(id, row.get::<_, String>(0)?);
            account.display_name = row.get(1)?;
            account.enabled = row.get(2)?;
            account.attributes = attributes(row, 3)?;
            account.kind = account_kind(row, 4)?;
            account.owner = row.get(5)?;
            account.alias = row.get(6)?;
            Ok(account)
        })?;
        let Some(mut account) = stored else { return Ok(()) };
        let query = "SELECT e.type, e.entitlement_id FROM assignments h JOIN entitlements e ON e.id = h.entitlement
             WHERE h.source = ?1 AND h.account = ?2 AND h.inline = 1 AND h.removed_run IS NULL";
        account.entitlements = sql::all(connection, query, params![self.source, id], |row| {
            Ok(EntitlementRef::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        account.locked = locked;
        self.take_in(connection, &account).map(drop)
    }
}
