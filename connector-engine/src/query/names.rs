//! The names of ids, as of the last aggregation.

use connector_core::{EntitlementRef, Result};
use connector_sql::{Connection, params};
use connector_store::{Store, sql};

/// The names of the ids of a source, as of the last aggregation.
#[derive(Debug)]
pub struct Names {
    connection: Connection,
    source: String,
}

impl Names {
    /// The names of a source.
    pub fn of(store: &Store, source: &str) -> Result<Self> {
        Ok(Self { connection: store.reader()?, source: source.to_owned() })
    }

    /// The name of the account or entitlement with this id; `None` if it does not exist.
    pub fn name(&self, id: &str) -> Result<Option<String>> {
        sql::first(
            &self.connection,
            "SELECT a.name FROM accounts a JOIN sources s ON s.id = a.source
                 WHERE s.name = ?1 AND a.account_id = ?2
                 UNION ALL
                 SELECT e.name FROM entitlements e JOIN sources s ON s.id = e.source
                 WHERE s.name = ?1 AND e.entitlement_id = ?2 AND e.first_run IS NOT NULL
                 LIMIT 1",
            params![self.source, id],
            |row| row.get(0),
        )
    }

    /// Whether an entitlement of any type has this id.
    pub fn is_entitlement(&self, id: &str) -> Result<bool> {
        let found: Option<bool> = sql::first(
            &self.connection,
            "SELECT 1 FROM entitlements e JOIN sources s ON s.id = e.source WHERE s.name = ?1 AND e.entitlement_id = ?2",
            params![self.source, id],
            |row| row.get(0),
        )?;
        Ok(found.is_some())
    }

    /// The name of an entitlement; `None` if the source did not show it.
    pub fn entitlement(&self, entitlement: &EntitlementRef) -> Result<Option<String>> {
        let name: Option<String> = sql::first(
            &self.connection,
            "SELECT e.name FROM entitlements e JOIN sources s ON s.id = e.source
                 WHERE s.name = ?1 AND e.type = ?2 AND e.entitlement_id = ?3 AND e.first_run IS NOT NULL",
            params![self.source, entitlement.entitlement_type, entitlement.id],
            |row| row.get(0),
        )?;
        Ok(name.filter(|name| !name.is_empty()))
    }

    /// The types of the entitlements.
    pub fn types(&self) -> Result<Vec<String>> {
        sql::all(
            &self.connection,
            "SELECT DISTINCT e.type FROM entitlements e JOIN sources s ON s.id = e.source
                 WHERE s.name = ?1 AND e.removed_run IS NULL ORDER BY e.type",
            [&self.source],
            |row| row.get(0),
        )
    }

    /// The first entitlements that begin with a text, as a shell can complete them: `TYPE/NAME`, or `TYPE/ID` where the name
    /// has blanks or does not begin so.
    pub fn beginning_with(&self, text: &str, limit: usize) -> Result<Vec<String>> {
        self.begun(
            "SELECT written FROM (
                 SELECT e.type || '/' || CASE
                     WHEN instr(e.name, ' ') = 0 AND length(e.name) > 0
                          AND substr(e.type || '/' || e.name, 1, length(?2)) = ?2 COLLATE NOCASE
                     THEN e.name ELSE e.entitlement_id END AS written
                 FROM entitlements e JOIN sources s ON s.id = e.source
                 WHERE s.name = ?1 AND e.first_run IS NOT NULL AND e.removed_run IS NULL) named
             WHERE substr(written, 1, length(?2)) = ?2 COLLATE NOCASE
             ORDER BY written LIMIT ?3",
            text,
            limit,
        )
    }

    /// The first accounts that begin with a text: their names, or their ids where the names have blanks.
    pub fn accounts_beginning_with(&self, text: &str, limit: usize) -> Result<Vec<String>> {
        self.begun(
            "SELECT written FROM (
                 SELECT DISTINCT CASE WHEN instr(a.name, ' ') = 0 THEN a.name ELSE a.account_id END AS written
                 FROM accounts a JOIN sources s ON s.id = a.source
                 WHERE s.name = ?1 AND a.removed_run IS NULL) named
             WHERE substr(written, 1, length(?2)) = ?2 COLLATE NOCASE
             ORDER BY written LIMIT ?3",
            text,
            limit,
        )
    }

    /// The ids of the newest plans that were started, and begin with a text.
    pub fn plans_beginning_with(&self, text: &str, limit: usize) -> Result<Vec<String>> {
        self.begun(
            "SELECT p.id FROM plans p JOIN sources s ON s.id = p.source
                 WHERE s.name = ?1 AND p.status IN ('applying', 'ended') AND substr(p.id, 1, length(?2)) = upper(?2)
                 ORDER BY p.number DESC LIMIT ?3",
            text,
            limit,
        )
    }

    fn begun(&self, query: &str, text: &str, limit: usize) -> Result<Vec<String>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        sql::all(&self.connection, query, params![self.source, text, limit], |row| row.get(0))
    }
}
