//! Rows of the table of operations.

use crate::store::{RunError, fault, kind_from_name};
use connector_core::{Error, Result};
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Params, Row};
use serde::Serialize;
use std::str::FromStr;

/// How an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is to be carried out.
    Planned,
    /// It was sent, and what became of it is not known yet.
    Pending,
    /// It was carried out.
    Applied,
    /// It was so already.
    Unchanged,
    /// It was refused, by the source or beforehand.
    Failed,
}

impl Standing {
    /// The name in machine output and in the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Pending => "pending",
            Self::Applied => "applied",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
        }
    }

    /// The standing with that name; one of another version counts as pending, so that it gets looked at.
    pub(crate) fn from_name(name: &str) -> Self {
        match name {
            "planned" => Self::Planned,
            "applied" => Self::Applied,
            "unchanged" => Self::Unchanged,
            "failed" => Self::Failed,
            _ => Self::Pending,
        }
    }
}

/// A step that is to be carried out, or was sent.
#[derive(Clone, Debug)]
pub(crate) struct StepRow {
    pub(crate) id: i64,
    pub(crate) number: u64,
    pub(crate) turn: i64,
    pub(crate) lead: i64,
    pub(crate) account: String,
    pub(crate) account_id: Option<String>,
    pub(crate) step: String,
    pub(crate) changes: Option<String>,
    pub(crate) password_time: Option<String>,
    pub(crate) waits_for: Option<i64>,
    pub(crate) tries: u32,
    pub(crate) asked_at: Option<Timestamp>,
    /// It makes the account.
    pub(crate) is_create: bool,
}

const STEP_COLUMNS: &str =
    "o.id, o.number, o.turn, o.lead, o.account, o.account_id, o.step, o.changes, o.password_time,
    o.waits_for, o.tries, o.asked_at, o.kind = 'create' AND o.part = 0";

/// The steps for which a condition on `o` (operations) and `p` (plans) holds; it ends with the order.
pub(super) fn steps(connection: &Connection, condition: &str, parameters: impl Params) -> Result<Vec<StepRow>> {
    connection
        .prepare_cached(&format!(
            "SELECT {STEP_COLUMNS} FROM operations o JOIN plans p ON p.number = o.plan
             WHERE o.step IS NOT NULL AND {condition}"
        ))
        .and_then(|mut statement| statement.query_map(parameters, step)?.collect())
        .map_err(fault)
}

fn step(row: &Row<'_>) -> rusqlite::Result<StepRow> {
    Ok(StepRow {
        id: row.get(0)?,
        number: row.get(1)?,
        turn: row.get(2)?,
        lead: row.get(3)?,
        account: row.get(4)?,
        account_id: row.get(5)?,
        step: row.get(6)?,
        changes: row.get(7)?,
        password_time: row.get(8)?,
        waits_for: row.get(9)?,
        tries: row.get(10)?,
        asked_at: time(row, 11)?,
        is_create: row.get(12)?,
    })
}

/// A moment in a column.
pub(crate) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| {
        Timestamp::from_str(&text)
            .map_err(|cause| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, cause.into()))
    })
    .transpose()
}

/// The columns `error_kind, error_message, error_help` of an error.
pub(crate) fn failure_columns(error: Option<&Error>) -> (Option<&'static str>, Option<&str>, Option<&str>) {
    (error.map(|error| error.kind().name()), error.map(Error::message), error.and_then(Error::help))
}

/// The error that stands in the three columns from `column` on.
pub(crate) fn stored_failure(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<RunError>> {
    let kind: Option<String> = row.get(column)?;
    kind.map(|kind| {
        Ok(RunError {
            kind: kind_from_name(&kind),
            message: row.get::<_, Option<String>>(column + 1)?.unwrap_or_default(),
            help: row.get(column + 2)?,
            step: None,
        })
    })
    .transpose()
}
