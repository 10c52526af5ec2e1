//! What a full run compares with the store before it removes anything.
//!
//! The survey only reads, so other jobs can write at the same time. Only this job writes rows of its source.

use super::completeness::{is_complete, skipped_types};
use super::fault::fault;
use super::guard::Census;
use super::run_state::RunState;
use super::sql;
use super::step::Step;
use connector_core::{Absence, Result};
use connector_sql::{Connection, Row, Rows, params};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What the store has of the source, and how much of it the run saw.
pub(super) struct Survey {
    pub(super) types: Types,
    pub(super) accounts: Census,
    /// By type, as its place in the names of `types`.
    pub(super) entitlements: BTreeMap<usize, Census>,
    pub(super) assignments: BTreeMap<usize, Census>,
    pub(super) strangers: Strangers,
}

/// Assignments that name accounts that the source did not show.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    pub(super) assignments: u64,
    pub(super) accounts: u64,
    /// The first of the accounts.
    pub(super) example: Option<String>,
}

/// The entitlements of the source by row.
pub(super) struct Types {
    /// The type of each row, by its place in `names`.
    of_row: HashMap<i64, usize>,
    pub(super) names: Vec<String>,
    skipped: HashSet<usize>,
}

/// A live assignment of the source.
struct Assigned {
    entitlement: i64,
    id: i64,
    inline: bool,
    of_account: bool,
}

/// What happens to an account at the end of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Stays,
    Goes,
    /// The store has no such account, or it went in an earlier run.
    Unknown,
}

/// The accounts of the source in the order of their ids.
struct Accounts<'a> {
    rows: Rows<'a>,
    /// The id of the row; empty before the first one.
    id: String,
    at_end: bool,
}

impl RunState {
    /// Compares what the run saw with the store. `remove` says whether the run removes what it did not see.
    pub(super) fn survey(&self, connection: &Connection, remove: bool) -> Result<Survey> {
        let types = self.types(connection)?;
        let accounts = if self.reconciles(connection, Step::Accounts)? {
            self.census_of_accounts(connection)?
        } else {
            Census::default()
        };
        let entitlements = if self.reconciles(connection, Step::Entitlements)? {
            self.census_of_entitlements(connection, &types)?
        } else {
            BTreeMap::new()
        };
        let (assignments, strangers) = self.survey_assignments(connection, &types, remove)?;
        Ok(Survey { types, accounts, entitlements, assignments, strangers })
    }

    /// Whether what the run did not see of a step is gone: the run read that step, and the source showed all of it. Changes
    /// show all accounts only as survivors.
    pub(super) fn reconciles(&self, connection: &Connection, step: Step) -> Result<bool> {
        if self.names_entitlements && step == Step::Entitlements {
            // They are among the changes, which begin in place of the accounts.
            return is_complete(connection, self.run, Step::Accounts);
        }
        if !matches!(self.absence, None | Some(Absence::Survivors)) {
            return Ok(false);
        }
        let query = "SELECT EXISTS (SELECT 1 FROM frontier WHERE run = ?1 AND step = ?2)";
        let was_read: bool = sql::one(connection, query, params![self.run, step.name()], |row| row.get(0))?;
        Ok(was_read && is_complete(connection, self.run, step)?)
    }

