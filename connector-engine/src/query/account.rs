//! One account and its history.

use super::difference::{AttributeChange, of_accounts};
use super::lifetime::{Lifetime, PastChange};
use super::reading::{Reading, account_from_row, key_of};
use crate::store::{AccountSnapshot, Step, Store, sql};
use connector_core::{Account, EntitlementRef, Error, ErrorKind, Result};
use jiff::Timestamp;
use rusqlite::params;
use serde::Serialize;
use std::collections::HashMap;
use strum::IntoStaticStr;

/// One account and its history.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AccountDetail {
    /// The account as it was last seen.
    #[serde(flatten)]
    pub account: Account,
    /// Whether it is gone from the source.
    pub removed: bool,
    /// What happened to it, the oldest first.
    pub history: Vec<HistoryEntry>,
}

/// Something that happened to an account.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HistoryEntry {
    /// The run that found it out.
    pub run: String,
    /// When that run began.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// Which values changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<AttributeChange>,
    /// Which entitlement was assigned or taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entitlement: Option<EntitlementRef>,
}

/// The kinds of things that happen to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Event {
    /// It came.
    Added,
    /// It came again after it was gone.
    Restored,
    /// Its values changed.
    Changed,
    /// It is gone.
    Removed,
    /// It holds an entitlement from now on.
    Assigned,
    /// It no longer holds an entitlement.
    Unassigned,
}

impl Event {
    /// The name in machine output.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The account with that id or, when there is none, that name. Accounts that are gone are found by id.
///
/// Fails with kind `not_found`, and with kind `conflict` when several accounts have that name.
pub fn account(store: &Store, source: &str, id_or_name: &str) -> Result<AccountDetail> {
    let reading = Reading::of(store, source)?;
    let row = account_row(&reading, id_or_name)?;
    let (mut account, life) = sql::one(
        &reading.connection,
        "SELECT account_id, name, display_name, enabled, locked, attributes,
                    first_run, added_run, changed_run, removed_run
             FROM accounts WHERE id = ?1",
        [row],
        |row| {
            let life = Lifetime { first: row.get(6)?, added: row.get(7)?, changed: row.get(8)?, removed: row.get(9)? };
            Ok((account_from_row(row)?, life))
        },
    )?;
    let named = reading.named()?;
    let held = assignments_of(&reading, &account.id)?;
    let mut history = History { reading: &reading, entries: Vec::new() };
    history.add_account(&account, row, &life)?;
    for ways in held.chunk_by(|one, other| one.entitlement == other.entitlement) {
        history.add_entitlement(ways, &key_of(named.get(&ways[0].entitlement)))?;
    }
    account.entitlements = held
        .iter()
        .filter(|held| held.life.removed.is_none())
        .map(|held| key_of(named.get(&held.entitlement)))
        .collect();
    account.entitlements.sort_unstable();
    account.entitlements.dedup();
    Ok(AccountDetail { account, removed: life.removed.is_some(), history: history.told()? })
}

fn account_row(reading: &Reading, id_or_name: &str) -> Result<i64> {
    let by_id = sql::first(
        &reading.connection,
        "SELECT id FROM accounts WHERE source = ?1 AND account_id = ?2",
        params![reading.source, id_or_name],
        |row| row.get(0),
    )?;
    if let Some(row) = by_id {
        return Ok(row);
    }
    let by_name: Vec<(i64, String)> = sql::all(
        &reading.connection,
        "SELECT id, account_id FROM accounts INDEXED BY accounts_by_name
             WHERE source = ?1 AND name = ?2 AND removed_run IS NULL LIMIT 5",
        params![reading.source, id_or_name],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    match &by_name[..] {
        [(row, _)] => Ok(*row),
        [] => Err(reading.no_account(id_or_name)),
        several => {
            let ids: Vec<_> = several.iter().map(|(_, id)| id.as_str()).collect();
            Err(Error::new(ErrorKind::Conflict, format!("several accounts are called `{id_or_name}`"))
                .with_help(format!("name one by its id: {}", ids.join(", "))))
        }
    }
}

/// An assignment of the account, now or earlier.
struct HeldEntitlement {
    id: i64,
    entitlement: i64,
    life: Lifetime,
}

fn assignments_of(reading: &Reading, account: &str) -> Result<Vec<HeldEntitlement>> {
    sql::all(
        &reading.connection,
        "SELECT id, entitlement, first_run, added_run, removed_run FROM assignments
             WHERE source = ?1 AND account = ?2 ORDER BY entitlement",
        params![reading.source, account],
        |row| {
            let life = Lifetime { first: row.get(2)?, added: row.get(3)?, changed: None, removed: row.get(4)? };
            Ok(HeldEntitlement { id: row.get(0)?, entitlement: row.get(1)?, life })
        },
    )
}

/// What happened, with the numbers of the runs.
struct History<'a> {
    reading: &'a Reading,
    entries: Vec<(i64, Event, Vec<AttributeChange>, Option<EntitlementRef>)>,
}

impl History<'_> {
    fn add_account(&mut self, account: &Account, row: i64, life: &Lifetime) -> Result<()> {
        let past = self.reading.past(Step::Accounts, row, life)?;
        let now = AccountSnapshot {
            name: account.name.clone(),
            display_name: account.display_name.clone(),
            enabled: account.enabled,
            locked: account.locked,
            attributes: account.attributes.clone(),
        };
        let after = |run| Lifetime::values_at(&past, run).map_or_else(|| Ok(now.clone()), AccountSnapshot::from_text);
        self.entries.push((life.first, Event::Added, Vec::new(), None));
        for PastChange { run, before, removed } in &past {
            let changes = match before {
                Some(before) => of_accounts(Some(&AccountSnapshot::from_text(before)?), Some(&after(*run)?)),
                None => Vec::new(),
            };
            match removed {
                Some(removed) => {
                    self.entries.push((*removed, Event::Removed, Vec::new(), None));
                    self.entries.push((*run, Event::Restored, changes, None));
                }
                None => self.entries.push((*run, Event::Changed, changes, None)),
            }
        }
        if let Some(removed) = life.removed {
            self.entries.push((removed, Event::Removed, Vec::new(), None));
        }
        Ok(())
    }

