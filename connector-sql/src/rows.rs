//! The rows of an answer, one after the other.

use crate::error::Result;
use crate::postgres::Answer;
use crate::row::{Kind as RowKind, Row};
use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator;

/// The rows of an answer, one after the other. A long answer is never in memory as a whole.
pub struct Rows<'s>(pub(crate) Kind<'s>);

pub(crate) enum Kind<'s> {
    Sqlite(rusqlite::Rows<'s>),
    Postgres(Answer<'s>),
}

impl Rows<'_> {
    /// The next row; `None` after the last one.
    #[expect(clippy::should_implement_trait, reason = "a row lives only until the next one")]
    pub fn next(&mut self) -> Result<Option<Row<'_>>> {
        self.advance()?;
        Ok(self.get())
    }

    /// Goes to the next row.
    pub fn advance(&mut self) -> Result<()> {
        match &mut self.0 {
            Kind::Sqlite(rows) => Ok(rows.advance()?),
            Kind::Postgres(answer) => answer.advance(),
        }
    }

    /// The row that this went to; `None` before the first and after the last one.
    pub fn get(&self) -> Option<Row<'_>> {
        match &self.0 {
            Kind::Sqlite(rows) => rows.get().map(|row| Row(RowKind::Sqlite(row))),
            Kind::Postgres(answer) => answer.row().map(|row| Row(RowKind::Postgres(row))),
        }
    }
}

/// The rows of an answer, each read by a function.
pub struct MappedRows<'s, F> {
    pub(crate) rows: Rows<'s>,
    pub(crate) read: F,
}

impl<T, F: FnMut(&Row<'_>) -> Result<T>> Iterator for MappedRows<'_, F> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.rows.next() {
            Ok(Some(row)) => Some((self.read)(&row)),
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        }
    }
}
