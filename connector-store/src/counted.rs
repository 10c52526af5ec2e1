//! Numbers of the source that are compared with the store when all changes are applied.
//!
//! Some sources don't say which assignments are gone, but can count those that are there. After all additions are applied, an
//! equal number proves that nothing is gone: what the store has contains what the source has.

use super::key::Key;
use super::run_state::RunState;
use super::sql;
use super::step::Step;
use connector_core::{Assignment, Cursor, EntitlementRef, Error, ErrorKind, Holder, HolderRange, Result};
use connector_sql::{Connection, params};
use std::collections::HashSet;

/// The live assignments of an entitlement to the accounts of a range: `?1` is the entitlement, `?2` and `?3` are its ends.
const HELD: &str = "FROM assignments INDEXED BY holders
    WHERE entitlement = ?1 AND account > ?2 AND (?3 = '' OR account <= ?3) AND holder = 0 AND inline = 0
      AND removed_run IS NULL";

/// The same of those that the changes remove; `?4` is the run.
const GONE: &str =
    "FROM gone g JOIN assignments h ON h.source = ?5 AND h.account = g.account AND h.entitlement = g.entitlement
        AND h.holder = 0 AND h.through = g.through AND h.inline = 0
    WHERE g.run = ?4 AND g.step = 'assignments' AND g.entitlement = ?1 AND g.account > ?2
      AND (?3 = '' OR g.account <= ?3) AND g.holder = 0 AND h.removed_run IS NULL";

/// Holders that the store has in another number than the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    /// Which holders.
    pub range: HolderRange,
    /// How many the source has.
    pub counted: u64,
    /// How many the store has when the changes are applied.
    pub stored: u64,
}

/// A number that the source gave.
struct Counted {
    entitlement: i64,
    after: String,
    up_to: String,
    count: u64,
}

impl RunState {
    /// Keeps how many accounts there are.
    pub(super) fn count_accounts(&self, connection: &Connection, count: u64) -> Result<()> {
        self.keep_count(connection, 0, ("", ""), count)
    }

    /// Keeps how many hold each entitlement of a type.
    pub(super) fn count_holders_of_type(
        &mut self,
        connection: &Connection,
        entitlement_type: &str,
        counts: &[(String, u64)],
    ) -> Result<()> {
        let insert = "INSERT INTO counted_types (run, type) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        sql::execute(connection, insert, params![self.run, entitlement_type])?;
        for (id, count) in counts {
            let row = self.entitlement_row(connection, &EntitlementRef::new(entitlement_type.to_owned(), id))?;
            self.keep_count(connection, row, ("", ""), *count)?;
        }
        Ok(())
    }

    /// Keeps how many accounts of a range hold an entitlement.
    pub(super) fn count_holders(&mut self, connection: &Connection, range: &HolderRange, count: u64) -> Result<()> {
        let row = self.entitlement_row(connection, &range.entitlement)?;
        self.keep_count(connection, row, ends(range), count)
    }

    fn keep_count(&self, connection: &Connection, row: i64, (after, up_to): (&str, &str), count: u64) -> Result<()> {
        let insert = "INSERT INTO counted (run, entitlement, after, up_to, count) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (run, entitlement, after, up_to) DO UPDATE SET count = excluded.count";
        sql::execute(connection, insert, params![self.run, row, after, up_to, count]).map(drop)
    }

    /// Replaces the holders of an entitlement in a range of accounts.
    pub(super) fn holders(
        &mut self,
        connection: &Connection,
        range: &HolderRange,
        assignments: &[Assignment],
    ) -> Result<()> {
        let row = self.entitlement_row(connection, &range.entitlement)?;
        let mut listed = HashSet::with_capacity(assignments.len());
        for assignment in assignments {
            let through = match &assignment.through {
                Some(through) => self.entitlement_row(connection, through)?,
                None => 0,
            };
            match &assignment.holder {
                Holder::Account(id) if assignment.entitlement == range.entitlement && range.has(id) => {
                    listed.insert((id.as_str(), through));
                }
                other => {
                    let message = format!("`{other}` is not among the holders that the connector read again");
                    return Err(Error::protocol(message).with_help("report it to the makers of the connector"));
                }
            }
        }
        let (after, up_to) = ends(range);
        let query = format!("SELECT account, through {HELD}");
        let stored: Vec<(String, i64)> =
            sql::all(connection, &query, params![row, after, up_to], |row| Ok((row.get(0)?, row.get(1)?)))?;
        for (account, through) in &stored {
            if !listed.contains(&(account.as_str(), *through)) {
                let key = Key { account, entitlement: row, holder: 0, through: *through, inline: false };
                self.mark_assignment_gone(connection, key)?;
            }
        }
        assignments.iter().try_for_each(|assignment| self.held(connection, assignment))
    }

