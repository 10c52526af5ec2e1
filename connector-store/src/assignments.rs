//! Writes assignments into the store.

use super::bulk;
use super::key::{Key, read_key};
use super::run_state::{RunState, Tallies};
use super::snapshot::AssignmentSnapshot;
use super::sql;
use super::step::Step;
use super::waiting::read_values;
use connector_core::{Assignment, AssignmentState, Attributes, EntitlementRef, Error, Holder, Result};
use connector_sql::{Connection, Row, params};
use connector_tables::BatchRow;

/// An assignment in the store.
struct Stored {
    id: i64,
    removed_run: Option<i64>,
    values: AssignmentSnapshot,
}

/// Writes a new assignment.
const INSERT: &str =
    "INSERT INTO assignments (source, account, entitlement, holder, through, inline, id, state, valid_until,
                              attributes, first_run, added_run)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11) ON CONFLICT DO NOTHING";

/// Whether it is active, without end and attributes.
fn is_plain(assignment: &Assignment) -> bool {
    assignment.state == AssignmentState::Active
        && assignment.valid_until.is_none()
        && assignment.attributes == Attributes::empty()
}

impl RunState {
    /// Writes a page of assignments; returns how many the run had not seen before.
    pub(crate) fn assignments(&mut self, connection: &Connection, page: &[Assignment]) -> Result<usize> {
        let mut fresh = 0;
        for assignment in page {
            fresh += usize::from(self.assignment(connection, assignment)?);
        }
        Ok(fresh)
    }

    fn assignment(&mut self, connection: &Connection, assignment: &Assignment) -> Result<bool> {
        let values = (!is_plain(assignment)).then(|| AssignmentSnapshot::of(assignment));
        let entitlement = self.entitlement_row(connection, &assignment.entitlement)?;
        let through = match &assignment.through {
            Some(through) => self.entitlement_row(connection, through)?,
            None => 0,
        };
        let of_account = Key { account: "", entitlement, holder: 0, through, inline: false };
        match &assignment.holder {
            Holder::Account(account) => self.hold_or_wait(connection, Key { account, ..of_account }, values.as_ref()),
            Holder::Entitlement(holder) => {
                let holder = self.entitlement_row(connection, holder)?;
                self.hold_or_wait(connection, Key { holder, ..of_account }, values.as_ref())
            }
            Holder::Alias(alias) => {
                let values = values.unwrap_or_else(AssignmentSnapshot::plain);
                self.hold_by_alias(connection, alias, of_account, &values)
            }
            other => Err(Error::unsupported(format!(
                "the store can't keep that `{other}` holds `{}`: this version does not know this kind of holder",
                assignment.entitlement
            ))),
        }
    }

    /// Takes in an assignment from the record of a new account.
    pub(crate) fn hold_inline(
        &mut self,
        connection: &Connection,
        account: &str,
        entitlement: &EntitlementRef,
    ) -> Result<()> {
        let entitlement = self.entitlement_row(connection, entitlement)?;
        self.hold_or_wait(connection, Key::inline(account, entitlement), None).map(drop)
    }

    /// Takes in an assignment, now or when everything is read; false if the run has seen it before.
    fn hold_or_wait(
        &mut self,
        connection: &Connection,
        key: Key<'_>,
        values: Option<&AssignmentSnapshot>,
    ) -> Result<bool> {
        // Changes apply to what is there. What a page hides is looked up. A key ends its holder with a NUL.
        if self.absence.is_some() || !self.not_shown.is_nothing() || key.account.contains('\0') {
            return match values {
                Some(values) => self.hold(connection, key, values),
                None => self.hold(connection, key, &AssignmentSnapshot::plain()),
            };
        }
        Ok(self.waiting.push(key, values))
    }

