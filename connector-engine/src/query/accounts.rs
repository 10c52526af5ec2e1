//! Accounts in the order of their ids.

use super::holding::{Breadth, HeldRow, Holding, Holdings, WithoutEffect};
use super::reading::{Reading, account_from_row};
use connector_core::{Account, AccountKind, Attributes, Result};
use connector_filter::Filter;
use connector_sql::{Connection, Row, Rows, Statement, params};
use connector_store::{Store, fault, moment, sql};
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::ops::{ControlFlow, Deref};

/// Which accounts to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccountQuery<'a> {
    /// Only those that match this condition.
    pub filter: Option<&'a Filter>,
    /// Only those that hold this entitlement, if the holding is listed: `TYPE/ID` or `TYPE/NAME`.
    pub holding: Option<&'a str>,
    /// Which holdings to list.
    pub breadth: Breadth,
    /// Only those that were removed from the source, instead of those that are there.
    pub removed: bool,
    /// Only those whose ids come after this one: the next page of a list begins behind the last id of the page before.
    pub after: Option<&'a str>,
    /// The maximum number.
    pub limit: Option<u64>,
}

/// An account in the store with its holdings. Serializes to a line of `connector accounts --output json`.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredAccount {
    /// The account. Its entitlements are those of `holdings`, each once.
    pub account: Account,
    /// What it holds, in the order of type and id.
    pub holdings: Vec<Holding>,
    /// Holdings that are left out because they have no effect.
    pub without_effect: WithoutEffect,
    /// When the run began that found it gone, if it was removed from the source.
    pub removed_at: Option<Timestamp>,
    /// When the run began that found it.
    pub added_at: Option<Timestamp>,
    /// When the run began that found its last change, if that was not the run that found it.
    pub changed_at: Option<Timestamp>,
}

impl Deref for StoredAccount {
    type Target = Account;

    fn deref(&self) -> &Account {
        &self.account
    }
}

impl Serialize for StoredAccount {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Line<'a> {
            id: &'a str,
            name: &'a str,
            display_name: Option<&'a str>,
            enabled: bool,
            locked: bool,
            #[serde(skip_serializing_if = "AccountKind::is_unspecified")]
            kind: AccountKind,
            #[serde(skip_serializing_if = "Option::is_none")]
            owner: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            alias: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            removed_at: Option<Timestamp>,
            attributes: &'a Attributes,
            entitlements: &'a [Holding],
        }
        let Account { id, name, display_name, enabled, locked, kind, owner, alias, attributes, .. } = &self.account;
        Line {
            id,
            name,
            display_name: display_name.as_deref(),
            enabled: *enabled,
            locked: *locked,
            kind: *kind,
            owner: owner.as_deref(),
            alias: alias.as_deref(),
            removed_at: self.removed_at,
            attributes,
            entitlements: &self.holdings,
        }
        .serialize(serializer)
    }
}

impl StoredAccount {
    /// An account with all of its `holdings`, and the effective ones through them.
    pub(super) fn of(mut account: Account, all: Vec<Holding>, through: Vec<Holding>, breadth: Breadth) -> Self {
        let mut holdings = all;
        let mut without_effect = WithoutEffect::default();
        holdings.retain(|holding| {
            let in_breadth = breadth.effective || holding.is_direct();
            if in_breadth && !breadth.all_states {
                without_effect.count(holding.state);
            }
            in_breadth && (breadth.all_states || holding.state.is_active())
        });
        holdings.extend(through);
        holdings.sort_by(|one, other| one.entitlement.cmp(&other.entitlement));
        account.entitlements = holdings.iter().map(|holding| holding.entitlement.clone()).collect();
        account.entitlements.dedup();
        Self { account, holdings, without_effect, removed_at: None, added_at: None, changed_at: None }
    }
}

