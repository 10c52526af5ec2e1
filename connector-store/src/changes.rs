//! Writes changes into the store. Removals wait in a table until the guard has seen all of them.

use super::aliases::Named;
use super::guard::{Census, Guard, Limits, Recent};
use super::key::Key;
use super::report;
use super::run_state::RunState;
use super::sql;
use super::step::Step;
use super::survey::Types;
use connector_core::{Absence, Assignment, Error, Holder, Result, SourceChange};
use connector_sql::{Connection, Params, params};
use std::collections::BTreeMap;

/// The live rows that the changes remove.
const GONE_ACCOUNTS: &str = "FROM gone g JOIN accounts a ON a.source = ?2 AND a.account_id = g.account
    WHERE g.run = ?1 AND g.step = 'accounts' AND a.removed_run IS NULL";
const GONE_ENTITLEMENTS: &str = "FROM gone g JOIN entitlements e ON e.source = ?2 AND e.id = g.entitlement
    WHERE g.run = ?1 AND g.step = 'entitlements' AND e.removed_run IS NULL
        AND e.type NOT IN (SELECT type FROM skipped WHERE run = ?1)";
const GONE_ASSIGNMENTS: &str = "FROM gone g
    JOIN assignments h ON h.source = ?2 AND h.account = g.account AND h.entitlement = g.entitlement
        AND h.holder = g.holder AND h.through = g.through AND h.inline = 0
    JOIN entitlements e ON e.id = g.entitlement
    WHERE g.run = ?1 AND g.step = 'assignments' AND h.removed_run IS NULL
        AND e.type NOT IN (SELECT type FROM skipped WHERE run = ?1)";

/// With so many assignments left for each that is gone, usual thresholds are kept.
const ENOUGH: u64 = 20;

/// The holder of assignments in the store: an account, or the row of an entitlement.
struct Place {
    account: String,
    holder: i64,
}

impl RunState {
    /// Writes one change.
    pub(crate) fn change(&mut self, connection: &Connection, change: &SourceChange) -> Result<()> {
        match change {
            SourceChange::Account(account) => {
                self.forget_gone(connection, Step::Accounts, &account.id, 0)?;
                self.account(connection, account).map(drop)
            }
            SourceChange::Entitlement(entitlement) => {
                let row = self.entitlement_row(connection, &entitlement.key)?;
                self.forget_gone(connection, Step::Entitlements, "", row)?;
                self.entitlement(connection, entitlement).map(drop)
            }
            SourceChange::Held(assignment) => self.held(connection, assignment),
            SourceChange::NoLongerHeld(holder, entitlement) => {
                let Some(place) = self.place_of(connection, holder)? else { return Ok(()) };
                let row = self.entitlement_row(connection, entitlement)?;
                mark_held(
                    connection,
                    "AND account = ?3 AND holder = ?4 AND entitlement = ?5",
                    params![self.run, self.source, place.account, place.holder, row],
                )
            }
            SourceChange::Removed(holder) => {
                let Some(place) = self.place_of(connection, holder)? else { return Ok(()) };
                if place.holder > 0 {
                    return self.mark_gone(connection, Step::Entitlements, "", place.holder);
                }
                if self.absence != Some(Absence::Told) {
                    return Err(said_in_two_ways());
                }
                self.mark_gone(connection, Step::Accounts, &place.account, 0)
            }
            SourceChange::Present(id) if self.absence == Some(Absence::Survivors) => self.present(connection, id),
            SourceChange::AllOf(holder, assignments) => self.all_of(connection, holder, assignments),
            SourceChange::AccountCount(count) => self.count_accounts(connection, *count),
            SourceChange::Locked(ids) => self.lock_only(connection, ids),
            SourceChange::HolderCounts(name, counts) => self.count_holders_of_type(connection, name, counts),
            SourceChange::HolderCount(range, count) => self.count_holders(connection, range, *count),
            SourceChange::Holders(range, assignments) => self.holders(connection, range, assignments),
            SourceChange::Present(_) => Err(said_in_two_ways()),
            _ => Err(Error::unsupported("this version does not know a kind of change that the connector gives")),
        }
    }

    pub(super) fn held(&mut self, connection: &Connection, assignment: &Assignment) -> Result<()> {
        if let Some(Place { account, holder }) = self.place_of(connection, &assignment.holder)? {
            let entitlement = self.entitlement_row(connection, &assignment.entitlement)?;
            let through = match &assignment.through {
                Some(through) => self.entitlement_row(connection, through)?,
                None => 0,
            };
            sql::execute(
                connection,
                "DELETE FROM gone WHERE run = ?1 AND step = 'assignments' AND account = ?2 AND entitlement = ?3
                     AND holder = ?4 AND through = ?5",
                params![self.run, account, entitlement, holder, through],
            )?;
        }
        self.assignments(connection, std::slice::from_ref(assignment)).map(drop)
    }

