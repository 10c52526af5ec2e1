//! Rows in another order than the one in which they are read.

use connector_core::{Error, ErrorKind, Result};
use rusqlite::types::Null;
use rusqlite::{Connection, ToSql, params};

/// What a row is sorted by. Rows without a value come last in both directions.
#[derive(Clone, Debug, PartialEq)]
pub enum SortKey {
    /// It has no value.
    Nothing,
    /// A number; numbers come before texts.
    Number(f64),
    /// A text; upper and lower case are the same.
    Text(String),
}

/// Sorts rows in a temporary file that only this process sees, so memory stays flat for any number of rows.
#[derive(Debug)]
pub struct Sorter {
    connection: Connection,
}

impl Sorter {
    /// An empty list.
    pub fn new() -> Result<Self> {
        // With an empty name, SQLite uses a temporary file that has no name either.
        let connection = Connection::open("").map_err(unsorted)?;
        connection
            .execute_batch(
                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
                 CREATE TABLE list (number INTEGER PRIMARY KEY, key, row TEXT NOT NULL); BEGIN",
            )
            .map_err(unsorted)?;
        Ok(Self { connection })
    }

    /// Adds a row.
    pub fn push(&self, key: &SortKey, row: &str) -> Result<()> {
        let text = if let SortKey::Text(text) = key { text.to_lowercase() } else { String::new() };
        let key: &dyn ToSql = match key {
            SortKey::Nothing => &Null,
            SortKey::Number(number) => number,
            SortKey::Text(_) => &text,
        };
        self.connection
            .prepare_cached("INSERT INTO list (key, row) VALUES (?1, ?2)")
            .and_then(|mut insert| insert.execute(params![key, row]))
            .map(drop)
            .map_err(unsorted)
    }

    /// Calls `each` with the first rows of the sorted list. Rows with the same key stay in the order of `push`.
    pub fn finish(self, descending: bool, limit: Option<u64>, mut each: impl FnMut(&str) -> Result<()>) -> Result<()> {
        let direction = if descending { "DESC" } else { "ASC" };
        // Only keys and numbers are sorted; the rows are looked up.
        let query = format!("SELECT number FROM list ORDER BY key IS NULL, key {direction}, number LIMIT ?1");
        let limit = limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(-1);
        let mut numbers = self.connection.prepare(&query).map_err(unsorted)?;
        let mut numbers = numbers.query([limit]).map_err(unsorted)?;
        let mut rows = self.connection.prepare("SELECT row FROM list WHERE number = ?1").map_err(unsorted)?;
        while let Some(found) = numbers.next().map_err(unsorted)? {
            let number: i64 = found.get(0).map_err(unsorted)?;
            let row: String = rows.query_row([number], |found| found.get(0)).map_err(unsorted)?;
            each(&row)?;
        }
        Ok(())
    }
}

fn unsorted(cause: rusqlite::Error) -> Error {
    Error::new(ErrorKind::Internal, format!("the list can't be sorted: {cause}"))
        .with_help("check that the disk of the folder for temporary files has room")
        .with_cause(cause)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

    use super::*;

    fn sorted(descending: bool, limit: Option<u64>) -> Vec<String> {
        let sorter = Sorter::new().unwrap();
        for (key, row) in [
            (SortKey::Text("b".to_owned()), "b"),
            (SortKey::Nothing, "none"),
            (SortKey::Text("A".to_owned()), "A"),
            (SortKey::Number(10.0), "10"),
            (SortKey::Number(9.0), "9"),
            (SortKey::Text("a".to_owned()), "a"),
        ] {
            sorter.push(&key, row).unwrap();
        }
        let mut rows = Vec::new();
        sorter
            .finish(descending, limit, |row| {
                rows.push(row.to_owned());
                Ok(())
            })
            .unwrap();
        rows
    }

    #[test]
    fn numbers_sort_by_value_texts_without_case_and_rows_without_a_value_last() {
        assert_eq!(sorted(false, None), ["9", "10", "A", "a", "b", "none"]);
        assert_eq!(sorted(true, None), ["b", "A", "a", "10", "9", "none"]);
        assert_eq!(sorted(true, Some(2)), ["b", "A"]);
    }
}
