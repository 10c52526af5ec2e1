//! Reading columns that hold more than SQLite knows of: words, moments, JSON. What can't be read is an error: a default in
//! its place would be a statement about the source that nobody made.

use jiff::Timestamp;
use rusqlite::Row;
use rusqlite::types::Type;
use std::str::FromStr;

/// A word that names a variant, such as a status.
pub(crate) fn word<T: FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|_| unreadable(column, format!("`{text}` is not a word that this version knows")))
}

/// A moment, as RFC 3339.
pub(crate) fn moment(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| {
        Timestamp::from_str(&text).map_err(|_| unreadable(column, format!("`{text}` is not a point in time")))
    })
    .transpose()
}

/// What a column holds can't be read.
pub(crate) fn unreadable(column: usize, why: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, why.into())
}
