//! Accounts in the order of their ids.

use super::filter::Filter;
use super::reading::{Reading, account_from_row, key_of};
use crate::store::{Store, fault, sql};
use connector_core::{Account, Result};
use rusqlite::{Row, Rows, Statement};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Which accounts to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccountQuery<'a> {
    /// Only those for which this holds.
    pub filter: Option<&'a Filter>,
    /// Only those that hold this entitlement: `TYPE/ID` or `TYPE/NAME`.
    pub holding: Option<&'a str>,
    /// At most so many.
    pub limit: Option<u64>,
}

/// Streams the accounts of a source in the order of their ids, each with all its entitlements in the order of type and
/// id. An account serializes to a line of `connector accounts --output json`. Returns how many there were.
///
/// Fails with kind `not_found` when the source was never aggregated or the entitlement does not exist.
pub fn accounts(
    store: &Store,
    source: &str,
    query: &AccountQuery<'_>,
    mut each: impl FnMut(&Account) -> Result<()>,
) -> Result<u64> {
    let reading = Reading::of(store, source)?;
    let holding = query.holding.map(|written| reading.entitlement_row(written)).transpose()?;
    let named = reading.named()?;
    // Both tables in the order of account ids, side by side.
    let accounts = "SELECT account_id, name, display_name, enabled, locked, attributes
         FROM accounts INDEXED BY accounts_by_id WHERE source = ?1 AND removed_run IS NULL ORDER BY account_id";
    let mut statement = reading.connection.prepare(Assignments::QUERY).map_err(fault)?;
    let mut assignments = Assignments::of(&mut statement, reading.source).map_err(fault)?;
    let read = |row: &Row<'_>| {
        let account = account_from_row(row)?;
        let held = assignments.up_to(&account.id)?;
        Ok((account, held))
    };
    let mut count = 0;
    sql::until(&reading.connection, accounts, [reading.source], read, |(mut account, held)| {
        if query.limit.is_some_and(|limit| count >= limit) {
            return Ok(ControlFlow::Break(()));
        }
        if holding.is_some_and(|wanted| !held.contains(&wanted)) {
            return Ok(ControlFlow::Continue(()));
        }
        account.entitlements.extend(held.iter().map(|row| key_of(named.get(row))));
        account.entitlements.sort_unstable();
        if query.filter.is_none_or(|filter| filter.matches(&account)) {
            count += 1;
            each(&account)?;
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(count)
}

/// The assignments of a source in the order of account ids.
struct Assignments<'s> {
    rows: Rows<'s>,
    /// The account and the entitlement of the row that was read last; `None` after the last row.
    account: String,
    entitlement: Option<i64>,
}

impl<'s> Assignments<'s> {
    const QUERY: &'static str = "SELECT account, entitlement FROM assignments
         WHERE source = ?1 AND removed_run IS NULL ORDER BY account, entitlement";

    fn of(statement: &'s mut Statement<'_>, source: i64) -> rusqlite::Result<Self> {
        let mut first = Self { rows: statement.query([source])?, account: String::new(), entitlement: None };
        first.advance()?;
        Ok(first)
    }

    fn advance(&mut self) -> rusqlite::Result<()> {
        self.entitlement = match self.rows.next()? {
            Some(row) => {
                self.account.clear();
                self.account.push_str(row.get_ref(0)?.as_str()?);
                Some(row.get(1)?)
            }
            None => None,
        };
        Ok(())
    }

    /// The entitlements of an account, which comes after those that were asked for before.
    fn up_to(&mut self, account: &str) -> rusqlite::Result<Vec<i64>> {
        let mut held = Vec::new();
        while let Some(entitlement) = self.entitlement {
            match self.account.as_str().cmp(account) {
                Ordering::Greater => break,
                Ordering::Equal => held.push(entitlement),
                Ordering::Less => {}
            }
            self.advance()?;
        }
        held.dedup();
        Ok(held)
    }
}

/// The names of all attributes that accounts of the source have, sorted. Reads every account once.
pub fn attribute_names(store: &Store, source: &str) -> Result<Vec<String>> {
    let reading = Reading::of(store, source)?;
    names_in(&reading, "SELECT attributes FROM accounts WHERE source = ?1 AND +removed_run IS NULL")
}

/// The names of all attributes in the rows of a query with one column and the source as its parameter, sorted.
pub(super) fn names_in(reading: &Reading, query: &str) -> Result<Vec<String>> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    let read = |row: &Row<'_>| crate::store::attributes(row, 0);
    sql::each(&reading.connection, query, [reading.source], read, |attributes| {
        for (name, _) in attributes.entries() {
            if !names.contains(&*name) {
                names.insert(name.into_owned());
            }
        }
        Ok(())
    })?;
    Ok(names.into_iter().collect())
}