    /// Replaces the inline assignments of an account with those that its record names now.
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
            self.remove_assignment(connection, Key::inline(account, entitlement))?;
        }
        for entitlement in rows {
            if held.contains(&entitlement) {
                self.tallies.assignments.seen += 1;
            } else {
                self.hold(connection, Key::inline(account, entitlement), &AssignmentSnapshot::plain())?;
            }
        }
        Ok(())
    }

    /// Marks an assignment as removed.
    pub(crate) fn remove_assignment(&mut self, connection: &Connection, key: Key<'_>) -> Result<()> {
        let Key { account, entitlement, holder, through, inline } = key;
        sql::execute(
            connection,
            "UPDATE assignments SET removed_run = ?7 WHERE source = ?1 AND account = ?2 AND entitlement = ?3
                 AND holder = ?4 AND through = ?5 AND inline = ?6",
            params![self.source, account, entitlement, holder, through, inline, self.run],
        )?;
        self.tally(key, |tallies| tallies.removed += 1);
        self.holder_counts.add(key, -1);
        if !inline {
            *self.removed.entry((Step::Assignments, entitlement)).or_default() += 1;
        }
        Ok(())
    }

    /// Writes one assignment; false if the run has seen it before. Inline ones come once, with their account.
    pub(crate) fn hold(&mut self, connection: &Connection, key: Key<'_>, values: &AssignmentSnapshot) -> Result<bool> {
        if self.new_assignments && self.insert_assignment(connection, key, values)? {
            return Ok(true);
        }
        let Some(stored) = self.find_assignment(connection, key)? else {
            self.new_assignments = true;
            return self.insert_assignment(connection, key, values);
        };
        if !key.inline && !self.seen.assignments.insert(stored.id) {
            if self.absence.is_some() && !stored.values.is_same(values) {
                self.update_assignment(connection, key, values, &stored, true)?;
            }
            return Ok(false);
        }
        self.new_assignments = false;
        self.tally(key, |tallies| tallies.seen += 1);
        let last_known = !key.inline && !self.hides_of_accounts_only && !self.not_shown.is_nothing();
        let merged = last_known.then(|| self.with_last_known_of(values, &stored.values));
        let values = merged.as_ref().unwrap_or(values);
        let changed = !stored.values.is_same(values);
        if changed || stored.removed_run.is_some() {
            self.update_assignment(connection, key, values, &stored, changed)?;
        }
        Ok(true)
    }

    fn update_assignment(
        &mut self,
        connection: &Connection,
        key: Key<'_>,
        values: &AssignmentSnapshot,
        stored: &Stored,
        changed: bool,
    ) -> Result<()> {
        let before = changed.then(|| stored.values.to_text());
        self.keep_change(connection, Step::Assignments, stored.id, before.as_deref(), stored.removed_run)?;
        self.holder_counts.add(key, i64::from(stored.removed_run.is_some()));
        self.tally(key, |tallies| match stored.removed_run {
            Some(_) => tallies.added += 1,
            None => tallies.changed += 1,
        });
        let Key { account, entitlement, holder, through, inline } = key;
        let (state, valid_until, attributes) = values.columns();
        sql::execute(
            connection,
            "UPDATE assignments SET state = ?7, valid_until = ?8, attributes = ?9,
                     changed_run = CASE WHEN ?10 THEN ?11 ELSE changed_run END,
                     added_run = CASE WHEN removed_run IS NULL THEN added_run ELSE ?11 END, removed_run = NULL
                 WHERE source = ?1 AND account = ?2 AND entitlement = ?3 AND holder = ?4 AND through = ?5 AND inline = ?6",
            params![
                self.source,
                account,
                entitlement,
                holder,
                through,
                inline,
                state,
                valid_until,
                attributes,
                changed,
                self.run
            ],
        )?;
        Ok(())
    }

    fn insert_assignment(
        &mut self,
        connection: &Connection,
        key: Key<'_>,
        values: &AssignmentSnapshot,
    ) -> Result<bool> {
        let Key { account, entitlement, holder, through, inline } = key;
        let (state, valid_until, attributes) = values.columns();
        let inserted = sql::execute(
            connection,
            INSERT,
            params![
                self.source,
                account,
                entitlement,
                holder,
                through,
                inline,
                self.next_assignment,
                state,
                valid_until,
                attributes,
                self.run
            ],
        )?;
        if inserted == 1 {
            self.assignment_arrived(key);
        }
        Ok(inserted == 1)
    }

    /// Writes assignments that the table does not have, in its order.
    pub(super) fn insert_assignments(&mut self, connection: &Connection, rows: &[BatchRow]) -> Result<()> {
        // Most assignments have no values of their own.
        let plain = rows.iter().filter(|row| row.value.is_empty()).map(|row| read_key(&row.key));
        let plain: Vec<Key<'_>> = plain.collect::<Result<_>>()?;
        bulk::insert_plain(connection, self.source, self.run, self.next_assignment, &plain)?;
        for key in plain {
            self.assignment_arrived(key);
        }
        for row in rows.iter().filter(|row| !row.value.is_empty()) {
            self.insert_assignment(connection, read_key(&row.key)?, &read_values(&row.value)?)?;
        }
        Ok(())
    }

    fn assignment_arrived(&mut self, key: Key<'_>) {
        if !key.inline {
            self.seen.assignments.insert(self.next_assignment);
        }
        self.next_assignment += 1;
        self.holder_counts.add(key, 1);
        self.tally(key, |tallies| {
            tallies.seen += 1;
            tallies.added += 1;
        });
    }

    /// Counts an assignment of an account. The counts of a run leave out what entitlements hold.
    fn tally(&mut self, key: Key<'_>, count: impl FnOnce(&mut Tallies)) {
        if key.holder == 0 {
            count(&mut self.tallies.assignments);
        }
    }

    fn find_assignment(&self, connection: &Connection, key: Key<'_>) -> Result<Option<Stored>> {
        let Key { account, entitlement, holder, through, inline } = key;
        let read = |row: &Row<'_>| {
            let values = AssignmentSnapshot::from_row(row, 2)?;
            Ok(Stored { id: row.get(0)?, removed_run: row.get(1)?, values })
        };
        sql::first(
            connection,
            "SELECT id, removed_run, state, valid_until, attributes FROM assignments
                 WHERE source = ?1 AND account = ?2 AND entitlement = ?3 AND holder = ?4 AND through = ?5 AND inline = ?6",
            params![self.source, account, entitlement, holder, through, inline],
            read,
        )
    }
}
