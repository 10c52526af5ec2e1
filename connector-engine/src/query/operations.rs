//! The journal of provisioning, operation by operation.

use crate::provision::{Standing, ValueChange, named, optional_json, stored_failure, time};
use connector_core::{Error, ErrorKind, OperationKind, Result};
use connector_sql::types::ValueRef;
use connector_sql::{Connection, Params, Row, params};
use connector_store::{RunError, Store, sql};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::ops::ControlFlow;

/// The state of one operation of a plan. Serializes to the machine output of `connector provision`.
#[derive(Clone, Debug, Serialize)]
pub struct OperationReport {
    /// Its position in the plan, from 0.
    pub operation: u64,
    /// `create`, `update`, `grant`, …
    pub kind: String,
    /// The account's id if it is known, otherwise the name in the plan.
    pub account: String,
    /// The outcome so far.
    pub outcome: Standing,
    /// What it changes, value by value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ValueChange>,
    /// Each step of an operation that deprovisions an account, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepReport>,
    /// The reason, for the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Why it failed, or why its result is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<RunError>,
    /// The account as the plan names it.
    #[serde(skip)]
    pub name: String,
    /// Whether it was started; an operation that the preview refused was not.
    #[serde(skip)]
    pub tried: bool,
}

/// One step of an operation that takes several, with an outcome of its own.
#[derive(Clone, Debug, Serialize)]
pub struct StepReport {
    /// `lock`, `disable`, `revoke`, …
    pub kind: String,
    /// The outcome so far.
    pub outcome: Standing,
    /// What it changes, value by value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ValueChange>,
    /// The reason, for the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Why it failed, or why its result is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<RunError>,
}

/// An operation in the journal: what was requested, when, and the outcome. Serializes to the machine output of
/// `connector operations`.
#[derive(Debug, Serialize)]
pub struct JournalEntry {
    /// The id of its plan.
    pub plan: String,
    /// The file of its plan, as the user named it.
    pub file: String,
    /// The outcome so far.
    #[serde(flatten)]
    pub report: OperationReport,
    /// The operation as the plan has it.
    pub asked: Box<RawValue>,
    /// How many times it was sent.
    pub tries: u32,
    /// When it was last sent.
    pub asked_at: Option<Timestamp>,
    /// When its response was received.
    pub answered_at: Option<Timestamp>,
}

/// Which operations of a source.
#[derive(Clone, Copy, Debug, Default)]
pub struct OperationQuery<'a> {
    /// Only those of the plan with this id, or with an id that begins with it if only one does.
    pub plan: Option<&'a str>,
    /// Only those with this outcome.
    pub outcome: Option<Standing>,
    /// The maximum number.
    pub limit: Option<u64>,
}

/// How many operations of a plan have which outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OutcomeTally {
    /// Applied.
    pub applied: u64,
    /// Already in the requested state.
    pub unchanged: u64,
    /// Refused.
    pub failed: u64,
    /// Not sent, because the user ended the plan.
    #[serde(skip_serializing_if = "is_none")]
    pub abandoned: u64,
    /// Sent; the result is unknown.
    pub pending: u64,
    /// Not sent yet.
    #[serde(skip_serializing_if = "is_none")]
    pub planned: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Calls `each` with every operation of a plan, in the plan's order. Fails with kind `not_found`.
pub fn plan_operations(
    store: &Store,
    plan: &str,
    mut each: impl FnMut(OperationReport) -> Result<()>,
) -> Result<OutcomeTally> {
    let connection = store.reader()?;
    let number: i64 = plan_number(&connection, plan)?;
    let mut tally = OutcomeTally::default();
    entries(&connection, "p.number = ?1 ORDER BY o.number, o.part", [number], |entry| {
        *tally.of(entry.report.outcome) += 1;
        each(entry.report)?;
        Ok(true)
    })?;
    Ok(tally)
}

/// Calls `each` with the operations in the journal of a source: the newest plan first, each in its own order. Operations of
/// plans that were only previewed are left out. Fails with kind `not_found` if the plan does not exist.
pub fn operations(
    store: &Store,
    source: &str,
    query: &OperationQuery<'_>,
    mut each: impl FnMut(JournalEntry) -> Result<()>,
) -> Result<()> {
    let connection = store.reader()?;
    let plan = query.plan.map(|id| plan_number(&connection, id)).transpose()?;
    let mut left = query.limit.unwrap_or(u64::MAX);
    let condition =
        "s.name = ?1 AND p.status IN ('applying', 'ended') AND (CAST(?2 AS BIGINT) IS NULL OR p.number = ?2)
         ORDER BY p.number DESC, o.number, o.part";
    entries(&connection, condition, params![source, plan], |entry| {
        if left > 0 && query.outcome.is_none_or(|outcome| outcome == entry.report.outcome) {
            left -= 1;
            each(entry)?;
        }
        Ok(left > 0)
    })
}

impl OutcomeTally {
    /// Counts the operations of a plan. An operation has the outcome of its weakest step.
    pub(super) fn of_plan(connection: &Connection, plan: i64) -> Result<Self> {
        let mut tally = Self::default();
        let query = "SELECT outcome, number FROM operations WHERE plan = ?1 ORDER BY number";
        let mut last: Option<(i64, Standing)> = None;
        sql::each(
            connection,
            query,
            [plan],
            |row| Ok((row.get::<_, i64>(1)?, named(row, 0)?)),
            |(number, outcome)| {
                last = Some(match last.take() {
                    Some((same, before)) if same == number => {
                        (number, if weight(outcome) > weight(before) { outcome } else { before })
                    }
                    Some((_, before)) => {
                        *tally.of(before) += 1;
                        (number, outcome)
                    }
                    None => (number, outcome),
                });
                Ok(())
            },
        )?;
        if let Some((_, outcome)) = last {
            *tally.of(outcome) += 1;
        }
        Ok(tally)
    }

