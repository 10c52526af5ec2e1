//! One state of the store, read for a query.

use super::lifetime::{Lifetime, PastChange};
use connector_core::{Account, EntitlementRef, Error, ErrorKind, Result};
use connector_files::shell_word;
use connector_sql::{Connection, Row, params};
use connector_store::{Quiet, Step, Store, StoredRun, account_kind, select_runs, sql};
use std::borrow::Cow;
use std::collections::HashMap;

/// An id may be written by its beginning, if it is at least this long and only one id begins with it.
pub(super) const SHORTEST_BEGINNING: u64 = 8;
/// How many candidates an error lists.
pub(super) const MOST_CANDIDATES: usize = 5;

/// One state of the store, seen for one source.
pub(super) struct Reading {
    pub(super) connection: Connection,
    pub(super) source: i64,
    name: String,
}

/// An entitlement's type, id and name.
pub(super) struct Named {
    pub(super) key: EntitlementRef,
    pub(super) name: Option<String>,
}

/// An entitlement that a name may mean.
struct Candidate {
    row: i64,
    id: String,
    exact: bool,
    technical: bool,
}

impl Reading {
    /// Opens one state of the store. Fails with kind `not_found` if the source was never aggregated.
    pub(super) fn of(store: &Store, source: &str) -> Result<Self> {
        let connection = store.reader()?;
        let id = sql::first(&connection, "SELECT id FROM sources WHERE name = ?1", [source], |row| row.get(0))?
            .ok_or_else(|| {
                Error::new(ErrorKind::NotFound, format!("`{source}` was never aggregated into this store"))
                    .with_help(format!("run `connector aggregate {}` first", shell_word(source)))
            })?;
        Ok(Self { connection, source: id, name: source.to_owned() })
    }

    /// The attributes that don't count as a change.
    pub(super) fn quiet(&self) -> Result<Quiet> {
        let query = "SELECT quiet FROM sources WHERE id = ?1";
        sql::one(&self.connection, query, [self.source], |row| Quiet::from_row(row, 0))
    }

    /// All entitlements of the source by row, including those that only assignments name.
    pub(super) fn named(&self) -> Result<HashMap<i64, Named>> {
        let query = "SELECT id, type, entitlement_id, name, first_run FROM entitlements WHERE source = ?1";
        sql::all(&self.connection, query, [self.source], |row| {
            let key = EntitlementRef::new(row.get::<_, String>(1)?, row.get::<_, String>(2)?);
            let read: Option<i64> = row.get(4)?;
            let name = if read.is_some() { Some(row.get(3)?) } else { None };
            Ok((row.get(0)?, Named { key, name }))
        })
    }

