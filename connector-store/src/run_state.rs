//! The state of a run that a job keeps in memory.

use super::holder_counts::HolderCounts;
use super::not_shown::NotShown;
use super::page_ahead::Ahead;
use super::quiet::Quiet;
use super::seen::Seen;
use super::snapshot::Hasher;
use super::sql;
use super::step::{PerStep, Step};
use super::waiting::Waiting;
use connector_core::{Absence, EntitlementRef, Result};
use connector_sql::{Connection, Row, params};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The maximum number of cached entitlement rows; a full cache is cleared.
const MAX_ENTITLEMENTS_REMEMBERED: usize = 200_000;

/// Counts of one kind of row, as the run's row in the store keeps them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tallies {
    pub seen: u64,
    pub added: u64,
    pub changed: u64,
    pub removed: u64,
}

/// What a job keeps in memory of its run: counts, bits of what was seen, rows of entitlements.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact of the page or of the run")]
pub(crate) struct RunState {
    pub source: i64,
    pub run: i64,
    pub tallies: PerStep<Tallies>,
    pub seen: PerStep<Seen>,
    pub next_assignment: i64,
    pub hasher: Hasher,
    pub quiet: Quiet,
    /// Whether the last row was new. Then the next one probably is, too: it is inserted first and looked up only if that fails.
    pub new_accounts: bool,
    pub new_assignments: bool,
    /// How many rows the run saw twice.
    pub duplicates: PerStep<u64>,
    /// How many accounts the list did not show and a lookup found.
    pub found: u64,
    /// Whether the page that is being committed may have been read before.
    pub comes_again: bool,
    /// How changes say what is gone, if this run reads only changes.
    pub absence: Option<Absence>,
    /// Whether the changes name all entitlements and all that entitlements hold.
    pub names_entitlements: bool,
    /// What the page that is being committed does not show.
    pub(super) not_shown: NotShown,
    /// Whether that is said of its accounts alone: a page of changes can have other rows beside them.
    pub(super) hides_of_accounts_only: bool,
    /// The attributes whose last known values this job kept, and those that the page being committed added.
    pub(super) kept: BTreeSet<String>,
    pub(super) newly_kept: BTreeSet<String>,
    /// How many rows the end of the run removed, by the row of the entitlement.
    pub(super) removed: BTreeMap<(Step, i64), u64>,
    /// The assignments that are merged when everything is read.
    pub(super) waiting: Waiting,
    /// How many accounts hold each entitlement, as far as it is known.
    pub(super) holder_counts: HolderCounts,
    /// What a server was asked of the page that is being committed.
    pub(super) ahead: Ahead,
    rows: HashMap<String, HashMap<String, i64>>,
    remembered: usize,
}

impl RunState {
    /// The run as its last commit left it.
    pub(crate) fn load(connection: &Connection, source: i64, run: i64) -> Result<Self> {
        let query = "SELECT next_assignment, quiet FROM sources WHERE id = ?1";
        let read = |row: &Row<'_>| Ok((row.get(0)?, Quiet::from_row(row, 1)?));
        let (next_assignment, quiet) = sql::one(connection, query, [source], read)?;
        let (mut tallies, duplicates, waiting) = sql::one(
            connection,
            "SELECT accounts_seen, accounts_added, accounts_changed, accounts_removed,
                        entitlements_seen, entitlements_added, entitlements_changed, entitlements_removed,
                        assignments_seen, assignments_added, assignments_changed, assignments_removed,
                        accounts_repeated, entitlements_repeated, assignments_waiting
                 FROM runs WHERE number = ?1",
            [run],
            |row| {
                let from = |column| -> connector_sql::Result<Tallies> {
                    let (seen, added) = (row.get(column)?, row.get(column + 1)?);
                    Ok(Tallies { seen, added, changed: row.get(column + 2)?, removed: row.get(column + 3)? })
                };
                let duplicates = PerStep { accounts: row.get(12)?, entitlements: row.get(13)?, assignments: 0 };
                let tallies = PerStep { accounts: from(0)?, entitlements: from(4)?, assignments: from(8)? };
                Ok((tallies, duplicates, row.get(14)?))
            },
        )?;
        tallies.assignments.seen = tallies.assignments.seen.saturating_sub(waiting);
        Ok(Self {
            source,
            run,
            tallies,
            seen: PerStep::try_of(|step| Seen::load(connection, run, step))?,
            next_assignment,
            hasher: Hasher::default(),
            quiet,
            new_accounts: false,
            new_assignments: false,
            duplicates,
            found: 0,
            comes_again: false,
            not_shown: NotShown::default(),
            hides_of_accounts_only: false,
            kept: BTreeSet::new(),
            newly_kept: BTreeSet::new(),
            absence: None,
            names_entitlements: false,
            removed: BTreeMap::new(),
            waiting: Waiting::load(connection, run, waiting)?,
            holder_counts: HolderCounts::default(),
            ahead: Ahead::default(),
            rows: HashMap::new(),
            remembered: 0,
        })
    }

