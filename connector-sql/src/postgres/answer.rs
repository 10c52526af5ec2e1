//! A long answer, read portion by portion. Between two portions, the connection is free for other statements.

use super::server::{Known, Prepared, Server, bound};
use super::value::Bound;
use crate::error::Result;
use crate::translate::to_postgres;
use rusqlite::types::ToSql;
use std::vec;
use tokio_postgres::Row;

/// Rows of a portion.
const ROWS: usize = 2_000;

/// The rows of an answer.
pub(crate) struct Answer<'s> {
    cursor: Option<Cursor<'s>>,
    portion: vec::IntoIter<Row>,
    row: Option<Row>,
}

/// What the server has not sent yet.
struct Cursor<'s> {
    server: &'s Server,
    name: String,
    fetch: Known,
    /// The transaction that it ends with; none if it outlives them.
    transaction: Option<u64>,
}

impl<'s> Answer<'s> {
    /// An answer that is here as a whole.
    pub(super) fn whole(rows: Vec<Row>) -> Self {
        Self { cursor: None, portion: rows.into_iter(), row: None }
    }

    /// Begins to read a query in PostgreSQL's spelling.
    pub(super) fn begin(server: &'s Server, query: &str, known: &Known, values: Vec<Bound<'_>>) -> Result<Self> {
        let transaction = server.transaction();
        let (name, hold) = match transaction {
            // One statement has one set of columns, so what reads its cursor can be kept, too.
            Some(_) => (server.free_cursor('c', known.number), ""),
            // Outside of a transaction, the server keeps the rows until they are read.
            None => (server.free_cursor('h', known.number), "WITH HOLD "),
        };
        let declare = server.known(&format!("DECLARE {name} NO SCROLL CURSOR {hold}FOR {query}"))?;
        server.wait(server.client.execute_raw(&declare.statement, values))?;
        let fetch = match server.known(&format!("FETCH FORWARD {ROWS} FROM {name}")) {
            Ok(fetch) => fetch,
            Err(error) => {
                server.release_cursor(&name);
                return Err(error);
            }
        };
        let mut answer = Self {
            cursor: Some(Cursor { server, name, fetch, transaction }),
            portion: Vec::new().into_iter(),
            row: None,
        };
        answer.fetch()?;
        Ok(answer)
    }

    fn fetch(&mut self) -> Result<()> {
        let Some(cursor) = &self.cursor else { return Ok(()) };
        let rows = cursor.server.wait(cursor.server.client.query(&cursor.fetch.statement, &[]))?;
        if rows.len() < ROWS {
            self.cursor = None;
        }
        self.portion = rows.into_iter();
        Ok(())
    }

    /// Goes to the next row.
    pub(crate) fn advance(&mut self) -> Result<()> {
        self.row = self.portion.next();
        if self.row.is_none() && self.cursor.is_some() {
            self.fetch()?;
            self.row = self.portion.next();
        }
        Ok(())
    }

    /// The row that it went to.
    pub(crate) fn row(&self) -> Option<&Row> {
        self.row.as_ref()
    }
}

impl Prepared<'_> {
    /// The rows of a short answer.
    pub(crate) fn whole(&mut self, values: &[&dyn ToSql]) -> Result<Answer<'_>> {
        self.all(values).map(Answer::whole)
    }

    /// The rows portion by portion.
    pub(crate) fn begin(&mut self, values: &[&dyn ToSql]) -> Result<Answer<'_>> {
        let start = self.text.trim_start();
        if !start.starts_with("SELECT") && !start.starts_with("WITH") {
            return self.whole(values);
        }
        Answer::begin(self.server, &to_postgres(&self.text), &self.known, bound(values)?)
    }
}

impl Drop for Cursor<'_> {
    fn drop(&mut self) {
        // It ends with its transaction, and a statement that fails would end a later one.
        if self.transaction.is_none() || self.transaction == self.server.transaction() {
            self.server.send(&format!("CLOSE {}", self.name));
        }
        self.server.release_cursor(&self.name);
    }
}
