//! Accounts of the store whose names are those of new accounts in another letter case: many systems take them for the same name.

use super::handle::OpenPlan;
use connector_core::Result;
use connector_sql::params;
use connector_store::sql;
use std::collections::HashMap;

impl OpenPlan {
    /// Says so at each planned create whose name the last aggregation found in another letter case.
    pub(crate) fn note_alike(&mut self) -> Result<()> {
        let mut created: HashMap<String, Vec<(i64, String)>> = HashMap::new();
        sql::each(
            &self.connection,
            "SELECT number, account FROM operations
             WHERE plan = ?1 AND part = 0 AND kind = 'create' AND outcome = 'planned'",
            [self.plan],
            |row| Ok((row.get(0)?, row.get(1)?)),
            |(number, name): (i64, String)| {
                created.entry(name.to_lowercase()).or_default().push((number, name));
                Ok(())
            },
        )?;
        if created.is_empty() {
            return Ok(());
        }
        let mut alike: Vec<(i64, String)> = Vec::new();
        // The index of names answers this alone.
        sql::each(
            &self.connection,
            "SELECT name FROM accounts WHERE source = ?1",
            [self.source],
            |row| row.get(0),
            |known: String| {
                let others =
                    created.get(&known.to_lowercase()).into_iter().flatten().filter(|(_, name)| *name != known);
                alike.extend(others.map(|(number, _)| (*number, known.clone())));
                Ok(())
            },
        )?;
        for (number, known) in alike {
            let is_there = "SELECT 1 FROM accounts WHERE source = ?1 AND name = ?2 AND removed_run IS NULL";
            let found: Option<i64> =
                sql::first(&self.connection, is_there, params![self.source, &known], |row| row.get(0))?;
            if found.is_none() {
                continue;
            }
            let note = format!("`{known}` exists, and differs only in letter case");
            sql::execute(
                &self.connection,
                "UPDATE operations SET detail = CASE WHEN detail IS NULL THEN ?3 ELSE detail || '; ' || ?3 END
                 WHERE plan = ?1 AND number = ?2 AND part = 0",
                params![self.plan, number, note],
            )?;
        }
        Ok(())
    }
}