    /// Compares the numbers of the source with the store. An error if something differs that can't be read again by parts.
    pub(crate) fn differing(&mut self, connection: &Connection) -> Result<Vec<Differing>> {
        let query = "SELECT entitlement, after, up_to, count FROM counted WHERE run = ?1
             UNION ALL SELECT e.id, '', '', 0 FROM entitlements e JOIN counted_types t ON t.run = ?1 AND t.type = e.type
             WHERE e.source = ?2 AND NOT EXISTS (
                 SELECT 1 FROM counted c WHERE c.run = ?1 AND c.entitlement = e.id AND c.after = '' AND c.up_to = '')";
        let counted: Vec<Counted> = sql::all(connection, query, params![self.run, self.source], |row| {
            Ok(Counted { entitlement: row.get(0)?, after: row.get(1)?, up_to: row.get(2)?, count: row.get(3)? })
        })?;
        let mut differing = Vec::new();
        for Counted { entitlement, after, up_to, count } in counted {
            if entitlement == 0 {
                self.compare_accounts(connection, count)?;
                continue;
            }
            let is_whole = after.is_empty() && up_to.is_empty();
            let known = self.holder_counts.of(entitlement).filter(|_| is_whole);
            let held = if let Some(known) = known {
                known
            } else {
                let held = format!("SELECT count(*) {HELD}");
                let held = sql::one(connection, &held, params![entitlement, after, up_to], |row| row.get(0))?;
                if is_whole {
                    self.holder_counts.know(entitlement, held);
                }
                held
            };
            if held == 0 && count == 0 {
                continue;
            }
            let gone = format!("SELECT count(*) {GONE}");
            let parameters = params![entitlement, after, up_to, self.run, self.source];
            let gone: u64 = sql::one(connection, &gone, parameters, |row| row.get(0))?;
            let stored = held.saturating_sub(gone);
            if stored != count {
                let query = "SELECT type, entitlement_id FROM entitlements WHERE id = ?1";
                let key = sql::one(connection, query, [entitlement], |row| {
                    Ok(EntitlementRef::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?))
                })?;
                let end = |text: String| Some(text).filter(|text| !text.is_empty());
                let range = HolderRange::all(key).between(end(after), end(up_to));
                differing.push(Differing { range, counted: count, stored });
            }
        }
        Ok(differing)
    }

    fn compare_accounts(&self, connection: &Connection, count: u64) -> Result<()> {
        let query =
            "SELECT (SELECT count(*) FROM accounts INDEXED BY accounts_alive WHERE source = ?2 AND removed_run IS NULL)
             - (SELECT count(*) FROM gone g JOIN accounts a ON a.source = ?2 AND a.account_id = g.account
                WHERE g.run = ?1 AND g.step = 'accounts' AND a.removed_run IS NULL)";
        let stored: u64 = sql::one(connection, query, params![self.run, self.source], |row| row.get(0))?;
        if stored == count {
            return Ok(());
        }
        let message = format!("the source shows {count} accounts, but the store has {stored} after all changes");
        Err(Error::new(ErrorKind::Expired, message))
    }

    /// Notes that the numbers were compared, and where to read again because of them. Nothing is read of those without holders.
    pub(crate) fn read_again(
        &mut self,
        connection: &Connection,
        without_holders: &[HolderRange],
        cursors: &[Cursor],
    ) -> Result<()> {
        for table in ["counted", "counted_types"] {
            sql::execute(connection, &format!("DELETE FROM {table} WHERE run = ?1"), [self.run])?;
        }
        for range in without_holders {
            self.holders(connection, range, &[])?;
        }
        for cursor in cursors {
            let insert = "INSERT INTO frontier (run, step, cursor) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            if sql::execute(connection, insert, params![self.run, Step::Accounts.name(), cursor.as_str()])? == 0 {
                let message = "the number of holders still differs after they were read again";
                return Err(Error::new(ErrorKind::Expired, message));
            }
        }
        Ok(())
    }
}

/// The ends of a range, as the table of counts has them.
fn ends(range: &HolderRange) -> (&str, &str) {
    (range.after.as_deref().unwrap_or_default(), range.up_to.as_deref().unwrap_or_default())
}
