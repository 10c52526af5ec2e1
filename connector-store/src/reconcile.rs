//! The end of a full run: what was not seen is marked as removed, unless a guard says no.

use super::completeness::is_complete;
use super::guard::{Census, Guard, Limits};
use super::key::Key;
use super::report;
use super::run_state::RunState;
use super::sql;
use super::step::Step;
use super::survey::{Survey, Types};
use connector_core::{Error, ErrorKind, Percentage, Result};
use connector_sql::{Connection, Row, params};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Where nothing is removed, ids count as unstable only if more than this share is gone and new at once.
const MOST: Percentage = Percentage::new(50.0);

/// Rows that are looked through at once.
const ROWS_AT_ONCE: usize = 4096;

impl RunState {
    /// Marks what the run did not see as removed. Returns why not, when a guard refuses: then nothing is marked.
    pub(super) fn reconcile(
        &mut self,
        connection: &Connection,
        survey: &Survey,
        remove: bool,
        limits: Limits,
    ) -> Result<Option<Error>> {
        let reads_changes = self.absence.is_some() && is_complete(connection, self.run, Step::Accounts)?;
        if reads_changes && self.names_entitlements {
            self.mark_unnamed_gone(connection, &survey.types)?;
        }
        if reads_changes && remove {
            let refusal = self.refuse_gone(connection, limits)?;
            if refusal.is_some() {
                return Ok(refusal);
            }
        }
        let Survey { types, accounts, entitlements, assignments, .. } = survey;
        let missing = |census: &BTreeMap<usize, Census>| census.values().map(|one| one.gone()).sum::<u64>();
        let (missing_entitlements, missing_assignments) = (missing(entitlements), missing(assignments));
        let known_before = accounts.alive.saturating_sub(self.tallies.accounts.added);
        if remove {
            let guard = Guard { limits, names: &types.names, recent: &self.recent(connection, limits)? };
            if let Some(refusal) = guard.accounts(*accounts, known_before) {
                return self
                    .unless_unstable(connection, limits.threshold, Step::Accounts, known_before, refusal)
                    .map(Some);
            }
            if let Some(refusal) = guard.by_type(Step::Entitlements, entitlements) {
                let alive: u64 = entitlements.values().map(|one| one.alive).sum();
                let known = alive.saturating_sub(self.tallies.entitlements.added);
                return self
                    .unless_unstable(connection, limits.threshold, Step::Entitlements, known, refusal)
                    .map(Some);
            }
            if let Some(refusal) = guard.by_type(Step::Assignments, assignments) {
                return Ok(Some(refusal));
            }
            if accounts.gone() > 0 {
                self.remove_accounts(connection)?;
            }
            if missing_entitlements > 0 {
                self.remove_entitlements(connection, types)?;
            }
            if missing_assignments > 0 {
                self.remove_assignments(connection, types)?;
            }
        } else if MOST.is_exceeded_by(accounts.gone(), known_before)
            && MOST.is_exceeded_by(self.tallies.accounts.added, known_before)
            && limits.threshold.percent() < 100.0
        {
            let message = format!("{} of {known_before} accounts were not seen", accounts.gone());
            let refusal = Error::new(ErrorKind::Guard, message);
            return self.unless_unstable(connection, MOST, Step::Accounts, known_before, refusal).map(Some);
        } else if accounts.gone() + missing_entitlements + missing_assignments > 0 {
            let text = format!(
                "{} accounts, {missing_entitlements} entitlements and {missing_assignments} assignments were not seen \
                 and are kept, because removals are turned off",
                accounts.gone()
            );
            report::warn(connection, self.run, &text)?;
        }
        if reads_changes {
            self.remove_gone(connection, remove)?;
        }
        self.keep_removals(connection)?;
        self.warn_of_unread(connection, types)?;
        self.warn_of_strangers(connection, &survey.strangers)?;
        self.warn_of_drift(connection)?;
        Ok(None)
    }

