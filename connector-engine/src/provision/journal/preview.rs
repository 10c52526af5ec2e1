//! Reads and writes of a preview.

use super::created::{Made, values_of};
use super::handle::OpenPlan;
use super::load::{TURNS, lead_by_name};
use super::row::{Standing, StepRow, failure_columns, json, named, steps, to_json, unreadable};
use crate::provision::provisioning::{Changed, Shown};
use connector_core::{Error, Operation, Result, Seat, SecretRef};
use connector_project::effect::ValueChange;
use connector_sql::{Connection, Dialect, Params, Row, params};
use connector_store::{AccountSnapshot, fault, sql};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// An operation as the plan has it.
#[derive(Clone, Debug)]
pub(crate) struct AskedRow {
    pub(crate) number: u64,
    pub(crate) lead: i64,
    pub(crate) operation: Operation<SecretRef>,
    /// The values that name accounts which operations of the plan create, and those operations.
    pub(crate) made: BTreeMap<String, Made>,
}

/// An operation that takes or frees seats.
#[derive(Debug)]
pub(crate) struct SeatsRow {
    pub(crate) number: u64,
    pub(crate) lead: i64,
    pub(crate) is_create: bool,
    /// The plan creates the account.
    pub(crate) is_to_be_made: bool,
    pub(crate) seats: Vec<Seat>,
}

/// The preview of an operation.
#[derive(Debug)]
pub(crate) struct Foreseen {
    pub(crate) number: u64,
    pub(crate) account_id: Option<String>,
    pub(crate) standing: Standing,
    pub(crate) detail: Option<String>,
    pub(crate) error: Option<Error>,
    /// Whether the account to create already exists and is disabled.
    pub(crate) is_disabled: bool,
    pub(crate) steps: Vec<ForeseenStep>,
    pub(crate) seats: Vec<Seat>,
    /// A hash of the shown changes.
    pub(crate) hash: String,
}

/// One step of an operation.
#[derive(Debug)]
pub(crate) struct ForeseenStep {
    pub(crate) operation: Operation<SecretRef>,
    pub(crate) changes: Vec<ValueChange>,
    /// When the password was last changed before this step.
    pub(crate) password_time: Option<Value>,
    /// Its turn among the steps of its account; `None` for its place in the plan.
    pub(crate) turn: Option<i64>,
}

/// The turn of a step.
fn turn_of(number: u64, part: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX / TURNS) * TURNS + i64::try_from(part).unwrap_or(TURNS - 1).min(TURNS - 1)
}

impl ForeseenStep {
    /// The turn of a step by its place in the plan.
    pub(crate) fn turn_in_plan(number: u64, part: usize) -> i64 {
        turn_of(number, part)
    }
}

impl OpenPlan {
    /// How many operations the plan has.
    pub(crate) fn count(&self) -> Result<u64> {
        self.connection
            .query_row("SELECT count(*) FROM operations WHERE plan = ?1 AND part = 0", [self.plan], |row| row.get(0))
            .map_err(fault)
    }

