//! Holders that the source names by an alias.
//!
//! The account with an alias may be read after the assignments that name it, and another account may have had the alias before.
//! So an alias is resolved at once only to a row that the run has seen; all others wait until everything is read.

use super::completeness::{is_complete, mark_incomplete};
use super::key::Key;
use super::report;
use super::run_state::RunState;
use super::snapshot::AssignmentSnapshot;
use super::sql;
use super::step::Step;
use connector_core::Result;
use connector_sql::{Connection, Row, params};

/// Assignments that are resolved at once.
const ROWS_AT_ONCE: usize = 4096;

/// The row that an alias names.
pub(super) enum Named {
    Account(String),
    Entitlement(i64),
}

/// An assignment that waits.
struct Waiting {
    alias: String,
    entitlement: i64,
    through: i64,
    values: AssignmentSnapshot,
}

impl RunState {
    /// Takes in an assignment whose holder is named by an alias; false when the run has seen it before.
    pub(crate) fn hold_by_alias(
        &mut self,
        connection: &Connection,
        alias: &str,
        key: Key<'_>,
        values: &AssignmentSnapshot,
    ) -> Result<bool> {
        if let Some(named) = self.named(connection, alias, self.absence.is_some(), self.absence.is_some())? {
            return self.hold_named(connection, &named, key, values);
        }
        let (state, valid_until, attributes) = values.columns();
        let inserted = sql::execute(
            connection,
            "INSERT INTO unresolved_holders (run, alias, entitlement, through, state, valid_until, attributes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
            params![self.run, alias, key.entitlement, key.through, state, valid_until, attributes],
        )?;
        Ok(inserted == 1)
    }

    /// Resolves the aliases that waited until everything was read, and warns of those that name nothing.
    pub(crate) fn resolve_aliases(&mut self, connection: &Connection) -> Result<()> {
        // Where not every row was read, the holder may be one that was not.
        let accounts_whole = is_complete(connection, self.run, Step::Accounts)?;
        let all_whole = accounts_whole && is_complete(connection, self.run, Step::Entitlements)?;
        let (mut unknown, mut example) = (0_u64, None);
        let mut after = (String::new(), 0, 0);
        loop {
            let portion = self.waiting(connection, &after)?;
            let Some(last) = portion.last() else { break };
            after = (last.alias.clone(), last.entitlement, last.through);
            for Waiting { alias, entitlement, through, values } in portion {
                let key = Key { account: "", entitlement, holder: 0, through, inline: false };
                if let Some(named) = self.named(connection, &alias, !accounts_whole || self.absence.is_some(), true)? {
                    self.hold_named(connection, &named, key, &values)?;
                } else {
                    unknown += 1;
                    example.get_or_insert(alias);
                }
            }
        }
        sql::execute(connection, "DELETE FROM unresolved_holders WHERE run = ?1", [self.run])?;
        let Some(example) = example else { return Ok(()) };
        let assignments = if unknown == 1 { "1 assignment names" } else { &format!("{unknown} assignments name") };
        let text = format!("{assignments} a holder that is not among what was read, for example `{example}`");
        report::warn(connection, self.run, &text)?;
        if !all_whole {
            mark_incomplete(connection, self.run, Step::Assignments)?;
        }
        Ok(())
    }

    fn waiting(&self, connection: &Connection, after: &(String, i64, i64)) -> Result<Vec<Waiting>> {
        let read = |row: &Row<'_>| {
            let values = AssignmentSnapshot::from_row(row, 3)?;
            Ok(Waiting { alias: row.get(0)?, entitlement: row.get(1)?, through: row.get(2)?, values })
        };
        sql::all(
            connection,
            "SELECT alias, entitlement, through, state, valid_until, attributes FROM unresolved_holders
                 WHERE run = ?1 AND (alias, entitlement, through) > (?2, ?3, ?4)
                 ORDER BY alias, entitlement, through LIMIT ?5",
            params![self.run, after.0, after.1, after.2, ROWS_AT_ONCE],
            read,
        )
    }

    fn hold_named(
        &mut self,
        connection: &Connection,
        named: &Named,
        key: Key<'_>,
        values: &AssignmentSnapshot,
    ) -> Result<bool> {
        match named {
            Named::Account(account) => self.hold(connection, Key { account, ..key }, values),
            Named::Entitlement(holder) => self.hold(connection, Key { holder: *holder, ..key }, values),
        }
    }

    /// The account, or else the entitlement, with that alias: one that this run has seen or, if allowed, one that lives.
    pub(super) fn named(
        &self,
        connection: &Connection,
        alias: &str,
        unseen_accounts: bool,
        unseen_entitlements: bool,
    ) -> Result<Option<Named>> {
        let accounts: Vec<(i64, String, bool)> = sql::all(
            connection,
            "SELECT id, account_id, removed_run IS NULL FROM accounts WHERE source = ?1 AND alias = ?2 ORDER BY id",
            params![self.source, alias],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let entitlements: Vec<(i64, bool)> = sql::all(
            connection,
            "SELECT id, removed_run IS NULL FROM entitlements WHERE source = ?1 AND alias = ?2 ORDER BY id",
            params![self.source, alias],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let account = |wanted: &dyn Fn(i64, bool) -> bool| {
            let found = accounts.iter().find(|(row, _, lives)| wanted(*row, *lives));
            found.map(|(_, id, _)| Named::Account(id.clone()))
        };
        let entitlement = |wanted: &dyn Fn(i64, bool) -> bool| {
            let found = entitlements.iter().find(|(row, lives)| wanted(*row, *lives));
            found.map(|(row, _)| Named::Entitlement(*row))
        };
        Ok(account(&|row, _| self.seen.accounts.contains(row))
            .or_else(|| entitlement(&|row, _| self.seen.entitlements.contains(row)))
            .or_else(|| account(&|_, lives| lives && unseen_accounts))
            .or_else(|| entitlement(&|_, lives| lives && unseen_entitlements)))
    }
}