    /// The holder in the store; `None` for an alias that is not known yet.
    fn place_of(&mut self, connection: &Connection, holder: &Holder) -> Result<Option<Place>> {
        let of_account = |account: &str| Place { account: account.to_owned(), holder: 0 };
        let of_entitlement = |holder| Place { account: String::new(), holder };
        Ok(match holder {
            Holder::Account(id) => Some(of_account(id)),
            Holder::Entitlement(entitlement) => Some(of_entitlement(self.entitlement_row(connection, entitlement)?)),
            Holder::Alias(alias) => match self.named(connection, alias, true, true)? {
                Some(Named::Account(id)) => Some(of_account(&id)),
                Some(Named::Entitlement(row)) => Some(of_entitlement(row)),
                None => None,
            },
            _ => {
                return Err(Error::unsupported("this version does not know a kind of holder that the connector gives"));
            }
        })
    }

    /// Marks an account as seen. One that the run has not read is among the changes of the next run.
    fn present(&mut self, connection: &Connection, id: &str) -> Result<()> {
        let query = "SELECT id FROM accounts WHERE source = ?1 AND account_id = ?2 AND removed_run IS NULL";
        if let Some(row) = sql::first(connection, query, params![self.source, id], |row| row.get(0))?
            && self.seen.accounts.insert(row)
        {
            self.tallies.accounts.seen += 1;
        }
        Ok(())
    }

    /// Everything that this account holds, or every assignment of this entitlement, is gone except for what is listed.
    fn all_of(&mut self, connection: &Connection, holder: &Holder, assignments: &[Assignment]) -> Result<()> {
        match self.place_of(connection, holder)? {
            Some(place) if place.holder > 0 => {
                mark_held(connection, "AND entitlement = ?3", params![self.run, self.source, place.holder])?;
            }
            Some(place) => {
                mark_held(connection, "AND account = ?3", params![self.run, self.source, place.account])?;
            }
            None => {}
        }
        assignments.iter().try_for_each(|assignment| self.held(connection, assignment))
    }

