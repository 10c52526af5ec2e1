//! Proves that a store is sound.

use connector_core::Result;
use connector_sql::{Connection, Dialect, Row};
use connector_store::{Store, sql};
use serde::Serialize;

/// Something that must not be so in a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flaw {
    /// What does not hold: `file`, `reference`, `run`, `count`, `frontier` or `name`.
    pub rule: String,
    /// What is wrong, for the user.
    pub message: String,
}

const DAMAGE: &str =
    "SELECT 'file', integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok' LIMIT 20";

/// SQLite checks the declared references only on request.
const REFERENCES: &str =
    "SELECT 'reference', printf('%d rows of the table `%s` name rows of `%s` that do not exist', count(*), \"table\", parent)
     FROM pragma_foreign_key_check GROUP BY \"table\", parent";

/// The same references, which PostgreSQL does not know: tables with a column and what it names.
const REFERRING: [(&str, &str, &str, &str); 21] = [
    ("runs", "source", "sources", "id"),
    ("warnings", "run", "runs", "number"),
    ("skipped", "run", "runs", "number"),
    ("frontier", "run", "runs", "number"),
    ("seen", "run", "runs", "number"),
    ("accounts", "source", "sources", "id"),
    ("account_names", "source", "sources", "id"),
    ("entitlements", "source", "sources", "id"),
    ("assignments", "source", "sources", "id"),
    ("changes", "source", "sources", "id"),
    ("plans", "source", "sources", "id"),
    ("operations", "plan", "plans", "number"),
    ("rotations", "source", "sources", "id"),
    ("rotation_steps", "rotation", "rotations", "number"),
    ("incomplete", "run", "runs", "number"),
    ("unresolved_holders", "run", "runs", "number"),
    ("gone", "run", "runs", "number"),
    ("removals", "run", "runs", "number"),
    ("waiting_assignments", "run", "runs", "number"),
    ("counted", "run", "runs", "number"),
    ("counted_types", "run", "runs", "number"),
];

/// Checks the file and what the tables say about each other. Changes nothing. A store with an unfinished run is sound, too.
pub fn check(store: &Store) -> Result<Vec<Flaw>> {
    let connection = store.reader()?;
    if connection.dialect() == Dialect::Sqlite {
        let damage = flaws(&connection, DAMAGE)?;
        // What a damaged file says is not worth a second look.
        if !damage.is_empty() {
            return Ok(damage);
        }
    }
    let mut found = match connection.dialect() {
        Dialect::Sqlite => flaws(&connection, REFERENCES)?,
        Dialect::Postgres => references(&connection)?,
    };
    let rules = include_str!("check.sql");
    let rules = connection.dialect().pick(rules.to_owned(), rules.replace("printf(", "format(").replace("%d", "%s"));
    found.extend(flaws(&connection, &rules)?);
    Ok(found)
}

fn flaws(connection: &Connection, query: &str) -> Result<Vec<Flaw>> {
    sql::all(connection, query, [], |row: &Row<'_>| Ok(Flaw { rule: row.get(0)?, message: row.get(1)? }))
}

fn references(connection: &Connection) -> Result<Vec<Flaw>> {
    let mut found = Vec::new();
    for (table, column, parent, key) in REFERRING {
        let query = format!(
            "SELECT count(*) FROM {table} t WHERE t.{column} IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE p.{key} = t.{column})"
        );
        let count: i64 = sql::one(connection, &query, [], |row| row.get(0))?;
        if count > 0 {
            let message = format!("{count} rows of the table `{table}` name rows of `{parent}` that do not exist");
            found.push(Flaw { rule: "reference".to_owned(), message });
        }
    }
    Ok(found)
}
