//! Writes entitlements into the store.

use super::run_state::RunState;
use super::snapshot::EntitlementSnapshot;
use super::sql;
use super::step::Step;
use connector_core::{Entitlement, Result};
use connector_sql::{Connection, params};

/// An entitlement in the store.
struct Stored {
    same_hash: bool,
    /// False for a placeholder row of an entitlement that only assignments name.
    read_before: bool,
    removed_run: Option<i64>,
}

impl RunState {
    /// Writes one entitlement; false if the run has seen it before. The first row counts.
    pub(crate) fn entitlement(&mut self, connection: &Connection, entitlement: &Entitlement) -> Result<bool> {
        let last_known = !self.hides_of_accounts_only && !self.not_shown.is_nothing();
        let merged = last_known.then(|| self.entitlement_with_last_known(connection, entitlement)).transpose()?;
        let entitlement = merged.as_ref().unwrap_or(entitlement);
        let hash = self.hasher.entitlement(entitlement);
        let id = self.entitlement_row(connection, &entitlement.key)?;
        let stored = sql::first(
            connection,
            "SELECT hash, first_run, removed_run FROM entitlements WHERE id = ?1",
            [id],
            |row| {
                Ok(Stored {
                    same_hash: row.get_ref(0)?.as_blob().is_ok_and(|stored| stored == hash),
                    read_before: row.get::<_, Option<i64>>(1)?.is_some(),
                    removed_run: row.get(2)?,
                })
            },
        )?;
        if !self.seen.entitlements.insert(id) {
            let is_same = stored.as_ref().is_some_and(|stored| stored.same_hash);
            if let (Some(_), Some(stored), false) = (self.absence, &stored, is_same) {
                self.update_entitlement(connection, id, entitlement, &hash, stored)?;
            }
            if self.absence.is_some() {
                return Ok(false);
            }
            return self.came_twice(connection, Step::Entitlements, &entitlement.key.to_string(), is_same);
        }
        self.tallies.entitlements.seen += 1;
        match stored {
            Some(stored) if stored.same_hash && stored.removed_run.is_none() => {}
            Some(stored) => self.update_entitlement(connection, id, entitlement, &hash, &stored)?,
            None => {}
        }
        Ok(true)
    }

    fn update_entitlement(
        &mut self,
        connection: &Connection,
        id: i64,
        entitlement: &Entitlement,
        hash: &[u8; 16],
        stored: &Stored,
    ) -> Result<()> {
        let mut changed = false;
        if stored.read_before {
            let before = sql::one(
                connection,
                "SELECT name, description, attributes FROM entitlements WHERE id = ?1",
                [id],
                |row| EntitlementSnapshot::from_row(row, 0),
            )?;
            changed = !before.is_of(entitlement, self.quiet.of_type(&entitlement.key.entitlement_type));
            if changed || stored.removed_run.is_some() {
                let before = changed.then(|| before.to_text());
                self.keep_change(connection, Step::Entitlements, id, before.as_deref(), stored.removed_run)?;
            }
        }
        if !stored.read_before || stored.removed_run.is_some() {
            self.tallies.entitlements.added += 1;
        } else if changed {
            self.tallies.entitlements.changed += 1;
        }
        sql::execute(
            connection,
            "UPDATE entitlements SET name = ?2, description = ?3, attributes = ?4, hash = ?5, alias = ?8,
                     changed_run = CASE WHEN ?6 THEN ?7 ELSE changed_run END,
                     added_run = CASE WHEN first_run IS NULL OR removed_run IS NOT NULL THEN ?7 ELSE added_run END,
                     first_run = coalesce(first_run, ?7), removed_run = NULL
                 WHERE id = ?1",
            params![
                id,
                entitlement.name,
                entitlement.description,
                entitlement.attributes.as_str(),
                &hash[..],
                changed,
                self.run,
                entitlement.alias,
            ],
        )?;
        Ok(())
    }
}