    pub(super) fn mark_assignment_gone(&self, connection: &Connection, key: Key<'_>) -> Result<()> {
        let insert = "INSERT INTO gone (run, step, account, entitlement, holder, through)
             VALUES (?1, 'assignments', ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
        let Key { account, entitlement, holder, through, .. } = key;
        sql::execute(connection, insert, params![self.run, account, entitlement, holder, through]).map(drop)
    }

    /// Marks what entitlements hold and no change names, where the changes name all of it.
    pub(super) fn mark_unnamed_gone(&self, connection: &Connection, types: &Types) -> Result<()> {
        let query = "SELECT id, entitlement, holder, through FROM assignments INDEXED BY assignments_of_entitlements
             WHERE source = ?1 AND holder > 0 AND removed_run IS NULL";
        let held: Vec<(i64, i64, i64, i64)> =
            sql::all(connection, query, [self.source], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        for (id, entitlement, holder, through) in held {
            if types.reconciled(entitlement).is_some() && !self.seen.assignments.contains(id) {
                let key = Key { account: "", entitlement, holder, through, inline: false };
                self.mark_assignment_gone(connection, key)?;
            }
        }
        Ok(())
    }

    fn mark_gone(&self, connection: &Connection, step: Step, account: &str, entitlement: i64) -> Result<()> {
        let insert =
            "INSERT INTO gone (run, step, account, entitlement) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
        sql::execute(connection, insert, params![self.run, step.name(), account, entitlement]).map(drop)
    }

    fn forget_gone(&self, connection: &Connection, step: Step, account: &str, entitlement: i64) -> Result<()> {
        let delete = "DELETE FROM gone WHERE run = ?1 AND step = ?2 AND account = ?3 AND entitlement = ?4";
        sql::execute(connection, delete, params![self.run, step.name(), account, entitlement]).map(drop)
    }

    /// The reason not to remove anything, if there is one.
    pub(super) fn refuse_gone(&self, connection: &Connection, limits: Limits) -> Result<Option<Error>> {
        let run = params![self.run, self.source];
        let recent = self.recent(connection, limits)?;
        let gone: u64 = count(connection, &format!("SELECT count(*) {GONE_ACCOUNTS}"), run)?;
        if gone > 0 {
            let alive =
                "SELECT count(*) FROM accounts INDEXED BY accounts_alive WHERE source = ?1 AND removed_run IS NULL";
            let alive = count(connection, alive, [self.source])?;
            let known_before = alive.saturating_sub(self.tallies.accounts.added);
            let census = Census { alive, seen: alive.saturating_sub(gone) };
            let guard = Guard { limits, names: &[], recent: &recent };
            if let Some(refusal) = guard.accounts(census, known_before) {
                return Ok(Some(refusal));
            }
        }
        let entitlements = "SELECT type, count(*) FROM entitlements
             WHERE source = ?1 AND first_run IS NOT NULL AND removed_run IS NULL GROUP BY type";
        let assignments = "SELECT e.type, count(*) FROM assignments h JOIN entitlements e ON e.id = h.entitlement
             WHERE h.source = ?1 AND h.inline = 0 AND h.removed_run IS NULL GROUP BY e.type";
        for (step, gone, alive) in
            [(Step::Entitlements, GONE_ENTITLEMENTS, entitlements), (Step::Assignments, GONE_ASSIGNMENTS, assignments)]
        {
            let gone = by_type(connection, &format!("SELECT e.type, count(*) {gone} GROUP BY e.type"), run)?;
            if gone.is_empty() {
                continue;
            }
            if step == Step::Assignments && self.few_are_gone(connection, &gone, limits, &recent)? {
                continue;
            }
            let alive = by_type(connection, alive, [self.source])?;
            let names: Vec<String> = alive.keys().cloned().collect();
            let left = |name: &str, alive: u64| alive.saturating_sub(gone.get(name).copied().unwrap_or_default());
            let census = alive.iter().map(|(name, alive)| Census { alive: *alive, seen: left(name, *alive) });
            let guard = Guard { limits, names: &names, recent: &recent };
            if let Some(refusal) = guard.by_type(step, &census.enumerate().collect()) {
                return Ok(Some(refusal));
            }
        }
        Ok(None)
    }

    /// Whether so many assignments of each type are left that the guard lets the removals pass. It looks at no more of them than
    /// it needs to see that, unlike the guard, which counts all.
    fn few_are_gone(
        &self,
        connection: &Connection,
        gone: &BTreeMap<String, u64>,
        limits: Limits,
        recent: &Recent,
    ) -> Result<bool> {
        let query = "SELECT count(*) FROM (SELECT 1 FROM entitlements e JOIN assignments h INDEXED BY holders ON h.entitlement = e.id
             WHERE e.source = ?1 AND e.type = ?2 AND h.inline = 0 AND h.removed_run IS NULL LIMIT ?3) held";
        for (name, gone) in gone {
            let recent = recent.get(&(Step::Assignments.name().to_owned(), name.clone())).copied().unwrap_or_default();
            let gone = gone.saturating_add(recent);
            let seen = count(connection, query, params![self.source, name, gone.saturating_mul(ENOUGH)])?;
            if limits.threshold.is_exceeded_by(gone, seen) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Removes what the changes remove, or warns that it is kept.
    pub(super) fn remove_gone(&mut self, connection: &Connection, remove: bool) -> Result<()> {
        let run = params![self.run, self.source];
        let accounts: Vec<(i64, String)> =
            sql::all(connection, &format!("SELECT a.id, a.account_id {GONE_ACCOUNTS}"), run, |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let entitlements: Vec<i64> =
            sql::all(connection, &format!("SELECT e.id {GONE_ENTITLEMENTS}"), run, |row| row.get(0))?;
        let query = format!("SELECT h.account, h.entitlement, h.holder, h.through {GONE_ASSIGNMENTS}");
        let assignments: Vec<(String, i64, i64, i64)> =
            sql::all(connection, &query, run, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        if !remove {
            let (accounts, entitlements, assignments) = (accounts.len(), entitlements.len(), assignments.len());
            if accounts + entitlements + assignments > 0 {
                let text = format!(
                    "{accounts} accounts, {entitlements} entitlements and {assignments} assignments are gone \
                     and are kept, because removals are turned off"
                );
                report::warn(connection, self.run, &text)?;
            }
            return Ok(());
        }
        for (account, entitlement, holder, through) in assignments {
            let key = Key { account: &account, entitlement, holder, through, inline: false };
            self.remove_assignment(connection, key)?;
        }
        for (row, account) in accounts {
            self.remove_account(connection, row, &account)?;
        }
        for row in entitlements {
            self.remove_entitlement(connection, row)?;
        }
        Ok(())
    }
}

/// Marks the live assignments of the source that match a condition as removed.
fn mark_held(connection: &Connection, condition: &str, parameters: impl Params) -> Result<()> {
    let insert = format!(
        "INSERT INTO gone (run, step, account, entitlement, holder, through)
         SELECT ?1, 'assignments', account, entitlement, holder, through FROM assignments
         WHERE source = ?2 AND inline = 0 AND removed_run IS NULL {condition} ON CONFLICT DO NOTHING"
    );
    sql::execute(connection, &insert, parameters).map(drop)
}

fn count(connection: &Connection, query: &str, parameters: impl Params) -> Result<u64> {
    sql::one(connection, query, parameters, |row| row.get(0))
}

fn by_type(connection: &Connection, query: &str, parameters: impl Params) -> Result<BTreeMap<String, u64>> {
    sql::all(connection, query, parameters, |row| Ok((row.get(0)?, row.get(1)?)))
}

fn said_in_two_ways() -> Error {
    Error::protocol("the changes say in two ways which accounts no longer exist")
        .with_help("report it to the makers of the connector")
}
