//! Reads columns with words, moments and JSON. A value that can't be read is an error: a default in
//! its place would be a false statement about the source.

use connector_core::{AccountKind, AssignmentState};
use connector_sql::Row;
use connector_sql::types::{Type, ValueRef};
use jiff::Timestamp;
use std::str::FromStr;

/// A word that names a variant, such as a status.
pub fn word<T: FromStr>(row: &Row<'_>, column: usize) -> connector_sql::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|_| unreadable(column, format!("`{text}` is not a word that this version knows")))
}

/// A moment, as RFC 3339.
pub fn moment(row: &Row<'_>, column: usize) -> connector_sql::Result<Option<Timestamp>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| {
        Timestamp::from_str(&text).map_err(|_| unreadable(column, format!("`{text}` is not a point in time")))
    })
    .transpose()
}

/// Who or what uses an account.
pub fn account_kind(row: &Row<'_>, column: usize) -> connector_sql::Result<AccountKind> {
    if row.get_ref(column)? == ValueRef::Null { Ok(AccountKind::Unspecified) } else { word(row, column) }
}

/// How the store writes a kind of account: null if the source doesn't say.
pub(crate) fn stored_kind(kind: AccountKind) -> Option<&'static str> {
    (!kind.is_unspecified()).then(|| kind.name())
}

/// Whether an assignment has effect, according to the source.
pub(crate) fn assignment_state(row: &Row<'_>, column: usize) -> connector_sql::Result<AssignmentState> {
    if row.get_ref(column)? == ValueRef::Null { Ok(AssignmentState::Active) } else { word(row, column) }
}

/// The error for a column that can't be read.
pub(crate) fn unreadable(column: usize, why: String) -> connector_sql::Error {
    connector_sql::Error::FromSqlConversionFailure(column, Type::Text, why.into())
}
