//! Rows of the table of operations.

use connector_core::{Error, ErrorKind, Operation, Result, SecretRef};
use connector_project::effect::ValueChange;
use connector_sql::types::{Type, ValueRef};
use connector_sql::{Connection, Params, Row};
use connector_store::{RunError, fault, kind_from_name};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::str::FromStr;

/// The outcome of an operation.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, strum::EnumString, strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Standing {
    /// To be applied.
    Planned,
    /// Sent; the result is not known yet.
    Pending,
    /// Applied.
    Applied,
    /// Nothing to change.
    Unchanged,
    /// Refused, by the source or before it was sent.
    Failed,
    /// Not sent: the user ended the plan before.
    Abandoned,
}

impl Standing {
    /// The name in machine output and in the store.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A step to apply, or one that was sent.
#[derive(Clone, Debug)]
pub(crate) struct StepRow {
    pub(crate) id: i64,
    pub(crate) number: u64,
    pub(crate) turn: i64,
    pub(crate) lead: i64,
    pub(crate) account: String,
    /// The operation to send. Its account is empty until the source gives the id.
    pub(crate) operation: Operation<SecretRef>,
    /// The changes that were shown.
    pub(crate) changes: Vec<ValueChange>,
    /// When the password was last changed before this step.
    pub(crate) password_time: Option<Value>,
    pub(crate) waits_for: Option<i64>,
    pub(crate) tries: u32,
    pub(crate) asked_at: Option<Timestamp>,
    /// It creates the account.
    pub(crate) is_create: bool,
    /// The source accepted it and makes the change later.
    pub(crate) queued: bool,
    pub(crate) outcome: Standing,
}

const STEP_COLUMNS: &str =
    "o.id, o.number, o.turn, o.lead, o.account, o.account_id, o.step, o.changes, o.password_time,
    o.waits_for, o.tries, o.asked_at, o.kind = 'create' AND o.part = 0, o.queued, o.outcome";

/// The steps that match a condition on `o` (operations) and `p` (plans). The condition ends with the order.
pub(super) fn steps(connection: &Connection, condition: &str, parameters: impl Params) -> Result<Vec<StepRow>> {
    connection
        .prepare_cached(&format!(
            "SELECT {STEP_COLUMNS} FROM operations o JOIN plans p ON p.number = o.plan
             WHERE o.step IS NOT NULL AND {condition}"
        ))
        .and_then(|mut statement| statement.query_map(parameters, step)?.collect())
        .map_err(unreadable)
}

fn step(row: &Row<'_>) -> connector_sql::Result<StepRow> {
    let is_create: bool = row.get(12)?;
    let mut operation: Operation<SecretRef> = json(row, 6)?;
    // An account to create has no id yet, whatever had its name before.
    operation.account = row.get::<_, Option<String>>(5)?.filter(|_| !is_create).unwrap_or_default();
    Ok(StepRow {
        id: row.get(0)?,
        number: row.get(1)?,
        turn: row.get(2)?,
        lead: row.get(3)?,
        account: row.get(4)?,
        operation,
        changes: optional_json(row, 7)?.unwrap_or_default(),
        password_time: optional_json(row, 8)?,
        waits_for: row.get(9)?,
        tries: row.get(10)?,
        asked_at: time(row, 11)?,
        is_create,
        queued: row.get(13)?,
        outcome: named(row, 14)?,
    })
}

/// Reads a column that contains JSON.
pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> connector_sql::Result<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?)
        .map_err(|cause| connector_sql::Error::FromSqlConversionFailure(column, Type::Text, cause.into()))
}

/// Reads a column that contains JSON, unless it is empty.
pub(crate) fn optional_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> connector_sql::Result<Option<T>> {
    if row.get_ref(column)? == ValueRef::Null { Ok(None) } else { json(row, column).map(Some) }
}

/// Text for a column that contains JSON.
pub(crate) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts, numbers, booleans and JSON values can be written as JSON")
}

/// Reads a column that contains a name of an enum.
pub(crate) fn named<T: FromStr<Err = strum::ParseError>>(row: &Row<'_>, column: usize) -> connector_sql::Result<T> {
    let name = row.get_ref(column)?.as_str()?;
    name.parse().map_err(|cause: strum::ParseError| {
        connector_sql::Error::FromSqlConversionFailure(column, Type::Text, cause.into())
    })
}

/// Converts the error of a row into one for the user.
pub(crate) fn unreadable(cause: connector_sql::Error) -> Error {
    let connector_sql::Error::FromSqlConversionFailure(..) = cause else { return fault(cause) };
    Error::new(ErrorKind::Internal, "the journal of operations has an entry that this version can't read")
        .with_help("use the version of this program that wrote it, or restore the store from a backup")
        .with_cause(cause)
}

/// A moment in a column.
pub(crate) fn time(row: &Row<'_>, column: usize) -> connector_sql::Result<Option<Timestamp>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| {
        Timestamp::from_str(&text)
            .map_err(|cause| connector_sql::Error::FromSqlConversionFailure(column, Type::Text, cause.into()))
    })
    .transpose()
}

/// The columns `error_kind, error_message, error_help` of an error.
pub(crate) fn failure_columns(error: Option<&Error>) -> (Option<&'static str>, Option<&str>, Option<&str>) {
    (error.map(|error| error.kind().name()), error.map(Error::message), error.and_then(Error::help))
}

/// The error that stands in the three columns from `column` on.
pub(crate) fn stored_failure(row: &Row<'_>, column: usize) -> connector_sql::Result<Option<RunError>> {
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
