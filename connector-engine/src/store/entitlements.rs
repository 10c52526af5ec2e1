//! Entitlements on their way into the store.

use super::fault::fault;
use super::image::EntitlementImage;
use super::pass::Pass;
use super::step::Step;
use connector_core::{Entitlement, Result};
use rusqlite::{Connection, OptionalExtension, params};

/// What the store has of an entitlement.
struct Stored {
    same_hash: bool,
    /// False for a row that only holds the place of one that assignments name.
    read_before: bool,
    removed_run: Option<i64>,
}

impl Pass {
    /// Takes in one entitlement; false when the run has seen it before. The first sight counts.
    pub(crate) fn entitlement(&mut self, connection: &Connection, entitlement: &Entitlement) -> Result<bool> {
        let hash = self.hasher.entitlement(entitlement);
        let id = self.entitlement_row(connection, &entitlement.key)?;
        if !self.seen_entitlements.insert(id) {
            return Ok(false);
        }
        self.entitlements.seen += 1;
        let stored = connection
            .prepare_cached("SELECT hash, first_run, removed_run FROM entitlements WHERE id = ?1")
            .and_then(|mut statement| {
                statement
                    .query_row([id], |row| {
                        Ok(Stored {
                            same_hash: row.get_ref(0)?.as_blob().is_ok_and(|stored| stored == hash),
                            read_before: row.get::<_, Option<i64>>(1)?.is_some(),
                            removed_run: row.get(2)?,
                        })
                    })
                    .optional()
            })
            .map_err(fault)?;
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
            let before = connection
                .prepare_cached("SELECT name, description, attributes FROM entitlements WHERE id = ?1")
                .and_then(|mut statement| statement.query_row([id], |row| EntitlementImage::from_row(row, 0)))
                .map_err(fault)?;
            changed = !before.is_of(entitlement);
            if changed || stored.removed_run.is_some() {
                let before = changed.then(|| before.to_text());
                self.keep_change(connection, Step::Entitlements, id, before.as_deref(), stored.removed_run)?;
            }
        }
        if !stored.read_before || stored.removed_run.is_some() {
            self.entitlements.added += 1;
        } else if changed {
            self.entitlements.changed += 1;
        }
        connection
            .prepare_cached(
                "UPDATE entitlements SET name = ?2, description = ?3, attributes = ?4, hash = ?5,
                     changed_run = CASE WHEN ?6 THEN ?7 ELSE changed_run END,
                     added_run = CASE WHEN first_run IS NULL OR removed_run IS NOT NULL THEN ?7 ELSE added_run END,
                     first_run = coalesce(first_run, ?7), removed_run = NULL
                 WHERE id = ?1",
            )
            .and_then(|mut statement| {
                statement.execute(params![
                    id,
                    entitlement.name,
                    entitlement.description,
                    entitlement.attributes.as_str(),
                    &hash[..],
                    changed,
                    self.run,
                ])
            })
            .map_err(fault)?;
        Ok(())
    }
}