    /// Calls `each` with every operation, in the plan's order.
    pub(crate) fn each_asked(&self, mut each: impl FnMut(Operation<SecretRef>)) -> Result<()> {
        let mut statement = self
            .connection
            .prepare("SELECT asked FROM operations WHERE plan = ?1 AND part = 0 ORDER BY number")
            .map_err(fault)?;
        let mut rows = statement.query([self.plan]).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            each(json(&row, 0).map_err(unreadable)?);
        }
        Ok(())
    }

    /// The last of the next `most` accounts after the account `after`; accounts are named by their first operation.
    pub(crate) fn next_accounts(&self, after: i64, most: usize) -> Result<Option<i64>> {
        self.connection
            .prepare_cached(
                "SELECT max(lead) FROM (SELECT DISTINCT lead FROM operations WHERE plan = ?1 AND lead > ?2
                     ORDER BY lead LIMIT ?3) next",
            )
            .and_then(|mut statement| statement.query_row(params![self.plan, after, most], |row| row.get(0)))
            .map_err(fault)
    }

    /// The operations on the accounts after `after` up to `last`, account by account in the plan's order. The attributes in
    /// `plain` name no account.
    pub(crate) fn asked_of(&self, after: i64, last: i64, plain: &HashSet<String>) -> Result<Vec<AskedRow>> {
        let mut rows: Vec<AskedRow> = self
            .connection
            .prepare_cached(
                "SELECT number, lead, asked FROM operations
                 WHERE plan = ?1 AND lead > ?2 AND lead <= ?3 AND part = 0 ORDER BY lead, number",
            )
            .and_then(|mut statement| {
                let rows = statement.query_map(params![self.plan, after, last], |row| {
                    let made = BTreeMap::new();
                    Ok(AskedRow { number: row.get(0)?, lead: row.get(1)?, operation: json(row, 2)?, made })
                })?;
                rows.collect()
            })
            .map_err(unreadable)?;
        for row in &mut rows {
            for (name, value) in values_of(&row.operation.change).into_iter().flatten() {
                let Some(text) = value.as_str().map(str::trim) else { continue };
                if !text.is_empty()
                    && !plain.contains(&name.to_lowercase())
                    && let Some(made) = self.creator_of(text)?
                {
                    row.made.insert(text.to_owned(), made);
                }
            }
        }
        Ok(rows)
    }

    /// The remaining steps of the accounts after `after` up to `last`, account by account in their order.
    pub(crate) fn left_of(&self, after: i64, last: i64) -> Result<Vec<StepRow>> {
        let condition =
            "o.plan = ?1 AND o.lead > ?2 AND o.lead <= ?3 AND o.outcome = 'planned' ORDER BY o.lead, o.turn";
        steps(&self.connection, condition, params![self.plan, after, last])
    }

    /// Records the previews of operations, and what the user saw if that was different.
    pub(crate) fn foresee(&mut self, foreseen: &[Foreseen]) -> Result<()> {
        let transaction = self.connection.transaction().map_err(fault)?;
        for one in foreseen {
            remember(&transaction, "o.number = ?2 AND o.foreseen <> ?3", params![self.plan, one.number, one.hash])?;
            write(&transaction, self.plan, one)?;
        }
        transaction.commit().map_err(fault)
    }

    /// Since when an account has been disabled, as far as the runs show it.
    pub(crate) fn disabled_since(&self, account: &str) -> Result<Option<String>> {
        let of_account = "SELECT id, first_run FROM accounts
                 WHERE source = ?1 AND account_id = ?2 AND enabled = 0 AND removed_run IS NULL";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let parameters = params![self.source, account];
        let Some((row, first_run)): Option<(i64, i64)> = sql::first(&self.connection, of_account, parameters, read)?
        else {
            return Ok(None);
        };
        let earlier = "SELECT run, before FROM changes
                 WHERE source = ?1 AND kind = 'accounts' AND row = ?2 AND before IS NOT NULL ORDER BY run DESC";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let earlier: Vec<(i64, String)> = sql::all(&self.connection, earlier, params![self.source, row], read)?;
        let mut changed = None;
        for (run, before) in earlier {
            if AccountSnapshot::from_text(&before)?.enabled {
                changed = Some(run);
                break;
            }
        }
        let started = "SELECT started_at FROM runs WHERE number = ?1";
        let at: Option<String> =
            sql::first(&self.connection, started, [changed.unwrap_or(first_run)], |row| row.get(0))?;
        let found = at.map(|at| (at, changed.is_none()));
        Ok(found.map(|(at, was_first)| {
            let day = at.get(..10).unwrap_or(&at);
            if was_first {
                format!("it was already disabled on {day}")
            } else {
                format!("it was found disabled on {day}")
            }
        }))
    }

    /// The operations that would do something other than the user saw.
    pub(crate) fn otherwise(&self) -> Result<Vec<Changed>> {
        let changes = changes_in(self.connection.dialect());
        self.connection
            .prepare(&format!(
                "SELECT o.number, o.shown_changes, {changes}, coalesce(o.shown_outcome, 'planned'), o.shown_reason,
                     o.outcome, {REASON} FROM operations o
                 WHERE o.plan = ?1 AND o.part = 0 AND o.shown <> o.foreseen ORDER BY o.number"
            ))
            .and_then(|mut statement| {
                let shown = |row: &Row<'_>, changes, outcome| -> connector_sql::Result<Shown> {
                    let changes = json::<Vec<Vec<ValueChange>>>(row, changes)?.concat();
                    Ok(Shown { changes, outcome: named(row, outcome)?, reason: row.get(outcome + 1)? })
                };
                let rows = statement.query_map([self.plan], |row| {
                    Ok(Changed { operation: row.get(0)?, before: shown(row, 1, 3)?, now: shown(row, 2, 5)? })
                })?;
                rows.collect()
            })
            .map_err(unreadable)
    }

    /// Operations that name an account the same way concern the same account; whether two names stand for one account
    /// is up to the source, and may have changed since an earlier preview.
    pub(crate) fn part_accounts(&mut self) -> Result<()> {
        lead_by_name(&self.connection, self.plan)
    }

    /// Merges operations that name one account in two ways. Returns the lead of each.
    pub(crate) fn merge_accounts(&mut self) -> Result<BTreeSet<i64>> {
        self.connection
            .prepare(
                "WITH merged AS (SELECT DISTINCT lead AS earlier, min(lead) OVER (PARTITION BY account_id) AS lead
                     FROM operations WHERE plan = ?1 AND account_id IS NOT NULL)
                 UPDATE operations SET lead = merged.lead FROM merged
                 WHERE plan = ?1 AND operations.lead = merged.earlier AND merged.lead <> merged.earlier
                 RETURNING operations.lead",
            )
            .and_then(|mut statement| statement.query_map([self.plan], |row| row.get(0))?.collect())
            .map_err(fault)
    }

    /// Calls `each` with every operation that takes or frees seats, in the plan's order.
    pub(crate) fn each_seats(&self, mut each: impl FnMut(&SeatsRow) -> Result<()>) -> Result<()> {
        let mut statement = self
            .connection
            .prepare(
                "SELECT number, seats, lead, kind = 'create', account_id IS NULL FROM operations
                 WHERE plan = ?1 AND part = 0 AND seats IS NOT NULL AND outcome = 'planned' ORDER BY turn >> 46, number",
            )
            .map_err(fault)?;
        let mut rows = statement.query([self.plan]).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            each(&seats_row(&row).map_err(unreadable)?)?;
        }
        Ok(())
    }

    /// Makes an operation wait until all operations up to another one are finished.
    pub(crate) fn wait_for(&mut self, number: u64, other: u64) -> Result<()> {
        let greater = self.connection.dialect().pick("max", "greatest");
        self.connection
            .prepare_cached(&format!(
                "UPDATE operations SET waits_for = {greater}(coalesce(waits_for, -1),
                     (SELECT max(turn) FROM operations WHERE plan = ?1 AND number = ?3))
                 WHERE plan = ?1 AND number = ?2"
            ))
            .and_then(|mut statement| statement.execute(params![self.plan, number, other]))
            .map_err(fault)?;
        Ok(())
    }

    /// Fails an operation before it is sent: with a create, also the later operations on its account, and every later request for
    /// the same.
    pub(crate) fn refuse(&mut self, number: u64, error: &Error, followers: &Error) -> Result<()> {
        let refuse = |condition: &str, error: &Error| {
            let (kind, message, help) = failure_columns(Some(error));
            remember(&self.connection, condition, params![self.plan, number])?;
            self.connection
                .prepare_cached(&format!(
                    "UPDATE operations AS o SET outcome = 'failed', detail = NULL, step = NULL, changes = NULL, error_kind = ?3,
                         error_message = ?4, error_help = ?5, foreseen = foreseen || ' ' || ?4
                     WHERE plan = ?1 AND {condition}"
                ))
                .and_then(|mut statement| statement.execute(params![self.plan, number, kind, message, help]))
                .map_err(fault)
        };
        refuse(
            // The plus keeps the index of accounts in use.
            "+o.number > ?2 AND o.outcome IN ('planned', 'unchanged') AND o.account_id IS NULL AND o.lead =
                 (SELECT lead FROM operations WHERE plan = ?1 AND number = ?2 AND part = 0 AND kind = 'create')",
            followers,
        )?;
        // A second request for the same was previewed as unchanged.
        refuse(
            "+o.number > ?2 AND o.outcome = 'unchanged' AND (o.lead, o.kind, o.asked) =
                 (SELECT lead, kind, asked FROM operations WHERE plan = ?1 AND number = ?2 AND part = 0)",
            error,
        )?;
        refuse("o.number = ?2", error)?;
        Ok(())
    }

    /// Records what steps change now.
    pub(crate) fn rechecked(&mut self, rows: &[(i64, Vec<ValueChange>)]) -> Result<()> {
        for (row, changes) in rows {
            self.connection
                .prepare_cached("UPDATE operations SET changes = ?2 WHERE id = ?1")
                .and_then(|mut statement| statement.execute(params![row, to_json(changes)]))
                .map_err(fault)?;
        }
        Ok(())
    }

    /// Records when passwords were last changed before their steps.
    pub(crate) fn passwords_changed_at(&mut self, times: &[(i64, Option<Value>)]) -> Result<()> {
        for (row, time) in times {
            self.connection
                .prepare_cached("UPDATE operations SET password_time = ?2 WHERE id = ?1")
                .and_then(|mut statement| statement.execute(params![row, time.as_ref().map(to_json)]))
                .map_err(fault)?;
        }
        Ok(())
    }

    /// Calls `each` with the digest of the preview of every operation, in the plan's order.
    pub(crate) fn each_foreseen(&self, mut each: impl FnMut(&str)) -> Result<()> {
        let mut statement = self
            .connection
            .prepare(
                "SELECT coalesce(foreseen, '') || outcome FROM operations WHERE plan = ?1 AND part = 0 ORDER BY number",
            )
            .map_err(fault)?;
        let mut rows = statement.query([self.plan]).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            each(row.get_ref(0).and_then(|text| Ok(text.as_str()?)).map_err(fault)?);
        }
        Ok(())
    }
}

