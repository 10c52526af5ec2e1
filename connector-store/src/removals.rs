//! What a run removed, for the guard of later runs, and what it added although it was refused.

use super::guard::{Limits, Recent};
use super::names::drop_names_without_account;
use super::report;
use super::run_state::RunState;
use super::sql;
use super::step::Step;
use super::survey::Strangers;
use connector_core::{Error, ErrorKind, Percentage, Result};
use connector_sql::{Connection, params};
use jiff::Timestamp;
use std::collections::BTreeMap;

impl RunState {
    /// How many rows earlier runs within the window removed.
    pub(super) fn recent(&self, connection: &Connection, limits: Limits) -> Result<Recent> {
        let window = limits.window.duration();
        let since = Timestamp::now().checked_sub(window).unwrap_or(Timestamp::UNIX_EPOCH).to_string();
        sql::all(
            connection,
            "SELECT m.step, m.type, sum(m.count) FROM removals m JOIN runs r ON r.number = m.run
                 WHERE r.source = ?1 AND r.number <> ?2 AND r.ended_at >= ?3 GROUP BY m.step, m.type",
            params![self.source, self.run, since],
            |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)),
        )
    }

    /// Keeps how many rows this run removed, by type.
    pub(super) fn keep_removals(&self, connection: &Connection) -> Result<()> {
        let mut counts: BTreeMap<(Step, String), u64> = BTreeMap::new();
        counts.insert((Step::Accounts, String::new()), self.tallies.accounts.removed);
        for ((step, entitlement), removed) in &self.removed {
            let name = "SELECT type FROM entitlements WHERE id = ?1";
            let name = sql::one(connection, name, [entitlement], |row| row.get(0))?;
            *counts.entry((*step, name)).or_default() += removed;
        }
        for ((step, name), count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            let insert = "INSERT INTO removals (run, step, type, count) VALUES (?1, ?2, ?3, ?4)";
            sql::execute(connection, insert, params![self.run, step.name(), name, count])?;
        }
        Ok(())
    }

    /// The refusal of a guard. If about as many rows are new as are gone, the ids are not stable: the new rows are other
    /// names of what the store has, so they are dropped.
    pub(super) fn unless_unstable(
        &self,
        connection: &Connection,
        share: Percentage,
        step: Step,
        known: u64,
        refusal: Error,
    ) -> Result<Error> {
        let added = self.tallies[step].added;
        if known == 0 || !share.is_exceeded_by(added, known) {
            return Ok(refusal);
        }
        self.drop_additions(connection)?;
        let (step, why) = (step.name(), refusal.message());
        let message = format!(
            "{why}; {added} {step} are new at the same time, so their ids don't seem to be stable: what this run added was dropped"
        );
        Ok(Error::new(ErrorKind::Guard, message).with_help(
            "check which value the connector uses as the id. If the source really has other rows now, set `aggregation.delete_threshold` to 100% for one run",
        ))
    }

    /// Drops what no run has confirmed that succeeded.
    fn drop_additions(&self, connection: &Connection) -> Result<()> {
        let last = "SELECT coalesce(max(number), 0) FROM runs WHERE source = ?1 AND status = 'succeeded'";
        let last: i64 = sql::one(connection, last, [self.source], |row| row.get(0))?;
        for table in ["assignments", "accounts"] {
            let delete = format!("DELETE FROM {table} WHERE source = ?1 AND first_run > ?2");
            sql::execute(connection, &delete, params![self.source, last])?;
        }
        drop_names_without_account(connection, self.source)?;
        // What came back goes again, and entitlements stay as names of what is held.
        for table in ["assignments", "accounts", "entitlements"] {
            let update = format!(
                "UPDATE {table} SET removed_run = ?3 WHERE source = ?1 AND added_run > ?2 AND removed_run IS NULL"
            );
            sql::execute(connection, &update, params![self.source, last, self.run])?;
        }
        Ok(())
    }

    /// Says how many assignments name accounts that the source did not show.
    pub(super) fn warn_of_strangers(&self, connection: &Connection, strangers: &Strangers) -> Result<()> {
        let Strangers { assignments: count, accounts, example: Some(example) } = strangers else { return Ok(()) };
        let text = format!(
            "assignments: {count} name {accounts} accounts that are not among those that were read, for example `{example}`"
        );
        report::warn(connection, self.run, &text)
    }
}
