//! What SCIM clients call the accounts of a source, where the source itself has no attribute for it.

use connector_core::{Error, Result};
use connector_sql::{Connection, params};
use connector_store::{Store, sql};

/// The names of one source, in one state of the store.
pub struct ExternalIds {
    connection: Connection,
    source: i64,
    has_any: bool,
}

impl std::fmt::Debug for ExternalIds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExternalIds").field("source", &self.source).finish_non_exhaustive()
    }
}

impl ExternalIds {
    /// Those of a source. Fails with kind `not_found` if the source was never aggregated.
    pub fn of(store: &Store, source: &str) -> Result<Self> {
        let connection = store.reader()?;
        let source = number(&connection, source)?;
        let query = "SELECT EXISTS (SELECT 1 FROM external_ids WHERE source = ?1)";
        let has_any = sql::one(&connection, query, [source], |row| row.get(0))?;
        Ok(Self { connection, source, has_any })
    }

    /// What a client calls the account with this id.
    pub fn of_account(&self, account: &str) -> Result<Option<String>> {
        if !self.has_any {
            return Ok(None);
        }
        let query = "SELECT external_id FROM external_ids WHERE source = ?1 AND account = ?2";
        sql::first(&self.connection, query, params![self.source, account], |row| row.get(0))
    }

    /// The id of the account that a client calls so; `None` if there is none, or if there are several.
    pub fn account(&self, external_id: &str) -> Result<Option<String>> {
        let query = "SELECT account FROM external_ids WHERE source = ?1 AND external_id = ?2 LIMIT 2";
        let found: Vec<String> =
            sql::all(&self.connection, query, params![self.source, external_id], |row| row.get(0))?;
        Ok(match <[String; 1]>::try_from(found) {
            Ok([only]) => Some(only),
            Err(_) => None,
        })
    }
}

/// Records what a client calls the account with this id; `None` forgets it. Fails with kind `not_found` if the source was never
/// aggregated.
pub fn keep_external_id(store: &Store, source: &str, account: &str, external_id: Option<&str>) -> Result<()> {
    let connection = store.writer()?;
    let source = number(&connection, source)?;
    match external_id {
        Some(external_id) => sql::execute(
            &connection,
            "INSERT INTO external_ids (source, account, external_id) VALUES (?1, ?2, ?3)
             ON CONFLICT (source, account) DO UPDATE SET external_id = excluded.external_id",
            params![source, account, external_id],
        ),
        None => sql::execute(
            &connection,
            "DELETE FROM external_ids WHERE source = ?1 AND account = ?2",
            params![source, account],
        ),
    }
    .map(drop)
}

fn number(connection: &Connection, source: &str) -> Result<i64> {
    let found = sql::first(connection, "SELECT id FROM sources WHERE name = ?1", [source], |row| row.get(0))?;
    found.ok_or_else(|| Error::not_found(format!("`{source}` was never aggregated")))
}