/// The changes of all steps of the operation `o`, as a JSON list of lists.
fn changes_in(dialect: Dialect) -> String {
    let list = dialect.pick(
        "json_group_array(json(s.changes) ORDER BY s.part)",
        "coalesce(json_agg(s.changes::json ORDER BY s.part)::text, '[]')",
    );
    format!(
        "(SELECT {list} FROM operations s
          WHERE s.plan = o.plan AND s.number = o.number AND s.changes IS NOT NULL)"
    )
}

/// Why the operation `o` is unchanged or failed.
const REASON: &str = "coalesce(o.error_message, o.detail)";

/// Keeps what the user saw of the operations `o` that match a condition, before their preview changes.
fn remember(connection: &Connection, condition: &str, parameters: impl Params) -> Result<()> {
    let changes = changes_in(connection.dialect());
    connection
        .prepare_cached(&format!(
            "UPDATE operations AS o SET shown = foreseen, shown_changes = {changes}, shown_outcome = outcome,
                 shown_reason = {REASON}
             WHERE o.plan = ?1 AND o.part = 0 AND o.foreseen IS NOT NULL AND o.shown IS NULL AND {condition}"
        ))
        .and_then(|mut statement| statement.execute(parameters))
        .map_err(fault)?;
    Ok(())
}

