//! The accounts of a page that a server is asked for at once, and the new ones that it gets at once.
//!
//! A file answers at once, so its rows are looked up and written one by one. A server answers after a while: one
//! question for each row would cost more than the rows.

use super::column::stored_kind;
use super::fault::fault;
use super::page_ahead::{Ahead, Known, New};
use super::run_state::RunState;
use super::sql;
use connector_core::{Account, Result};
use connector_sql::{Column, Connection, Server, ValueRef};
use std::collections::{HashMap, HashSet};

/// Fewer new rows don't change how a server searches.
const ROWS_TO_COUNT: u64 = 1_000;

impl RunState {
    /// Asks a server for all accounts of a page.
    pub(super) fn look_ahead(&mut self, connection: &Connection, accounts: &[Account]) -> Result<()> {
        let Some(server) = connection.postgres() else { return Ok(()) };
        let ids: Vec<&str> = accounts.iter().map(|account| account.id.as_str()).collect();
        let known = known(server, self.source, &ids).map_err(fault)?;
        let new = ids.iter().filter(|id| !known.contains_key(**id)).collect::<HashSet<_>>().len();
        self.ahead = Ahead { numbers: numbers(server, new).map_err(fault)?, known, new: Vec::new(), is_on: true };
        Ok(())
    }

    /// Keeps a new account for later; returns its number. `None` if there is one already, or if rows are written one by one.
    pub(super) fn keep_new(&mut self, account: &Account, hash: &[u8; 16]) -> Option<i64> {
        if self.ahead.known.contains_key(&account.id) {
            return None;
        }
        let id = self.ahead.numbers.pop()?;
        self.ahead.note(&account.id, Known { id, hash: hash.to_vec(), removed_run: None });
        self.ahead.new.push(New { id, hash: *hash, account: account.clone() });
        Some(id)
    }

    /// Writes the new accounts that were kept.
    pub(super) fn write_new(&mut self, connection: &Connection) -> Result<()> {
        let new = std::mem::take(&mut self.ahead.new);
        match connection.postgres() {
            Some(server) if !new.is_empty() => copy(server, self.source, self.run, &new).map_err(fault),
            _ => Ok(()),
        }
    }

    /// Lets a server count the rows of tables that grew: its own count comes too late for what the end of a run asks.
    pub(super) fn count_rows_of_tables(&self, connection: &Connection) -> Result<()> {
        let added = self.tallies.accounts.added + self.tallies.assignments.added;
        match connection.postgres() {
            Some(_) if added >= ROWS_TO_COUNT => {
                sql::batch(connection, "ANALYZE accounts, account_names, entitlements, assignments")
            }
            _ => Ok(()),
        }
    }

    /// Ends the page: its new accounts are written, and what was known of it is forgotten.
    pub(super) fn end_page(&mut self, connection: &Connection) -> Result<()> {
        self.write_new(connection)?;
        self.ahead = Ahead::default();
        Ok(())
    }
}

fn known(server: &Server, source: i64, ids: &[&str]) -> connector_sql::Result<HashMap<String, Known>> {
    // Without `OFFSET 0`, a table without statistics is searched by the source alone.
    let query = "SELECT a.account_id, a.id, a.hash, a.removed_run FROM unnest($2::text[]) AS wanted (id)
         CROSS JOIN LATERAL (SELECT account_id, id, hash, removed_run FROM accounts
             WHERE source = $1 AND account_id = wanted.id COLLATE \"C\" OFFSET 0) a";
    let rows = server.all(query, &[&source, &ids], |row| {
        Ok((row.get(0)?, Known { id: row.get(1)?, hash: row.get(2)?, removed_run: row.get(3)? }))
    })?;
    Ok(rows.into_iter().collect())
}

/// Numbers for new accounts, the largest first.
fn numbers(server: &Server, count: usize) -> connector_sql::Result<Vec<i64>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let query = "SELECT nextval(pg_get_serial_sequence('accounts', 'id')) FROM generate_series(1::BIGINT, $1::BIGINT)";
    let mut numbers = server.all(query, &[&count], |row| row.get(0))?;
    numbers.reverse();
    Ok(numbers)
}

fn copy(server: &Server, source: i64, run: i64, new: &[New]) -> connector_sql::Result<()> {
    let columns = [
        (Column::Integer, "id"),
        (Column::Integer, "source"),
        (Column::Text, "account_id"),
        (Column::Text, "name"),
        (Column::Text, "display_name"),
        (Column::Integer, "enabled"),
        (Column::Integer, "locked"),
        (Column::Json, "attributes"),
        (Column::Bytes, "hash"),
        (Column::Integer, "first_run"),
        (Column::Integer, "added_run"),
        (Column::Text, "kind"),
        (Column::Text, "owner"),
        (Column::Text, "alias"),
    ];
    let names: Vec<&str> = columns.iter().map(|(_, name)| *name).collect();
    let rows = new.iter().map(|New { id, hash, account }| {
        Ok(vec![
            ValueRef::Integer(*id),
            ValueRef::Integer(source),
            ValueRef::Text(account.id.as_bytes()),
            ValueRef::Text(account.name.as_bytes()),
            text(account.display_name.as_deref()),
            ValueRef::Integer(i64::from(account.enabled)),
            ValueRef::Integer(i64::from(account.locked)),
            ValueRef::Text(account.attributes.as_str().as_bytes()),
            ValueRef::Blob(hash),
            ValueRef::Integer(run),
            ValueRef::Integer(run),
            text(stored_kind(account.kind)),
            text(account.owner.as_deref()),
            text(account.alias.as_deref()),
        ])
    });
    server.copy(&format!("accounts ({})", names.join(", ")), &columns.map(|(column, _)| column), rows)
}

fn text(text: Option<&str>) -> ValueRef<'_> {
    text.map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes()))
}
