//! A prepared statement.

use crate::error::{Error, Result};
use crate::parameters::Params;
use crate::postgres::Prepared;
use crate::row::{Kind as RowKind, Row};
use crate::rows::{Kind as RowsKind, MappedRows, Rows};

/// A prepared statement.
pub struct Statement<'c>(pub(crate) Kind<'c>);

pub(crate) enum Kind<'c> {
    Sqlite(rusqlite::CachedStatement<'c>),
    Postgres(Prepared<'c>),
}

impl Statement<'_> {
    /// Runs it; returns how many rows it changed.
    pub fn execute(&mut self, parameters: impl Params) -> Result<usize> {
        parameters.bound(|values| match &mut self.0 {
            Kind::Sqlite(statement) => Ok(statement.execute(values)?),
            Kind::Postgres(statement) => statement.execute(values),
        })
    }

    /// Reads the first row. Fails with `QueryReturnedNoRows` if there is none.
    pub fn query_row<T>(&mut self, parameters: impl Params, read: impl FnOnce(&Row<'_>) -> Result<T>) -> Result<T> {
        parameters.bound(|values| match &mut self.0 {
            Kind::Sqlite(statement) => {
                let mut rows = statement.query(values)?;
                let row = rows.next()?.ok_or(Error::QueryReturnedNoRows)?;
                let read = read(&Row(RowKind::Sqlite(row)))?;
                // To the end, so that what the statement changes is done.
                while rows.next()?.is_some() {}
                Ok(read)
            }
            Kind::Postgres(statement) => {
                let rows = statement.all(values)?;
                let row = rows.first().ok_or(Error::QueryReturnedNoRows)?;
                read(&Row(RowKind::Postgres(row)))
            }
        })
    }

    /// Begins to read the rows.
    pub fn query(&mut self, parameters: impl Params) -> Result<Rows<'_>> {
        parameters.bound(|values| match &mut self.0 {
            Kind::Sqlite(statement) => Ok(Rows(RowsKind::Sqlite(statement.query(values)?))),
            Kind::Postgres(statement) => Ok(Rows(RowsKind::Postgres(statement.begin(values)?))),
        })
    }

    /// Reads the rows of a short answer with a function.
    pub fn query_map<T, F: FnMut(&Row<'_>) -> Result<T>>(
        &mut self,
        parameters: impl Params,
        read: F,
    ) -> Result<MappedRows<'_, F>> {
        let rows = parameters.bound(|values| match &mut self.0 {
            Kind::Sqlite(statement) => Ok::<_, Error>(Rows(RowsKind::Sqlite(statement.query(values)?))),
            Kind::Postgres(statement) => Ok(Rows(RowsKind::Postgres(statement.whole(values)?))),
        })?;
        Ok(MappedRows { rows, read })
    }
}