fn seats_row(row: &Row<'_>) -> connector_sql::Result<SeatsRow> {
    Ok(SeatsRow {
        number: row.get(0)?,
        seats: json(row, 1)?,
        lead: row.get(2)?,
        is_create: row.get(3)?,
        is_to_be_made: row.get(4)?,
    })
}

fn write(connection: &Connection, plan: i64, one: &Foreseen) -> Result<()> {
    let (kind, message, help) = failure_columns(one.error.as_ref());
    let first = one.steps.first();
    connection
        .prepare_cached("DELETE FROM operations WHERE plan = ?1 AND number = ?2 AND part > 0")
        .and_then(|mut statement| statement.execute(params![plan, one.number]))
        .map_err(fault)?;
    connection
        .prepare_cached(
            "UPDATE operations SET account_id = ?3, turn = ?4, step = ?5, changes = ?6, seats = ?7, password_time = ?8,
                 waits_for = NULL, foreseen = ?9, outcome = ?10, detail = ?11, error_kind = ?12, error_message = ?13,
                 error_help = ?14, queued = ?15
             WHERE plan = ?1 AND number = ?2 AND part = 0",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                plan,
                one.number,
                one.account_id,
                first.and_then(|step| step.turn).unwrap_or_else(|| turn_of(one.number, 0)),
                first.map(|step| to_json(&step.operation)),
                first.map(|step| to_json(&step.changes)),
                (!one.seats.is_empty()).then(|| to_json(&one.seats)),
                first.and_then(|step| step.password_time.as_ref()).map(to_json),
                one.hash,
                one.standing.name(),
                one.detail,
                kind,
                message,
                help,
                // Pending before anything is sent: an earlier plan sent it.
                one.standing == Standing::Pending,
            ])
        })
        .map_err(fault)?;
    for (part, step) in one.steps.iter().enumerate().skip(1) {
        connection
            .prepare_cached(
                "INSERT INTO operations (plan, number, part, turn, lead, kind, account, account_key, account_id, step,
                     changes, password_time, outcome)
                 SELECT plan, number, ?3, ?4, lead, kind, account, account_key, account_id, ?5, ?6, ?7, 'planned'
                 FROM operations WHERE plan = ?1 AND number = ?2 AND part = 0",
            )
            .and_then(|mut statement| {
                let turn = step.turn.unwrap_or_else(|| turn_of(one.number, part));
                let (operation, changes) = (to_json(&step.operation), to_json(&step.changes));
                let password_time = step.password_time.as_ref().map(to_json);
                statement.execute(params![plan, one.number, part, turn, operation, changes, password_time])
            })
            .map_err(fault)?;
    }
    Ok(())
}