    /// How many operations there are.
    pub fn total(&self) -> u64 {
        self.applied + self.unchanged + self.failed + self.abandoned + self.pending + self.planned
    }

    fn of(&mut self, standing: Standing) -> &mut u64 {
        match standing {
            Standing::Applied => &mut self.applied,
            Standing::Unchanged => &mut self.unchanged,
            Standing::Failed => &mut self.failed,
            Standing::Abandoned => &mut self.abandoned,
            Standing::Pending => &mut self.pending,
            Standing::Planned => &mut self.planned,
        }
    }
}

fn plan_number(connection: &Connection, id: &str) -> Result<i64> {
    let found: Vec<i64> = sql::all(
        connection,
        "SELECT number FROM plans WHERE substr(id, 1, length(?1)) = upper(?1) LIMIT 2",
        [id],
        |row| row.get(0),
    )?;
    match found[..] {
        [number] => Ok(number),
        [] => Err(Error::new(ErrorKind::NotFound, format!("there is no plan `{id}`"))
            .with_help("`connector operations` names the plan of each operation")),
        _ => Err(Error::new(ErrorKind::NotFound, format!("several plans have an id that begins with `{id}`"))
            .with_help("write more of the id")),
    }
}

/// One row; an operation has one for each of its steps.
struct Part {
    plan: i64,
    entry: JournalEntry,
}

/// Calls `each` with one operation after the other, until it returns that it has seen enough.
fn entries(
    connection: &Connection,
    condition: &str,
    parameters: impl Params,
    mut each: impl FnMut(JournalEntry) -> Result<bool>,
) -> Result<()> {
    let query = format!(
        "SELECT p.number, p.id, p.file, o.number, o.kind, o.account, o.account_id, o.outcome, o.changes, o.detail,
                 o.error_kind, o.error_message, o.error_help, o.asked, o.tries, o.asked_at, o.answered_at,
                 o.step
             FROM operations o JOIN plans p ON p.number = o.plan JOIN sources s ON s.id = p.source WHERE {condition}"
    );
    let mut whole: Option<Part> = None;
    let mut goes_on = true;
    sql::until(connection, &query, parameters, part, |next| {
        whole = match whole.take() {
            Some(earlier)
                if earlier.plan == next.plan && earlier.entry.report.operation == next.entry.report.operation =>
            {
                Some(joined(earlier, next))
            }
            Some(earlier) => {
                goes_on = each(earlier.entry)?;
                goes_on.then_some(next)
            }
            None => Some(next),
        };
        Ok(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    whole.map_or(Ok(()), |last| each(last.entry).map(drop))
}

fn part(row: &Row<'_>) -> connector_sql::Result<Part> {
    let name: String = row.get(5)?;
    let mut report = OperationReport {
        operation: row.get(3)?,
        kind: row.get(4)?,
        steps: Vec::new(),
        account: row.get::<_, Option<String>>(6)?.unwrap_or_else(|| name.clone()),
        outcome: named(row, 7)?,
        changes: optional_json(row, 8)?.unwrap_or_default(),
        detail: row.get(9)?,
        error: stored_failure(row, 10)?,
        name,
        tried: row.get_ref(15)? != ValueRef::Null || row.get_ref(16)? != ValueRef::Null,
    };
    let is_taken_apart = report.kind == OperationKind::Deprovision.name();
    if let Some(StepKind { kind }) = if is_taken_apart { optional_json(row, 17)? } else { None } {
        let OperationReport { outcome, changes, detail, error, .. } = report.clone();
        report.steps.push(StepReport { kind, outcome, changes, detail, error });
    }
    let entry = JournalEntry {
        plan: row.get(1)?,
        file: row.get(2)?,
        report,
        asked: optional_json(row, 13)?.unwrap_or_default(),
        tries: row.get(14)?,
        asked_at: time(row, 15)?,
        answered_at: time(row, 16)?,
    };
    Ok(Part { plan: row.get(0)?, entry })
}

/// What a step is.
#[derive(Deserialize)]
struct StepKind {
    kind: String,
}

/// How weak the outcome of a step is.
fn weight(standing: Standing) -> u8 {
    match standing {
        Standing::Unchanged => 0,
        Standing::Applied => 1,
        Standing::Planned => 2,
        Standing::Abandoned => 3,
        Standing::Pending => 4,
        Standing::Failed => 5,
    }
}

/// Adds a step to an operation. The operation has the outcome of its weakest step.
fn joined(mut whole: Part, next: Part) -> Part {
    let (report, other) = (&mut whole.entry.report, next.entry.report);
    if report.error.is_none()
        && let Some(mut error) = other.error
    {
        if report.outcome == Standing::Applied {
            error.message = format!("done in part, then: {}", error.message);
        }
        report.error = Some(error);
    }
    if weight(other.outcome) > weight(report.outcome) {
        report.outcome = other.outcome;
    }
    report.changes.extend(other.changes);
    report.steps.extend(other.steps);
    report.tried |= other.tried;
    whole.entry.tries = whole.entry.tries.max(next.entry.tries);
    whole.entry.asked_at = whole.entry.asked_at.max(next.entry.asked_at);
    whole.entry.answered_at = whole.entry.answered_at.max(next.entry.answered_at);
    whole
}
