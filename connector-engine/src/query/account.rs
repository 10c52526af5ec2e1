//! One account and its history.

use super::accounts::StoredAccount;
use super::difference::{AttributeChange, of_accounts, of_assignments};
use super::holding::{Breadth, HeldRow, Holdings};
use super::lifetime::{Lifetime, PastChange};
use super::reading::{Reading, SHORTEST_BEGINNING, account_from_row};
use connector_core::{Account, EntitlementRef, Error, ErrorKind, Result};
use connector_sql::params;
use connector_store::{AccountSnapshot, AssignmentSnapshot, Quiet, Step, Store, sql};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::HashMap;
use strum::IntoStaticStr;

/// One account and its history.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AccountDetail {
    /// The account as the last run saw it, with the entitlements that it holds.
    #[serde(flatten)]
    pub account: StoredAccount,
    /// Whether it was removed from the source.
    pub removed: bool,
    /// Its history, oldest event first.
    pub history: Vec<HistoryEntry>,
}

/// An event in the history of an account.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HistoryEntry {
    /// The run that noticed it.
    pub run: String,
    /// When that run started.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// Which values changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<AttributeChange>,
    /// Which entitlement was assigned or revoked, or is held in another way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entitlement: Option<EntitlementRef>,
}

/// The kinds of events in the history of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Event {
    /// It was added.
    Added,
    /// It was added again after it was removed.
    Restored,
    /// Its values changed, or those of an assignment.
    Changed,
    /// It was removed.
    Removed,
    /// An entitlement was assigned to it.
    Assigned,
    /// An entitlement was revoked from it.
    Unassigned,
}

impl Event {
    /// The name in machine output.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The account with this id or name. If no account is called exactly so, case does not count, an alias counts, and the beginning
/// of an id is enough. Removed accounts come last.
///
/// Fails with kind `not_found`, and with kind `conflict` if it can be any of several accounts.
pub fn account(store: &Store, source: &str, id_or_name: &str, breadth: Breadth) -> Result<AccountDetail> {
    let reading = Reading::of(store, source)?;
    let row = account_row(&reading, id_or_name)?;
    let (account, life) = sql::one(
        &reading.connection,
        "SELECT account_id, name, display_name, enabled, locked, attributes, kind, owner, alias,
                    first_run, added_run, changed_run, removed_run
             FROM accounts WHERE id = ?1",
        [row],
        |row| {
            let life =
                Lifetime { first: row.get(9)?, added: row.get(10)?, changed: row.get(11)?, removed: row.get(12)? };
            Ok((account_from_row(row)?, life))
        },
    )?;
    let known = Holdings::of(&reading, breadth)?;
    let held = assignments_of(&reading, &account.id)?;
    let mut history = History { reading: &reading, quiet: reading.quiet()?, entries: Vec::new() };
    history.add_account(&account, row, &life)?;
    for ways in held.chunk_by(|one, other| one.row.entitlement == other.row.entitlement) {
        history.add_entitlement(ways, &known.key(ways[0].row.entitlement))?;
    }
    let rows: Vec<_> = held.into_iter().filter(|held| held.life.removed.is_none()).map(|held| held.row).collect();
    let through = known.through(&rows);
    let mut account = StoredAccount::of(account, known.all(rows), through, breadth);
    let began = |run| connector_store::run_by_number(&reading.connection, run).map(|run| run.started_at);
    account.removed_at = life.removed.map(began).transpose()?;
    account.added_at = Some(began(life.added)?);
    account.changed_at = life.changed.map(began).transpose()?;
    Ok(AccountDetail { account, removed: life.removed.is_some(), history: history.told()? })
}

/// The queries that find an account, the strictest first: each takes the source and the text.
const WAYS: [&str; 5] = [
    "account_id = ?2",
    "+removed_run IS NULL AND id IN (SELECT account FROM account_names WHERE source = ?1 AND name = ?2)",
    "+removed_run IS NULL AND (name = ?2 COLLATE NOCASE OR account_id = ?2 COLLATE NOCASE OR alias = ?2)",
    "length(?2) >= ?3 AND substr(account_id, 1, length(?2)) = ?2",
    "(name = ?2 COLLATE NOCASE OR account_id = ?2 COLLATE NOCASE OR alias = ?2)",
];

fn account_row(reading: &Reading, id_or_name: &str) -> Result<i64> {
    for way in WAYS {
        let query =
            format!("SELECT id, account_id FROM accounts WHERE source = ?1 AND {way} ORDER BY account_id LIMIT 5");
        let (source, shortest) = (reading.source, SHORTEST_BEGINNING);
        let read = |row: &connector_sql::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let found: Vec<(i64, String)> = if way.contains("?3") {
            sql::all(&reading.connection, &query, params![source, id_or_name, shortest], read)?
        } else {
            sql::all(&reading.connection, &query, params![source, id_or_name], read)?
        };
        match &found[..] {
            [] => {}
            [(row, _)] => return Ok(*row),
            several => {
                let ids: Vec<_> = several.iter().map(|(_, id)| id.as_str()).collect();
                let message = format!("`{id_or_name}` can be any of several accounts");
                return Err(Error::new(ErrorKind::Conflict, message)
                    .with_help(format!("name one by its id: {}", ids.join(", "))));
            }
        }
    }
    Err(reading.no_account(id_or_name))
}

/// A current or former assignment of the account.
struct HeldEntitlement {
    id: i64,
    life: Lifetime,
    row: HeldRow,
}

fn assignments_of(reading: &Reading, account: &str) -> Result<Vec<HeldEntitlement>> {
    sql::all(
        &reading.connection,
        "SELECT id, first_run, added_run, changed_run, removed_run, entitlement, through, inline, state, valid_until, attributes
             FROM assignments WHERE source = ?1 AND account = ?2 ORDER BY entitlement",
        params![reading.source, account],
        |row| {
            let life = Lifetime { first: row.get(1)?, added: row.get(2)?, changed: row.get(3)?, removed: row.get(4)? };
            Ok(HeldEntitlement { id: row.get(0)?, life, row: HeldRow::from_row(row, 5)? })
        },
    )
}

/// The events, with the numbers of the runs.
struct History<'a> {
    reading: &'a Reading,
    quiet: Quiet,
    entries: Vec<(i64, Event, Vec<AttributeChange>, Option<EntitlementRef>)>,
}

