//! Copies a store, and proves that the copy has the same rows.

use super::fault::fault;
use super::open::Store;
use super::sql;
use connector_core::{Error, ErrorKind, Result};
use connector_sql::{Column, Connection, Row, ValueRef, params_from_iter};
use rusqlite::types::Value;
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_128;

/// Rows that are written at once.
const ROWS_AT_ONCE: usize = 2_000;

/// What a store consists of. Locks, workers and jobs are not copied: they belong to processes.
const TABLES: [&str; 30] = [
    "sources",
    "runs",
    "warnings",
    "skipped",
    "incomplete",
    "frontier",
    "seen",
    "gone",
    "counted",
    "counted_types",
    "waiting_assignments",
    "unresolved_holders",
    "accounts",
    "account_names",
    "external_ids",
    "entitlements",
    "assignments",
    "changes",
    "removals",
    "holder_counts",
    "plans",
    "operations",
    "rotations",
    "rotation_steps",
    "identity_state",
    "identity_sources",
    "identity_accounts",
    "identity_values",
    "identity_links",
    "identity_refusals",
];

/// A table that was copied, as both stores have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CopiedTable {
    /// Its name.
    pub name: &'static str,
    /// How many rows it has.
    pub rows: u64,
    /// The hash of all rows, in any order.
    pub hash: String,
}

/// What the rows of a table come to. The order does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    rows: u64,
    hash: u128,
}

/// Copies everything from one store into another, which must be empty. Both have the same rows then, or the other one
/// has none: it is read back and compared before anything of it counts.
///
/// Fails with kind `guard` if the other store is not empty.
pub fn copy(from: &Store, to: &Store) -> Result<Vec<CopiedTable>> {
    let (source, target) = (from.reader()?, to.writer()?);
    let transaction = sql::begin(&target)?;
    let has_history = "SELECT EXISTS (SELECT 1 FROM sources) OR EXISTS (SELECT 1 FROM runs)";
    if sql::one(&transaction, has_history, [], |row| row.get(0))? {
        return Err(Error::new(ErrorKind::Guard, format!("the store `{}` has a history already", to.place()))
            .with_help("name a store that does not exist yet, or an empty database"));
    }
    let mut copied = Vec::new();
    for name in TABLES {
        let columns = columns(&transaction, name)?;
        let there = copy_table(&source, &transaction, name, &columns)?;
        if let Some(key) = numbered(&transaction, name)? {
            let next = format!(
                "SELECT setval(pg_get_serial_sequence('{name}', '{key}'), (SELECT coalesce(max({key}), 0) + 1 FROM {name}), false)"
            );
            sql::one(&transaction, &next, [], |_| Ok(()))?;
        }
        let here = sum(&transaction, name, &columns)?;
        if here != there {
            let message = format!(
                "the copy of `{name}` has {} rows with hash {:032x}, but it should have {} with {:032x}; nothing was copied",
                here.rows, here.hash, there.rows, there.hash
            );
            return Err(
                Error::new(ErrorKind::Internal, message).with_help("check both stores with `connector store check`")
            );
        }
        copied.push(CopiedTable { name, rows: here.rows, hash: format!("{:032x}", here.hash) });
    }
    sql::commit(transaction)?;
    Ok(copied)
}

/// The columns of a table, with their types on a server.
fn columns(connection: &Connection, table: &str) -> Result<Vec<(String, Column)>> {
    let query = connection.dialect().pick(
        "SELECT name, '' FROM pragma_table_info(?1) ORDER BY name",
        "SELECT column_name::text, data_type::text FROM information_schema.columns
         WHERE table_name = ?1 AND table_schema = current_schema() ORDER BY 1",
    );
    sql::all(connection, query, [table], |row| {
        let kind: String = row.get(1)?;
        let column = match kind.as_str() {
            "bigint" => Column::Integer,
            "boolean" => Column::Truth,
            "json" => Column::Json,
            "bytea" => Column::Bytes,
            _ => Column::Text,
        };
        Ok((row.get(0)?, column))
    })
}