    /// What an account holds by its own record and by an assignment is lost when both are gone.
    fn add_entitlement(&mut self, ways: &[HeldEntitlement], entitlement: &EntitlementRef) -> Result<()> {
        let mut lives = Vec::with_capacity(ways.len());
        for way in ways {
            lives.push((way.life, self.reading.past(Step::Assignments, way.id, &way.life)?));
        }
        let mut turns: Vec<i64> = lives.iter().flat_map(|(life, past)| life.turns(past)).collect();
        turns.sort_unstable();
        let mut held = false;
        for run in turns {
            let holds = lives.iter().any(|(life, past)| life.is_alive(past, run));
            if holds != held {
                let event = if holds { Event::Assigned } else { Event::Unassigned };
                self.entries.push((run, event, Vec::new(), Some(entitlement.clone())));
                held = holds;
            }
        }
        Ok(())
    }

    /// In the order of runs; within a run the account comes before its entitlements.
    fn told(mut self) -> Result<Vec<HistoryEntry>> {
        self.entries.sort_by(|one, other| (one.0, &one.3).cmp(&(other.0, &other.3)));
        let mut runs: HashMap<i64, (String, Timestamp)> = HashMap::new();
        let mut told = Vec::with_capacity(self.entries.len());
        for (number, event, changes, entitlement) in self.entries {
            let (run, at) = if let Some(known) = runs.get(&number) {
                known.clone()
            } else {
                let stored = crate::store::run_by_number(&self.reading.connection, number)?;
                runs.entry(number).or_insert((stored.report.run, stored.started_at)).clone()
            };
            told.push(HistoryEntry { run, at, event, changes, entitlement });
        }
        Ok(told)
    }
}
