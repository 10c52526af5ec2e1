//! How many accounts hold each entitlement. Counting them all takes longer than a small run of changes, so a run keeps the numbers
//! for the next one.

use super::key::Key;
use super::sql;
use connector_core::Result;
use connector_sql::{Connection, params};
use std::collections::HashMap;

/// The numbers of a run of changes, from its first page on.
#[derive(Debug, Default)]
pub(crate) struct HolderCounts {
    /// Whether every change since the numbers were kept is counted.
    is_whole: bool,
    counts: HashMap<i64, i64>,
}

impl HolderCounts {
    /// Takes the numbers of a source out of the store. They are used only by a run that is new and reads changes.
    pub(crate) fn take(connection: &Connection, source: i64, is_new_delta: bool) -> Result<Self> {
        let of_source = "entitlement IN (SELECT id FROM entitlements WHERE source = ?1)";
        let counts = if is_new_delta {
            let query = format!("SELECT entitlement, count FROM holder_counts WHERE {of_source}");
            sql::all(connection, &query, [source], |row| Ok((row.get(0)?, row.get(1)?)))?
        } else {
            HashMap::new()
        };
        sql::execute(connection, &format!("DELETE FROM holder_counts WHERE {of_source}"), [source])?;
        Ok(Self { is_whole: is_new_delta, counts })
    }

    /// Counts an assignment that was added or removed.
    pub(crate) fn add(&mut self, key: Key<'_>, change: i64) {
        if self.is_whole
            && key.holder == 0
            && !key.inline
            && let Some(count) = self.counts.get_mut(&key.entitlement)
        {
            *count += change;
        }
    }

    /// How many hold an entitlement, if that is known.
    pub(crate) fn of(&self, entitlement: i64) -> Option<u64> {
        self.counts.get(&entitlement).and_then(|count| u64::try_from(*count).ok())
    }

    /// Keeps a number that was counted. From now on, changes count.
    pub(crate) fn know(&mut self, entitlement: i64, count: u64) {
        if self.is_whole {
            self.counts.insert(entitlement, i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// Keeps the numbers for the next run.
    pub(crate) fn keep(&self, connection: &Connection) -> Result<()> {
        for (entitlement, count) in &self.counts {
            let insert = "INSERT INTO holder_counts (entitlement, count) VALUES (?1, ?2)";
            sql::execute(connection, insert, params![entitlement, count])?;
        }
        Ok(())
    }
}
