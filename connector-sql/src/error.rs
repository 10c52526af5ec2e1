//! What goes wrong between a statement and its answer.

use rusqlite::types::{FromSqlError, Type};
use std::error::Error as StdError;
use std::fmt;

/// The result of a statement.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The value of a column can't be read as what it should be.
    FromSqlConversionFailure(usize, Type, Box<dyn StdError + Send + Sync>),
    /// The query found nothing.
    QueryReturnedNoRows,
    /// SQLite says so.
    Sqlite(rusqlite::Error),
    /// PostgreSQL, or the connection to it, says so.
    Postgres(tokio_postgres::Error),
    /// PostgreSQL can't be reached, or the connection is not allowed: what, and what to do.
    Connect(String, &'static str),
    /// The caller ended the statement.
    Stopped,
}

impl From<rusqlite::Error> for Error {
    fn from(cause: rusqlite::Error) -> Self {
        match cause {
            rusqlite::Error::FromSqlConversionFailure(column, kind, why) => {
                Self::FromSqlConversionFailure(column, kind, why)
            }
            rusqlite::Error::QueryReturnedNoRows => Self::QueryReturnedNoRows,
            cause => Self::Sqlite(cause),
        }
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(cause: tokio_postgres::Error) -> Self {
        Self::Postgres(cause)
    }
}

impl From<FromSqlError> for Error {
    fn from(cause: FromSqlError) -> Self {
        rusqlite::Error::from(cause).into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FromSqlConversionFailure(column, _, why) => write!(f, "column {column} can't be read: {why}"),
            Self::QueryReturnedNoRows => f.write_str("the query found nothing"),
            Self::Sqlite(cause) => cause.fmt(f),
            Self::Postgres(cause) => match cause.as_db_error() {
                Some(answer) => f.write_str(answer.message()),
                None => match cause.source() {
                    Some(why) => write!(f, "{why}"),
                    None => write!(f, "{cause}"),
                },
            },
            Self::Connect(what, _) => f.write_str(what),
            Self::Stopped => f.write_str("the statement was stopped"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::FromSqlConversionFailure(_, _, why) => Some(&**why),
            Self::Sqlite(cause) => Some(cause),
            Self::Postgres(cause) => Some(cause),
            _ => None,
        }
    }
}

/// A query that may find nothing.
pub trait OptionalExtension<T> {
    /// `None` if the query found nothing.
    fn optional(self) -> Result<Option<T>>;
}

impl<T> OptionalExtension<T> for Result<T> {
    fn optional(self) -> Result<Option<T>> {
        match self {
            Ok(found) => Ok(Some(found)),
            Err(Error::QueryReturnedNoRows) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