    /// Rows that the run has seen so far.
    pub(crate) fn seen_so_far(&self) -> PerStep<u64> {
        let mut seen = self.tallies.map(|tallies| tallies.seen);
        seen.assignments += self.waiting.count;
        seen
    }

    /// Writes what pages changed.
    pub(crate) fn save(&mut self, connection: &Connection) -> Result<()> {
        for step in [Step::Accounts, Step::Entitlements, Step::Assignments] {
            self.seen[step].flush(connection)?;
        }
        sql::execute(
            connection,
            "UPDATE sources SET next_assignment = ?2 WHERE id = ?1 AND next_assignment <> ?2",
            params![self.source, self.next_assignment],
        )?;
        self.waiting.save(connection, self.run)?;
        let PerStep { accounts, entitlements, assignments } = self.tallies;
        sql::execute(
            connection,
            "UPDATE runs SET
                     accounts_seen = ?2, accounts_added = ?3, accounts_changed = ?4, accounts_removed = ?5,
                     entitlements_seen = ?6, entitlements_added = ?7, entitlements_changed = ?8,
                     entitlements_removed = ?9,
                     assignments_seen = ?10, assignments_added = ?11, assignments_removed = ?12,
                     assignments_changed = ?13, accounts_repeated = ?14, entitlements_repeated = ?15,
                     assignments_waiting = ?16
                 WHERE number = ?1",
            params![
                self.run,
                accounts.seen,
                accounts.added,
                accounts.changed,
                accounts.removed,
                entitlements.seen,
                entitlements.added,
                entitlements.changed,
                entitlements.removed,
                assignments.seen + self.waiting.count,
                assignments.added,
                assignments.removed,
                assignments.changed,
                self.duplicates.accounts,
                self.duplicates.entitlements,
                self.waiting.count,
            ],
        )?;
        Ok(())
    }

    /// The row of an entitlement. One that was not read yet gets a placeholder row.
    pub(crate) fn entitlement_row(&mut self, connection: &Connection, entitlement: &EntitlementRef) -> Result<i64> {
        let known = self.rows.get(&*entitlement.entitlement_type).and_then(|ids| ids.get(&entitlement.id));
        if let Some(row) = known {
            return Ok(*row);
        }
        let row = match find_entitlement(connection, self.source, entitlement)? {
            Some(row) => row,
            None => sql::insert(
                connection,
                "INSERT INTO entitlements (source, type, entitlement_id, name, attributes)
                     VALUES (?1, ?2, ?3, '', '{}') RETURNING id",
                params![self.source, entitlement.entitlement_type, entitlement.id],
            )?,
        };
        self.remember(entitlement, row);
        Ok(row)
    }

    pub(crate) fn remember(&mut self, entitlement: &EntitlementRef, row: i64) {
        if self.remembered >= MAX_ENTITLEMENTS_REMEMBERED {
            self.rows.clear();
            self.remembered = 0;
        }
        let ids = match self.rows.get_mut(&*entitlement.entitlement_type) {
            Some(ids) => ids,
            None => self.rows.entry(entitlement.entitlement_type.to_string()).or_default(),
        };
        if ids.insert(entitlement.id.clone(), row).is_none() {
            self.remembered += 1;
        }
    }

    /// Keeps the values of a row before they are overwritten.
    pub(crate) fn keep_change(
        &self,
        connection: &Connection,
        step: Step,
        row: i64,
        before: Option<&str>,
        removed_run: Option<i64>,
    ) -> Result<()> {
        sql::execute(
            connection,
            // In a run of changes, a row can change twice: what it was before the run counts.
            "INSERT INTO changes (source, kind, row, run, before, removed_run) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO NOTHING",
            params![self.source, step.name(), row, self.run, before, removed_run],
        )?;
        Ok(())
    }
}

fn find_entitlement(connection: &Connection, source: i64, entitlement: &EntitlementRef) -> Result<Option<i64>> {
    sql::first(
        connection,
        "SELECT id FROM entitlements WHERE source = ?1 AND type = ?2 AND entitlement_id = ?3",
        params![source, entitlement.entitlement_type, entitlement.id],
        |row| row.get(0),
    )
}
