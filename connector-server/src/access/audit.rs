//! The audit log: who did what, when, and how it ended. Rows are added and never changed.

use super::file::{fault, open};
use connector_core::Result;
use jiff::Timestamp;
use rusqlite::params;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    /// Who wanted it.
    pub(crate) who: &'a str,
    /// What was done: `aggregate`, `test`, `sign_in`, …
    pub(crate) action: &'a str,
    /// The source that it was done to; empty if it is none.
    pub(crate) source: &'a str,
    /// How it stands: `began`, `stopped`, or how it ended.
    pub(crate) outcome: &'a str,
    /// More about it, such as a run.
    pub(crate) detail: &'a str,
}

/// A row of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct AuditRow {
    pub(crate) number: i64,
    pub(crate) at: Timestamp,
    pub(crate) who: String,
    pub(crate) action: String,
    pub(crate) source: String,
    pub(crate) outcome: String,
    pub(crate) detail: String,
}

/// The file with the audit log of a project.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    path: PathBuf,
}

impl Access {
    /// The audit log beside a store.
    pub(crate) fn beside(store: &Path) -> Self {
        Self { path: super::file::beside(store) }
    }

    /// Adds a row.
    pub(crate) fn record(&self, entry: &Entry<'_>) -> Result<()> {
        let now = Timestamp::now().as_second();
        open(&self.path)?
            .execute(
                "INSERT INTO audit (at, who, action, source, outcome, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![now, entry.who, entry.action, entry.source, entry.outcome, entry.detail],
            )
            .map_err(fault)?;
        Ok(())
    }

    /// The newest rows before a number, newest first.
    pub(crate) fn rows(&self, before: Option<i64>, limit: usize) -> Result<Vec<AuditRow>> {
        if !self.path.is_file() {
            return Ok(Vec::new());
        }
        let connection = open(&self.path)?;
        let mut statement = connection
            .prepare(
                "SELECT number, at, who, action, source, outcome, detail FROM audit
                 WHERE number < ?1 ORDER BY number DESC LIMIT ?2",
            )
            .map_err(fault)?;
        let rows =
            statement.query_map(params![before.unwrap_or(i64::MAX), i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                Ok(AuditRow {
                    number: row.get(0)?,
                    at: Timestamp::from_second(row.get(1)?).unwrap_or_default(),
                    who: row.get(2)?,
                    action: row.get(3)?,
                    source: row.get(4)?,
                    outcome: row.get(5)?,
                    detail: row.get(6)?,
                })
            });
        rows.and_then(Iterator::collect).map_err(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_added_and_can_neither_be_changed_nor_removed() {
        let folder = tempfile::tempdir().unwrap();
        let access = Access::beside(&folder.path().join("store.db"));
        assert!(access.rows(None, 10).unwrap().is_empty());
        for outcome in ["began", "succeeded"] {
            let entry = Entry { who: "console", action: "aggregate", source: "hr", outcome, detail: "x" };
            access.record(&entry).unwrap();
        }
        let connection = open(&access.path).unwrap();
        for statement in ["DELETE FROM audit", "UPDATE audit SET who = 'nobody'"] {
            let refused = connection.execute(statement, []).unwrap_err();
            assert!(refused.to_string().contains("append-only"), "{refused}");
        }
        let rows = access.rows(None, 10).unwrap();
        assert_eq!(rows.iter().map(|row| row.outcome.as_str()).collect::<Vec<_>>(), ["succeeded", "began"]);
        assert_eq!(access.rows(Some(rows[0].number), 10).unwrap().len(), 1);
    }
}