    /// Up to `most` accounts, after a row, that the run did not see and would remove. None where the guard refuses.
    pub(crate) fn missing_accounts(
        &self,
        connection: &Connection,
        after: i64,
        most: usize,
        limits: Limits,
    ) -> Result<Vec<(i64, String)>> {
        let mut missing = Vec::new();
        if after == 0 && !self.would_remove_accounts(connection, limits)? {
            return Ok(missing);
        }
        let query = "SELECT id, account_id FROM accounts INDEXED BY accounts_alive
             WHERE source = ?1 AND removed_run IS NULL AND id > ?2 ORDER BY id";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        sql::until(connection, query, params![self.source, after], read, |(id, account)| {
            if !self.seen.accounts.contains(id) {
                missing.push((id, account));
            }
            Ok(if missing.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(missing)
    }

    fn would_remove_accounts(&self, connection: &Connection, limits: Limits) -> Result<bool> {
        if !self.reconciles(connection, Step::Accounts)? {
            return Ok(false);
        }
        let census = self.census_of_accounts(connection)?;
        let known_before = census.alive.saturating_sub(self.tallies.accounts.added);
        let guard = Guard { limits, names: &[], recent: &self.recent(connection, limits)? };
        Ok(census.gone() > 0 && guard.accounts(census, known_before).is_none())
    }

    fn remove_accounts(&mut self, connection: &Connection) -> Result<()> {
        let mut after = 0;
        loop {
            let portion: Vec<(i64, String)> = sql::all(connection, "SELECT id, account_id FROM accounts INDEXED BY accounts_alive WHERE source = ?1 AND removed_run IS NULL AND id > ?2
                     ORDER BY id LIMIT ?3", params![self.source, after, ROWS_AT_ONCE], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let Some((last, _)) = portion.last() else { return Ok(()) };
            after = *last;
            for (id, account) in &portion {
                if !self.seen.accounts.contains(*id) {
                    self.remove_account(connection, *id, account)?;
                }
            }
        }
    }

    pub(super) fn remove_account(&mut self, connection: &Connection, row: i64, account: &str) -> Result<()> {
        sql::execute(connection, "UPDATE accounts SET removed_run = ?2 WHERE id = ?1", params![row, self.run])?;
        self.tallies.accounts.removed += 1;
        self.remove_assignments_of(connection, account)
    }

    /// An account that is gone holds nothing, but for what this very run saw.
    fn remove_assignments_of(&mut self, connection: &Connection, account: &str) -> Result<()> {
        let held: Vec<(i64, i64, i64, bool)> = sql::all(
            connection,
            "SELECT id, entitlement, through, inline FROM assignments
                 WHERE source = ?1 AND account = ?2 AND removed_run IS NULL",
            params![self.source, account],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        for (id, entitlement, through, inline) in held {
            if inline || !self.seen.assignments.contains(id) {
                self.remove_assignment(connection, Key { account, entitlement, holder: 0, through, inline })?;
            }
        }
        Ok(())
    }

    fn remove_entitlements(&mut self, connection: &Connection, types: &Types) -> Result<()> {
        let alive: Vec<i64> = sql::all(
            connection,
            "SELECT id FROM entitlements WHERE source = ?1 AND first_run IS NOT NULL AND removed_run IS NULL",
            [self.source],
            |row| row.get(0),
        )?;
        for id in alive {
            if types.reconciled(id).is_some() && !self.seen.entitlements.contains(id) {
                self.remove_entitlement(connection, id)?;
            }
        }
        Ok(())
    }

    pub(super) fn remove_entitlement(&mut self, connection: &Connection, row: i64) -> Result<()> {
        sql::execute(connection, "UPDATE entitlements SET removed_run = ?2 WHERE id = ?1", params![row, self.run])?;
        self.tallies.entitlements.removed += 1;
        self.removed.insert((Step::Entitlements, row), 1);
        Ok(())
    }

    fn remove_assignments(&mut self, connection: &Connection, types: &Types) -> Result<()> {
        let mut after = (String::new(), 0, 0, 0);
        loop {
            let portion: Vec<(i64, (String, i64, i64, i64))> = sql::all(
                connection,
                "SELECT id, account, entitlement, holder, through FROM assignments
                     WHERE source = ?1 AND (account, entitlement, holder, through) > (?2, ?3, ?4, ?5)
                       AND inline = 0 AND removed_run IS NULL
                     ORDER BY account, entitlement, holder, through LIMIT ?6",
                params![self.source, after.0, after.1, after.2, after.3, ROWS_AT_ONCE],
                |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))),
            )?;
            let Some((_, last)) = portion.last() else { return Ok(()) };
            after = last.clone();
            for (id, (account, entitlement, holder, through)) in &portion {
                if types.reconciled(*entitlement).is_some() && !self.seen.assignments.contains(*id) {
                    let (entitlement, holder, through) = (*entitlement, *holder, *through);
                    self.remove_assignment(connection, Key { account, entitlement, holder, through, inline: false })?;
                }
            }
        }
    }

    /// Says how many entitlements assignments name that the source did not show.
    fn warn_of_unread(&self, connection: &Connection, types: &Types) -> Result<()> {
        let unread: Vec<i64> = sql::all(
            connection,
            "SELECT id FROM entitlements e
                 WHERE source = ?1 AND (first_run IS NULL OR removed_run IS NOT NULL)
                   AND EXISTS (SELECT 1 FROM assignments h WHERE h.entitlement = e.id AND h.removed_run IS NULL)",
            [self.source],
            |row| row.get(0),
        )?;
        let mut by_type: BTreeMap<&str, u64> = BTreeMap::new();
        for place in unread.into_iter().filter_map(|id| types.reconciled(id)) {
            *by_type.entry(&types.names[place]).or_default() += 1;
        }
        for (name, count) in by_type {
            let text =
                format!("{name}: {count} that accounts hold were not among the entitlements that the source showed");
            report::warn(connection, self.run, &text)?;
        }
        Ok(())
    }
}