/// Streams the accounts of a source in the order of their ids, each with what it holds. Returns how many there were.
///
/// Fails with kind `not_found` if the source was never aggregated or the entitlement does not exist.
pub fn accounts(
    store: &Store,
    source: &str,
    query: &AccountQuery<'_>,
    mut each: impl FnMut(&StoredAccount) -> Result<()>,
) -> Result<u64> {
    let reading = Reading::of(store, source)?;
    let known = Holdings::of(&reading, query.breadth)?;
    let holding = query.holding.map(|written| reading.entitlement_row(written)).transpose()?;
    let holding = holding.map(|row| known.key(row));
    // Both tables in the order of account ids, side by side.
    let life = if query.removed { "IS NOT NULL" } else { "IS NULL" };
    let accounts = format!(
        "SELECT account_id, name, display_name, enabled, locked, attributes, kind, owner, alias,
             (SELECT started_at FROM runs WHERE number = removed_run), added_run, changed_run
         FROM accounts INDEXED BY accounts_by_id WHERE source = ?1 AND account_id > ?2 AND removed_run {life} ORDER BY account_id"
    );
    let after = query.after.unwrap_or_default();
    let mut statement = reading.connection.prepare(Assignments::QUERY).map_err(fault)?;
    let mut assignments = Assignments::of(&mut statement, reading.source, after).map_err(fault)?;
    let mut begins = Begins { connection: &reading.connection, known: HashMap::new() };
    let read = |row: &Row<'_>| {
        let account = account_from_row(row)?;
        let held = assignments.up_to(&account.id)?;
        Ok((account, held, moment(row, 9)?, row.get::<_, i64>(10)?, row.get::<_, Option<i64>>(11)?))
    };
    let mut count = 0;
    sql::until(
        &reading.connection,
        &accounts,
        params![reading.source, after],
        read,
        |(account, rows, removed_at, added, changed)| {
            if query.limit.is_some_and(|limit| count >= limit) {
                return Ok(ControlFlow::Break(()));
            }
            let through = known.through(&rows);
            let all = known.all(rows);
            let states = || all.iter().map(|holding| holding.state.name()).collect::<Vec<_>>();
            if query.filter.is_some_and(|filter| !filter.matches(&account, &states())) {
                return Ok(ControlFlow::Continue(()));
            }
            let (added_at, changed_at) = (begins.of(added)?, changed.map(|run| begins.of(run)).transpose()?.flatten());
            let account = StoredAccount::of(account, all, through, query.breadth);
            let account = StoredAccount { removed_at, added_at, changed_at, ..account };
            if holding.as_ref().is_none_or(|wanted| account.entitlements.contains(wanted)) {
                count += 1;
                each(&account)?;
            }
            Ok(ControlFlow::Continue(()))
        },
    )?;
    Ok(count)
}

/// When runs began. Most accounts came in a few of them.
struct Begins<'a> {
    connection: &'a Connection,
    known: HashMap<i64, Option<Timestamp>>,
}

impl Begins<'_> {
    fn of(&mut self, run: i64) -> Result<Option<Timestamp>> {
        if let Some(known) = self.known.get(&run) {
            return Ok(*known);
        }
        let query = "SELECT started_at FROM runs WHERE number = ?1";
        let found = sql::first(self.connection, query, [run], |row| moment(row, 0))?.flatten();
        self.known.insert(run, found);
        Ok(found)
    }
}

/// The assignments of a source in the order of account ids.
pub(super) struct Assignments<'s> {
    rows: Rows<'s>,
    /// The account and the row that was read last; `None` after the last row.
    account: String,
    row: Option<HeldRow>,
}

impl<'s> Assignments<'s> {
    pub(super) const QUERY: &'static str =
        "SELECT account, entitlement, through, inline, state, valid_until, attributes
         FROM assignments WHERE source = ?1 AND account > ?2 AND removed_run IS NULL ORDER BY account, entitlement";

    pub(super) fn of(statement: &'s mut Statement<'_>, source: i64, after: &str) -> connector_sql::Result<Self> {
        let mut first = Self { rows: statement.query(params![source, after])?, account: String::new(), row: None };
        first.advance()?;
        Ok(first)
    }

    fn advance(&mut self) -> connector_sql::Result<()> {
        self.row = match self.rows.next()? {
            Some(row) => {
                self.account.clear();
                self.account.push_str(row.get_ref(0)?.as_str()?);
                Some(HeldRow::from_row(&row, 1)?)
            }
            None => None,
        };
        Ok(())
    }

    /// The assignments of an account. Accounts must be requested in order.
    pub(super) fn up_to(&mut self, account: &str) -> connector_sql::Result<Vec<HeldRow>> {
        let mut held = Vec::new();
        while self.row.is_some() {
            match self.account.as_str().cmp(account) {
                Ordering::Greater => break,
                Ordering::Equal => held.extend(self.row.take()),
                Ordering::Less => {}
            }
            self.advance()?;
        }
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
    let read = |row: &Row<'_>| connector_store::attributes(row, 0);
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