    fn types(&self, connection: &Connection) -> Result<Types> {
        let skipped_names = skipped_types(connection, self.run)?;
        let mut types = Types { of_row: HashMap::new(), names: Vec::new(), skipped: HashSet::new() };
        let mut places: HashMap<String, usize> = HashMap::new();
        let query = "SELECT id, type FROM entitlements WHERE source = ?1";
        let read = |row: &Row<'_>| {
            let name = row.get_ref(1)?.as_str()?;
            let place = if let Some(place) = places.get(name) {
                *place
            } else {
                let place = types.names.len();
                places.insert(name.to_owned(), place);
                types.names.push(name.to_owned());
                if skipped_names.iter().any(|skipped| skipped == name) {
                    types.skipped.insert(place);
                }
                place
            };
            types.of_row.insert(row.get(0)?, place);
            Ok(())
        };
        sql::each(connection, query, [self.source], read, Ok)?;
        Ok(types)
    }

    /// Every row that a run sees lives in the store from then on, so the count of the seen is enough.
    pub(super) fn census_of_accounts(&self, connection: &Connection) -> Result<Census> {
        let alive = sql::one(
            connection,
            "SELECT count(*) FROM accounts INDEXED BY accounts_alive WHERE source = ?1 AND removed_run IS NULL",
            [self.source],
            |row| row.get(0),
        )?;
        Ok(Census { alive, seen: self.tallies.accounts.seen })
    }

    fn census_of_entitlements(&self, connection: &Connection, types: &Types) -> Result<BTreeMap<usize, Census>> {
        let mut census: BTreeMap<usize, Census> = BTreeMap::new();
        let query = "SELECT id FROM entitlements WHERE source = ?1 AND first_run IS NOT NULL AND removed_run IS NULL";
        let read = |row: &Row<'_>| row.get(0);
        sql::each(connection, query, [self.source], read, |id| {
            if let Some(place) = types.reconciled(id) {
                census.entry(place).or_default().count(self.seen.entitlements.contains(id));
            }
            Ok(())
        })?;
        Ok(census)
    }

    /// Looks at all assignments in the order of their accounts, beside the accounts.
    fn survey_assignments(
        &self,
        connection: &Connection,
        types: &Types,
        remove: bool,
    ) -> Result<(BTreeMap<usize, Census>, Strangers)> {
        let (mut census, mut strangers) = (BTreeMap::<usize, Census>::new(), Strangers::default());
        let reconciles = self.reconciles(connection, Step::Assignments)?;
        let names_strangers = self.absence.is_none() && is_complete(connection, self.run, Step::Accounts)?;
        if !reconciles && !names_strangers {
            return Ok((census, strangers));
        }
        let accounts_go = remove && self.reconciles(connection, Step::Accounts)?;
        // The index has all that this needs, so the rows are not read.
        let mut accounts = connection
            .prepare_cached("SELECT account_id, id FROM accounts WHERE source = ?1 ORDER BY account_id")
            .map_err(fault)?;
        let rows = accounts.query([self.source]).map_err(fault)?;
        let mut accounts = Accounts { rows, id: String::new(), at_end: false };
        let (mut account, mut fate, mut is_named) = (String::new(), Fate::Unknown, false);
        let query = "SELECT account, entitlement, id, inline, holder FROM assignments
             WHERE source = ?1 AND removed_run IS NULL ORDER BY account";
        let mut assignments = connection.prepare_cached(query).map_err(fault)?;
        let mut assignments = assignments.query([self.source]).map_err(fault)?;
        while let Some(row) = assignments.next().map_err(fault)? {
            let assigned = Assigned::from_row(&row).map_err(fault)?;
            if reconciles
                && !assigned.inline
                && let Some(place) = types.reconciled(assigned.entitlement)
            {
                census.entry(place).or_default().count(self.seen.assignments.contains(assigned.id));
            }
            if !names_strangers || !assigned.of_account {
                continue;
            }
            let holder = row.get_ref(0).and_then(|holder| Ok(holder.as_str()?)).map_err(fault)?;
            if holder != account {
                holder.clone_into(&mut account);
                fate = self.fate(connection, accounts.find(holder)?, accounts_go)?;
                is_named = false;
            }
            let goes = remove && reconciles && types.reconciled(assigned.entitlement).is_some();
            if fate != Fate::Stays && self.outlives(&assigned, fate, goes) {
                strangers.assignments += 1;
                strangers.accounts += u64::from(!is_named);
                is_named = true;
                strangers.example.get_or_insert_with(|| account.clone());
            }
        }
        Ok((census, strangers))
    }

    fn fate(&self, connection: &Connection, row: Option<i64>, accounts_go: bool) -> Result<Fate> {
        let Some(row) = row else { return Ok(Fate::Unknown) };
        if self.seen.accounts.contains(row) {
            return Ok(Fate::Stays);
        }
        let query = "SELECT removed_run IS NULL FROM accounts WHERE id = ?1";
        let lives = sql::one(connection, query, [row], |row| row.get(0))?;
        Ok(match (lives, accounts_go) {
            (false, _) => Fate::Unknown,
            (true, true) => Fate::Goes,
            (true, false) => Fate::Stays,
        })
    }

    /// Whether an assignment of an account that does not stay is there after the run. `goes` says whether the run removes it if it
    /// did not see it.
    fn outlives(&self, assigned: &Assigned, fate: Fate, goes: bool) -> bool {
        match (assigned.inline, fate == Fate::Goes) {
            (true, account_goes) => !account_goes,
            (false, account_goes) => self.seen.assignments.contains(assigned.id) || !(account_goes || goes),
        }
    }
}

impl Assigned {
    fn from_row(row: &Row<'_>) -> connector_sql::Result<Self> {
        let of_account = row.get::<_, i64>(4)? == 0;
        Ok(Self { entitlement: row.get(1)?, id: row.get(2)?, inline: row.get(3)?, of_account })
    }
}

impl Accounts<'_> {
    /// The row of the account with that id. Asked for in the order of the ids.
    fn find(&mut self, id: &str) -> Result<Option<i64>> {
        let mut find = || {
            while !self.at_end && *self.id < *id {
                self.rows.advance()?;
                match self.rows.get() {
                    Some(row) => row.get_ref(0)?.as_str()?.clone_into(&mut self.id),
                    None => self.at_end = true,
                }
            }
            self.rows.get().filter(|_| *self.id == *id).map(|row| row.get(1)).transpose()
        };
        find().map_err(fault)
    }
}

impl Types {
    /// The type of a row, unless this run could not read that type.
    pub(super) fn reconciled(&self, row: i64) -> Option<usize> {
        self.of_row.get(&row).copied().filter(|place| !self.skipped.contains(place))
    }
}
