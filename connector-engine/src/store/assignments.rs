//! Assignments on their way into the store.

use super::run_state::RunState;
use super::sql;
use super::step::Step;
use connector_core::{Assignment, AssignmentState, Attributes, EntitlementRef, Error, Result};
use rusqlite::{Connection, params};

/// An assignment's place in the store.
#[derive(Clone, Copy)]
struct Key<'a> {
    account: &'a str,
    entitlement: i64,
    inline: bool,
}

/// What the store has of an assignment.
struct Stored {
    id: i64,
    removed_run: Option<i64>,
}

impl RunState {
    /// Takes in a page of assignments; returns how many of them the run has not seen before.
    pub(crate) fn assignments(&mut self, connection: &Connection, page: &[Assignment]) -> Result<usize> {
        // In the order of the table, neighbors share its pages.
        let mut sorted: Vec<&Assignment> = page.iter().collect();
        sorted.sort_unstable_by(|left, right| left.holder.cmp(&right.holder));
        let mut fresh = 0;
        for assignment in sorted {
            let account = plain(assignment)?;
            let entitlement = self.entitlement_row(connection, &assignment.entitlement)?;
            let key = Key { account, entitlement, inline: false };
            fresh += usize::from(self.hold(connection, key)?);
        }
        Ok(fresh)
    }

    /// Takes in an assignment that comes with a new account's own record.
    pub(crate) fn hold_inline(
        &mut self,
        connection: &Connection,
        account: &str,
        entitlement: &EntitlementRef,
    ) -> Result<()> {
        let entitlement = self.entitlement_row(connection, entitlement)?;
        self.hold(connection, Key { account, entitlement, inline: true }).map(drop)
    }

    /// Makes the inline assignments of an account those that its record names now.
    pub(crate) fn sync_inline(
        &mut self,
        connection: &Connection,
        account: &str,
        wanted: &[&EntitlementRef],
    ) -> Result<()> {
        let mut rows = Vec::with_capacity(wanted.len());
        for entitlement in wanted {
            rows.push(self.entitlement_row(connection, entitlement)?);
        }
        let held: Vec<i64> = sql::all(
            connection,
            "SELECT entitlement FROM assignments
                 WHERE source = ?1 AND account = ?2 AND inline = 1 AND removed_run IS NULL",
            params![self.source, account],
            |row| row.get(0),
        )?;
        for entitlement in held.iter().copied().filter(|held| !rows.contains(held)) {
            self.remove_assignment(connection, account, entitlement, true)?;
        }
        for entitlement in rows {
            if held.contains(&entitlement) {
                self.tallies.assignments.seen += 1;
            } else {
                self.hold(connection, Key { account, entitlement, inline: true })?;
            }
        }
        Ok(())
    }

    /// Marks an assignment as removed.
    pub(crate) fn remove_assignment(
        &mut self,
        connection: &Connection,
        account: &str,
        entitlement: i64,
        inline: bool,
    ) -> Result<()> {
        sql::execute(
            connection,
            "UPDATE assignments SET removed_run = ?5
                 WHERE source = ?1 AND account = ?2 AND entitlement = ?3 AND inline = ?4",
            params![self.source, account, entitlement, inline, self.run],
        )?;
        self.tallies.assignments.removed += 1;
        Ok(())
    }

    /// Takes in one assignment; false when the run has seen it before. Inline ones come once, with their account.
    fn hold(&mut self, connection: &Connection, key: Key<'_>) -> Result<bool> {
        if self.new_assignments && self.insert_assignment(connection, key)? {
            return Ok(true);
        }
        let Some(stored) = self.find_assignment(connection, key)? else {
            self.new_assignments = true;
            return self.insert_assignment(connection, key);
        };
        if !key.inline && !self.seen.assignments.insert(stored.id) {
            return Ok(false);
        }
        self.new_assignments = false;
        self.tallies.assignments.seen += 1;
        if let Some(removed_run) = stored.removed_run {
            self.keep_change(connection, Step::Assignments, stored.id, None, Some(removed_run))?;
            sql::execute(
                connection,
                "UPDATE assignments SET added_run = ?5, removed_run = NULL
                     WHERE source = ?1 AND account = ?2 AND entitlement = ?3 AND inline = ?4",
                params![self.source, key.account, key.entitlement, key.inline, self.run],
            )?;
            self.tallies.assignments.added += 1;
        }
        Ok(true)
    }

    fn insert_assignment(&mut self, connection: &Connection, key: Key<'_>) -> Result<bool> {
        let inserted = sql::execute(
            connection,
            "INSERT INTO assignments (source, account, entitlement, inline, id, first_run, added_run)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) ON CONFLICT DO NOTHING",
            params![self.source, key.account, key.entitlement, key.inline, self.next_assignment, self.run,],
        )?;
        if inserted == 0 {
            return Ok(false);
        }
        if !key.inline {
            self.seen.assignments.insert(self.next_assignment);
        }
        self.next_assignment += 1;
        self.tallies.assignments.seen += 1;
        self.tallies.assignments.added += 1;
        Ok(true)
    }

    fn find_assignment(&self, connection: &Connection, key: Key<'_>) -> Result<Option<Stored>> {
        sql::first(
            connection,
            "SELECT id, removed_run FROM assignments
                 WHERE source = ?1 AND account = ?2 AND entitlement = ?3 AND inline = ?4",
            params![self.source, key.account, key.entitlement, key.inline],
            |row| Ok(Stored { id: row.get(0)?, removed_run: row.get(1)? }),
        )
    }
}

/// The account of an assignment that the store can keep. What has no effect, ends, or is held by another entitlement would
/// show as held without end, so it is refused.
fn plain(assignment: &Assignment) -> Result<&str> {
    let is_plain = assignment.state == AssignmentState::Active
        && assignment.valid_until.is_none()
        && assignment.through.is_none()
        && assignment.attributes == Attributes::empty();
    assignment.holder.account_id().filter(|_| is_plain).ok_or_else(|| {
        Error::unsupported(format!(
            "the store keeps only active assignments of accounts without an end or attributes; `{}` is another one",
            assignment.entitlement
        ))
        .with_help("the connector must leave such assignments out")
    })
}