    /// The row of the entitlement written as `TYPE/ID` or `TYPE/NAME`. Like in a plan, a technical name takes precedence over
    /// the name that people see, and case does not count unless it tells two apart.
    pub(super) fn entitlement_row(&self, written: &str) -> Result<i64> {
        let Some((entitlement_type, id)) = written.split_once('/') else {
            return Err(Error::new(ErrorKind::Definition, format!("`{written}` is not an entitlement"))
                .with_help("write `TYPE/ID` or `TYPE/NAME`, for example `profile/Standard User`"));
        };
        let by_id = sql::first(
            &self.connection,
            "SELECT id FROM entitlements
                 WHERE source = ?1 AND type = ?2 AND entitlement_id = ?3 AND removed_run IS NULL",
            params![self.source, entitlement_type, id],
            |row| row.get(0),
        )?;
        if let Some(row) = by_id {
            return Ok(row);
        }
        // A plan may use these names, too: any attribute that is a name, in any case.
        let is_text = self.connection.dialect().pick(
            "type = 'text' AND value = ?3 COLLATE NOCASE",
            "json_typeof(value) = 'string' AND value #>> '{}' = ?3 COLLATE NOCASE",
        );
        let named: Vec<Candidate> = sql::all(
            &self.connection,
            &format!(
                "SELECT * FROM (
                     SELECT id, entitlement_id, name = ?3 COLLATE BINARY AS exact, EXISTS (
                         SELECT 1 FROM json_each(attributes) WHERE key LIKE '%name' AND {is_text}) AS technical, name
                     FROM entitlements
                     WHERE source = ?1 AND type = ?2 AND first_run IS NOT NULL AND removed_run IS NULL) found
                 WHERE technical OR name = ?3 COLLATE NOCASE"
            ),
            params![self.source, entitlement_type, id],
            |row| Ok(Candidate { row: row.get(0)?, id: row.get(1)?, exact: row.get(2)?, technical: row.get(3)? }),
        )?;
        let only = |wanted: fn(&Candidate) -> bool| {
            let mut found = named.iter().filter(|one| wanted(one));
            found.next().filter(|_| found.next().is_none()).map(|one| one.row)
        };
        if let Some(row) = only(|one| one.technical).or_else(|| only(|one| one.exact)).or_else(|| only(|_| true)) {
            return Ok(row);
        }
        if !named.is_empty() {
            let ids: Vec<_> = named.iter().take(MOST_CANDIDATES).map(|one| one.id.as_str()).collect();
            return Err(Error::new(ErrorKind::Conflict, format!("several entitlements are called `{written}`"))
                .with_help(format!("name one by its id: {}", ids.join(", "))));
        }
        let by_beginning: Vec<i64> = sql::all(
            &self.connection,
            "SELECT id FROM entitlements WHERE source = ?1 AND type = ?2 AND length(?3) >= ?4
                 AND substr(entitlement_id, 1, length(?3)) = ?3 AND removed_run IS NULL LIMIT 2",
            params![self.source, entitlement_type, id, SHORTEST_BEGINNING],
            |row| row.get(0),
        )?;
        match by_beginning[..] {
            [row] => Ok(row),
            _ => Err(self.no_entitlement(written, entitlement_type)?),
        }
    }

    fn no_entitlement(&self, written: &str, entitlement_type: &str) -> Result<Error> {
        let types: Vec<String> = sql::all(
            &self.connection,
            "SELECT DISTINCT type FROM entitlements WHERE source = ?1 ORDER BY type",
            [self.source],
            |row| row.get(0),
        )?;
        let help = if types.iter().any(|known| known == entitlement_type) || types.is_empty() {
            format!("`connector entitlements {}` lists them", shell_word(&self.name))
        } else {
            format!("the types of this source are {}", types.join(", "))
        };
        Ok(Error::new(ErrorKind::NotFound, format!("`{}` has no entitlement `{written}`", self.name)).with_help(help))
    }

    /// The history of a row, oldest event first.
    pub(super) fn past(&self, step: Step, row: i64, life: &Lifetime) -> Result<Vec<PastChange>> {
        if life.changed.is_none() && life.added == life.first {
            return Ok(Vec::new());
        }
        sql::all(
            &self.connection,
            "SELECT run, before, removed_run FROM changes WHERE source = ?1 AND kind = ?2 AND row = ?3 ORDER BY run",
            params![self.source, step.name(), row],
            |row| Ok(PastChange { run: row.get(0)?, before: row.get(1)?, removed: row.get(2)? }),
        )
    }

    /// The run of this source with this id, or with an id that begins with it if only one does.
    pub(super) fn run(&self, id: &str) -> Result<StoredRun> {
        run_by_id(&self.connection, id, Some(self.source))
    }

    pub(super) fn no_account(&self, id_or_name: &str) -> Error {
        Error::new(ErrorKind::NotFound, format!("`{}` has no account `{id_or_name}`", self.name)).with_help(format!(
            "use its id or its name; `connector accounts {}` lists them, with `--removed` those that are gone",
            self.name
        ))
    }
}

/// The run with this id, or with an id that begins with it if only one does.
pub(super) fn run_by_id(connection: &Connection, id: &str, source: Option<i64>) -> Result<StoredRun> {
    let id = id.to_ascii_uppercase();
    // ULIDs are uppercase letters and digits: `~` sorts after all of them.
    let mut found = select_runs(
        connection,
        "WHERE r.id >= ?1 AND r.id < ?1 || '~' AND (CAST(?2 AS BIGINT) IS NULL OR r.source = ?2) ORDER BY r.number LIMIT 2",
        params![id, source],
    )?;
    match (found.pop(), found.is_empty()) {
        (Some(run), true) if !id.is_empty() => Ok(run),
        (Some(_), _) => {
            Err(Error::new(ErrorKind::Conflict, format!("several runs have an id that begins with `{id}`"))
                .with_help("write more of it; `connector runs` lists them"))
        }
        (None, _) => {
            Err(Error::new(ErrorKind::NotFound, format!("there is no run `{id}`"))
                .with_help("`connector runs` lists them"))
        }
    }
}

/// Reads `account_id, name, display_name, enabled, locked, attributes, kind, owner, alias` from the first column on.
pub(crate) fn account_from_row(row: &Row<'_>) -> connector_sql::Result<Account> {
    let mut account = Account::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?);
    account.display_name = row.get(2)?;
    account.enabled = row.get(3)?;
    account.locked = row.get(4)?;
    account.attributes = connector_store::attributes(row, 5)?;
    account.kind = account_kind(row, 6)?;
    account.owner = row.get(7)?;
    account.alias = row.get(8)?;
    Ok(account)
}

/// A reference whose type is shared instead of copied.
pub(super) fn key_of(named: Option<&Named>) -> EntitlementRef {
    named.map_or_else(|| EntitlementRef::new(Cow::Borrowed("unknown"), ""), |named| named.key.clone())
}