/// The column that a server numbers, if it does.
fn numbered(connection: &Connection, table: &str) -> Result<Option<String>> {
    if connection.postgres().is_none() {
        return Ok(None);
    }
    let query = "SELECT column_name::text FROM information_schema.columns
         WHERE table_name = ?1 AND table_schema = current_schema() AND is_identity = 'YES'";
    sql::first(connection, query, [table], |row| row.get(0))
}

fn list(columns: &[(String, Column)]) -> String {
    columns.iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

fn values(row: &Row<'_>) -> connector_sql::Result<Vec<Value>> {
    (0..row.width()).map(|column| row.get(column)).collect()
}

/// Copies the rows of a table; returns what they come to.
fn copy_table(from: &Connection, to: &Connection, table: &str, columns: &[(String, Column)]) -> Result<Sum> {
    let mut sum = Sum::default();
    let mut portion: Vec<Vec<Value>> = Vec::new();
    sql::each(from, &format!("SELECT {} FROM {table}", list(columns)), [], values, |row| {
        sum.add(&row);
        portion.push(row);
        if portion.len() >= ROWS_AT_ONCE {
            write(to, table, columns, &portion)?;
            portion.clear();
        }
        Ok(())
    })?;
    write(to, table, columns, &portion)?;
    Ok(sum)
}

fn write(to: &Connection, table: &str, columns: &[(String, Column)], rows: &[Vec<Value>]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    if let Some(server) = to.postgres() {
        let types: Vec<Column> = columns.iter().map(|(_, column)| *column).collect();
        let rows = rows.iter().map(|row| Ok(row.iter().map(ValueRef::from).collect()));
        return server.copy(&format!("{table} ({})", list(columns)), &types, rows).map_err(fault);
    }
    let places: Vec<_> = (1..=columns.len()).map(|place| format!("?{place}")).collect();
    let insert = format!("INSERT INTO {table} ({}) VALUES ({})", list(columns), places.join(", "));
    rows.iter().try_for_each(|row| sql::execute(to, &insert, params_from_iter(row)).map(drop))
}

fn sum(connection: &Connection, table: &str, columns: &[(String, Column)]) -> Result<Sum> {
    let mut sum = Sum::default();
    sql::each(connection, &format!("SELECT {} FROM {table}", list(columns)), [], values, |row| {
        sum.add(&row);
        Ok(())
    })?;
    Ok(sum)
}

impl Sum {
    fn add(&mut self, row: &[Value]) {
        let mut bytes = Vec::new();
        for value in row {
            let (kind, value): (u8, &[u8]) = match value {
                Value::Null => (0, &[]),
                Value::Integer(number) => (1, &number.to_be_bytes()),
                Value::Real(number) => (2, &number.to_be_bytes()),
                Value::Text(text) => (3, text.as_bytes()),
                Value::Blob(blob) => (4, blob),
            };
            bytes.push(kind);
            bytes.extend((value.len() as u64).to_be_bytes());
            bytes.extend(value);
        }
        self.rows += 1;
        self.hash = self.hash.wrapping_add(xxh3_128(&bytes));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::{TABLES, copy};
    use crate::{Store, sql};

    #[test]
    fn no_table_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("store.db")).unwrap();
        let query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'
             AND name <> 'refinery_schema_history' ORDER BY name";
        let all: Vec<String> = sql::all(&store.reader().unwrap(), query, [], |row| row.get(0)).unwrap();
        let mut copied = TABLES.to_vec();
        copied.sort_unstable();
        assert_eq!(copied, all);
    }

    #[test]
    fn a_copy_has_the_same_rows_and_no_other_store_is_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let store = |name: &str| Store::open(folder.path().join(name)).unwrap();
        let (from, to) = (store("from.db"), store("to.db"));
        let insert = "INSERT INTO sources (name, quiet) VALUES ('directory', '{}') RETURNING id";
        sql::insert(&from.writer().unwrap(), insert, []).unwrap();
        let copied = copy(&from, &to).unwrap();
        assert_eq!(copied.iter().map(|table| table.rows).sum::<u64>(), 1);
        assert_eq!(copy(&to, &store("again.db")).unwrap(), copied);
        let error = copy(&from, &to).unwrap_err();
        assert!(error.message().contains("has a history already"), "{error}");
    }
}
