//! What the source hides from this login keeps its last known value.

use super::run_state::RunState;
use super::snapshot::{AssignmentSnapshot, EntitlementSnapshot, attributes};
use super::sql;
use connector_core::{Account, Attributes, AttributesBuilder, Entitlement, Result};
use connector_sql::{Connection, params};

impl RunState {
    /// The account with the last known values of what the page does not show.
    pub(super) fn with_last_known(&mut self, connection: &Connection, account: &Account) -> Result<Account> {
        self.write_new(connection)?;
        let mut account = account.clone();
        let query = "SELECT attributes, locked FROM accounts WHERE source = ?1 AND account_id = ?2";
        let stored = sql::first(connection, query, params![self.source, account.id], |row| {
            Ok((attributes(row, 0)?, row.get(1)?))
        })?;
        let (stored, locked) = stored.unwrap_or((Attributes::empty(), account.locked));
        if self.not_shown.hides_locks() {
            account.locked = locked;
        }
        account.attributes = self.merged(&account.attributes, &stored);
        Ok(account)
    }

    /// The entitlement with the last known values of what the page does not show.
    pub(super) fn entitlement_with_last_known(
        &mut self,
        connection: &Connection,
        entitlement: &Entitlement,
    ) -> Result<Entitlement> {
        let mut entitlement = entitlement.clone();
        let id = self.entitlement_row(connection, &entitlement.key)?;
        let query = "SELECT name, description, attributes FROM entitlements WHERE id = ?1 AND first_run IS NOT NULL";
        let Some(stored) = sql::first(connection, query, [id], |row| EntitlementSnapshot::from_row(row, 0))? else {
            return Ok(entitlement);
        };
        if self.not_shown.hides("description") && stored.description.is_some() {
            entitlement.description = stored.description;
            self.keep("description");
        }
        entitlement.attributes = self.merged(&entitlement.attributes, &stored.attributes);
        Ok(entitlement)
    }

    /// The values of an assignment with the last known ones of what the page does not show.
    pub(super) fn with_last_known_of(
        &mut self,
        values: &AssignmentSnapshot,
        stored: &AssignmentSnapshot,
    ) -> AssignmentSnapshot {
        let mut merged = values.clone();
        if self.not_shown.hides("state") {
            merged.state = stored.state;
        }
        if self.not_shown.hides("valid_until") && stored.valid_until.is_some() {
            merged.valid_until = stored.valid_until;
            self.keep("valid_until");
        }
        merged.attributes = self.merged(&values.attributes, &stored.attributes);
        merged
    }

    fn merged(&mut self, shown: &Attributes, stored: &Attributes) -> Attributes {
        let mut merged = AttributesBuilder::with_capacity(shown.as_str().len());
        for (name, value) in shown.entries().into_iter().filter(|(name, _)| !self.not_shown.hides(name)) {
            merged.push_raw(&name, value);
        }
        for (name, value) in stored.entries() {
            if self.not_shown.hides(&name) {
                merged.push_raw(&name, value);
                self.keep(&name);
            }
        }
        merged.build()
    }

    fn keep(&mut self, name: &str) {
        if self.kept.insert(name.to_owned()) {
            self.newly_kept.insert(name.to_owned());
        }
    }
}
