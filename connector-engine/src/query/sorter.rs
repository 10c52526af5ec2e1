//! Rows in another order than the one in which they are read.

use crate::store::{fault, sql};
use connector_core::Result;
use rusqlite::{Connection, params, types::Null};

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
        let connection = Connection::open("").map_err(fault)?;
        sql::batch(
            &connection,
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
             CREATE TABLE list (number INTEGER PRIMARY KEY, key, row TEXT NOT NULL); BEGIN",
        )?;
        Ok(Self { connection })
    }

    /// Adds a row.
    pub fn push(&self, key: &SortKey, row: &str) -> Result<()> {
        let insert = "INSERT INTO list (key, row) VALUES (?1, ?2)";
        match key {
            SortKey::Nothing => sql::execute(&self.connection, insert, params![Null, row]),
            SortKey::Number(number) => sql::execute(&self.connection, insert, params![number, row]),
            SortKey::Text(text) => sql::execute(&self.connection, insert, params![text.to_lowercase(), row]),
        }
        .map(drop)
    }

    /// Calls `each` with the first rows of the sorted list. Rows with the same key stay in the order of `push`.
    pub fn finish(self, descending: bool, limit: Option<u64>, mut each: impl FnMut(&str) -> Result<()>) -> Result<()> {
        let direction = if descending { "DESC" } else { "ASC" };
        // Only keys and numbers are sorted; the rows are looked up.
        let query = format!("SELECT number FROM list ORDER BY key IS NULL, key {direction}, number LIMIT ?1");
        let limit = limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(-1);
        let row = "SELECT row FROM list WHERE number = ?1";
        sql::each(
            &self.connection,
            &query,
            [limit],
            |found| found.get::<_, i64>(0),
            |number| {
                let text: String = sql::one(&self.connection, row, [number], |found| found.get(0))?;
                each(&text)
            },
        )
    }
}

#[cfg(test)]
mod tests {
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
