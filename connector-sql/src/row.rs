//! A row of an answer.

use crate::error::{Error, Result};
use crate::postgres::value_of;
use rusqlite::types::{FromSql, FromSqlError, ValueRef};

/// A row of an answer.
#[derive(Debug)]
pub struct Row<'r>(pub(crate) Kind<'r>);

#[derive(Debug)]
pub(crate) enum Kind<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

/// The place of a column.
pub trait RowIndex {
    /// Its number, from 0.
    fn place(self) -> usize;
}

impl RowIndex for usize {
    fn place(self) -> usize {
        self
    }
}

impl Row<'_> {
    /// The value of a column.
    pub fn get<I: RowIndex, T: FromSql>(&self, column: I) -> Result<T> {
        let column = column.place();
        match &self.0 {
            Kind::Sqlite(row) => Ok(row.get(column)?),
            Kind::Postgres(row) => {
                let value = value_of(row, column)?;
                T::column_result(value).map_err(|cause| unfit(row, column, value, cause))
            }
        }
    }

    /// How many columns it has.
    pub fn width(&self) -> usize {
        match &self.0 {
            Kind::Sqlite(row) => row.as_ref().column_count(),
            Kind::Postgres(row) => row.len(),
        }
    }

    /// The value of a column, without a copy.
    pub fn get_ref<I: RowIndex>(&self, column: I) -> Result<ValueRef<'_>> {
        match &self.0 {
            Kind::Sqlite(row) => Ok(row.get_ref(column.place())?),
            Kind::Postgres(row) => value_of(row, column.place()),
        }
    }
}

/// The same errors as rusqlite's.
fn unfit(row: &tokio_postgres::Row, column: usize, value: ValueRef<'_>, cause: FromSqlError) -> Error {
    match cause {
        FromSqlError::InvalidType => {
            let name = row.columns().get(column).map_or("", |column| column.name()).to_owned();
            Error::Sqlite(rusqlite::Error::InvalidColumnType(column, name, value.data_type()))
        }
        FromSqlError::OutOfRange(number) => Error::Sqlite(rusqlite::Error::IntegralValueOutOfRange(column, number)),
        FromSqlError::Other(why) => Error::FromSqlConversionFailure(column, value.data_type(), why),
        cause => Error::FromSqlConversionFailure(column, value.data_type(), Box::new(cause)),
    }
}
