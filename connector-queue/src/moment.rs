//! Moments of the clock of the server, which all machines share.

use connector_sql::{Error, Row, Type};
use jiff::Timestamp;

/// A moment as a number.
pub(crate) fn micros(column: &str) -> String {
    format!("(extract(epoch FROM {column}) * 1000000)::BIGINT")
}

/// Reads it.
pub(crate) fn moment(row: &Row<'_>, column: usize) -> connector_sql::Result<Option<Timestamp>> {
    let micros: Option<i64> = row.get(column)?;
    let read = micros.map(Timestamp::from_microsecond).transpose();
    read.map_err(|cause| Error::FromSqlConversionFailure(column, Type::Integer, cause.into()))
}