impl History<'_> {
    fn add_account(&mut self, account: &Account, row: i64, life: &Lifetime) -> Result<()> {
        let past = self.reading.past(Step::Accounts, row, life)?;
        let now = AccountSnapshot::of(account);
        let after = |run| Lifetime::values_at(&past, run).map_or_else(|| Ok(now.clone()), AccountSnapshot::from_text);
        self.entries.push((life.first, Event::Added, Vec::new(), None));
        for PastChange { run, before, removed } in &past {
            let changes = match before {
                Some(before) => {
                    of_accounts(Some(&AccountSnapshot::from_text(before)?), Some(&after(*run)?), &self.quiet)
                }
                None => Vec::new(),
            };
            match removed {
                Some(removed) => {
                    self.entries.push((*removed, Event::Removed, Vec::new(), None));
                    self.entries.push((*run, Event::Restored, changes, None));
                }
                // What was recorded before its attribute became quiet.
                None if changes.is_empty() => {}
                None => self.entries.push((*run, Event::Changed, changes, None)),
            }
        }
        if let Some(removed) = life.removed {
            self.entries.push((removed, Event::Removed, Vec::new(), None));
        }
        Ok(())
    }

    /// An account that holds something by its own record and by an assignment loses it when both are gone.
    fn add_entitlement(&mut self, ways: &[HeldEntitlement], entitlement: &EntitlementRef) -> Result<()> {
        let mut lives = Vec::with_capacity(ways.len());
        for way in ways {
            let past = self.reading.past(Step::Assignments, way.id, &way.life)?;
            self.add_assignment(&way.row.values, &past, entitlement)?;
            lives.push((way.life, past, &way.row.values));
        }
        let mut turns: Vec<i64> = lives.iter().flat_map(|(life, past, _)| life.turns(past)).collect();
        turns.sort_unstable();
        let mut held = false;
        for run in turns {
            let mut alive = lives.iter().filter(|(life, past, _)| life.is_alive(past, run));
            let first = alive.next();
            let holds = first.is_some();
            if holds != held {
                let event = if holds { Event::Assigned } else { Event::Unassigned };
                let values = first.map(|(_, past, now)| assignment_at(past, run, now)).transpose()?;
                let changes = of_assignments(None, values.as_ref());
                self.entries.push((run, event, changes, Some(entitlement.clone())));
                held = holds;
            }
        }
        Ok(())
    }

    /// Other states and ends of one way in which the account holds an entitlement.
    fn add_assignment(
        &mut self,
        now: &AssignmentSnapshot,
        past: &[PastChange],
        entitlement: &EntitlementRef,
    ) -> Result<()> {
        for PastChange { run, before, .. } in past.iter().filter(|change| change.removed.is_none()) {
            let before = before.as_deref().map(AssignmentSnapshot::from_text).transpose()?;
            let changes = of_assignments(before.as_ref(), Some(&assignment_at(past, *run, now)?));
            self.entries.push((*run, Event::Changed, changes, Some(entitlement.clone())));
        }
        Ok(())
    }

    /// In the order of runs; in a run, the account comes before its entitlements.
    fn told(mut self) -> Result<Vec<HistoryEntry>> {
        self.entries.sort_by(|one, other| (one.0, &one.3).cmp(&(other.0, &other.3)));
        let mut runs: HashMap<i64, (String, Timestamp)> = HashMap::new();
        let mut told = Vec::with_capacity(self.entries.len());
        for (number, event, changes, entitlement) in self.entries {
            let (run, at) = if let Some(known) = runs.get(&number) {
                known.clone()
            } else {
                let stored = connector_store::run_by_number(&self.reading.connection, number)?;
                runs.entry(number).or_insert((stored.report.run, stored.started_at)).clone()
            };
            told.push(HistoryEntry { run, at, event, changes, entitlement });
        }
        Ok(told)
    }
}

/// The values of an assignment at the end of a run.
fn assignment_at(past: &[PastChange], run: i64, now: &AssignmentSnapshot) -> Result<AssignmentSnapshot> {
    Lifetime::values_at(past, run).map_or_else(|| Ok(now.clone()), AssignmentSnapshot::from_text)
}
