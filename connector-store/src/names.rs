//! The names of accounts.
//!
//! A source shows accounts in the order of their ids, so the next name belongs anywhere among those that are stored. A full run
//! keeps the names of new accounts in its sorted batches, beside the assignments.

use super::bulk;
use super::key::read_name_key;
use super::run_state::RunState;
use super::sql;
use connector_core::Result;
use connector_sql::{Connection, params};

const INSERT: &str = "INSERT INTO account_names (source, name, account) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

impl RunState {
    /// Keeps the name of a new account, now or when everything is read.
    pub(super) fn name_arrived(&mut self, connection: &Connection, name: &str, account: i64) -> Result<()> {
        if self.absence.is_some() {
            return self.add_name(connection, name, account);
        }
        self.waiting.push_name(name, account);
        Ok(())
    }

    /// Replaces the name of an account. A run that was dropped may have taken the former name with it.
    pub(super) fn rename(&self, connection: &Connection, former: &str, name: &str, account: i64) -> Result<()> {
        if former != name {
            let delete = "DELETE FROM account_names WHERE source = ?1 AND name = ?2 AND account = ?3";
            sql::execute(connection, delete, params![self.source, former, account])?;
        }
        self.add_name(connection, name, account)
    }

    /// Adds the names that waiting keys hold.
    pub(super) fn add_waiting_names<'k>(
        &self,
        connection: &Connection,
        keys: impl Iterator<Item = &'k [u8]>,
    ) -> Result<()> {
        let names: Vec<_> = keys.map(read_name_key).collect::<Result<_>>()?;
        bulk::insert_names_of(connection, self.source, &names)
    }

    fn add_name(&self, connection: &Connection, name: &str, account: i64) -> Result<()> {
        sql::execute(connection, INSERT, params![self.source, name, account]).map(drop)
    }
}

/// Adds the names of the accounts that a run added.
pub(super) fn add_names_of_run(connection: &Connection, source: i64, run: i64) -> Result<()> {
    let insert = "INSERT INTO account_names (source, name, account)
         SELECT source, name, id FROM accounts WHERE source = ?1 AND first_run = ?2 ON CONFLICT DO NOTHING";
    sql::execute(connection, insert, params![source, run]).map(drop)
}

/// Drops the names of accounts that the store does not have any more.
pub(super) fn drop_names_without_account(connection: &Connection, source: i64) -> Result<()> {
    let delete = "DELETE FROM account_names
         WHERE source = ?1 AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.id = account_names.account)";
    sql::execute(connection, delete, [source]).map(drop)
}
