//! What the source hides from this login keeps its last known value.

use super::run_state::RunState;
use super::snapshot::attributes;
use super::sql;
use connector_core::{Account, Attributes, AttributesBuilder, Page, Result};
use rusqlite::{Connection, params};
use std::collections::BTreeSet;

/// What a page does not show of its accounts.
#[derive(Clone, Debug, Default)]
pub(crate) struct NotShown {
    /// Attributes.
    attributes: BTreeSet<String>,
    /// The only attributes that it shows.
    only: Option<BTreeSet<String>>,
    /// Which accounts are locked.
    locks: bool,
}

impl NotShown {
    pub(crate) fn of<T>(page: &Page<T>) -> Self {
        Self {
            attributes: page.not_shown().iter().cloned().collect(),
            only: page.only_shown().map(|shown| shown.iter().cloned().collect()),
            locks: page.hides_locks(),
        }
    }

    /// Whether the page shows everything.
    pub(super) fn is_nothing(&self) -> bool {
        self.attributes.is_empty() && self.only.is_none() && !self.locks
    }

    fn hides(&self, name: &str) -> bool {
        self.attributes.contains(name) || self.only.as_ref().is_some_and(|shown| !shown.contains(name))
    }

    /// Whether an account that is stored just so has nothing that the page does not show.
    pub(super) fn is_list_only(&self) -> bool {
        self.attributes.is_empty() && !self.locks
    }

    /// A warning that names the attributes: those that the page hides, and others whose last values were kept.
    pub(super) fn warning(&self, kept: &BTreeSet<String>) -> Option<String> {
        let names: Vec<_> = self.attributes.union(kept).map(String::as_str).collect();
        (!names.is_empty()).then(|| {
            let names = names.join(", ");
            format!("the source hides attributes from this login; their last known values are kept: {names}")
        })
    }
}

impl RunState {
    /// The account with the last known values of what the page does not show.
    pub(super) fn with_last_known(&mut self, connection: &Connection, account: &Account) -> Result<Account> {
        let mut account = account.clone();
        let query = "SELECT attributes, locked FROM accounts WHERE source = ?1 AND account_id = ?2";
        let stored = sql::first(connection, query, params![self.source, account.id], |row| {
            Ok((attributes(row, 0)?, row.get(1)?))
        })?;
        let (stored, locked) = stored.unwrap_or((Attributes::empty(), account.locked));
        if self.not_shown.locks {
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
