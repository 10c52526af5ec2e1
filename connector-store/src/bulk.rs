//! Writes many new rows at once, the fastest way that each database has.

use super::fault::fault;
use super::key::Key;
use connector_core::Result;
use connector_sql::{Column, Connection, Server, ValueRef};
use std::sync::LazyLock;

/// How many rows a statement writes into a file.
const ROWS_OF_INSERT: usize = 32;
const COLUMNS_OF_KEY: usize = 6;
const COLUMNS_OF_NAME: usize = 2;

/// Writes assignments into a file. Each has its key and its number among the parameters.
static INSERT_MANY: LazyLock<String> = LazyLock::new(|| insert_assignments(ROWS_OF_INSERT));
static INSERT_ONE: LazyLock<String> = LazyLock::new(|| insert_assignments(1));

/// Writes names of accounts into a file.
static INSERT_NAMES: LazyLock<String> = LazyLock::new(|| insert_names(ROWS_OF_INSERT));
static INSERT_NAME: LazyLock<String> = LazyLock::new(|| insert_names(1));

fn insert_assignments(rows: usize) -> String {
    // Without a copy of the pages for the case that a row fails: then the transaction ends.
    format!(
        "INSERT OR FAIL INTO assignments (source, account, entitlement, holder, through, inline, id, first_run, added_run)
         VALUES {}",
        values(rows, 3, COLUMNS_OF_KEY, |key| format!("(?1, {key}, ?2, ?2)"))
    )
}

fn insert_names(rows: usize) -> String {
    let values = values(rows, 2, COLUMNS_OF_NAME, |name| format!("(?1, {name})"));
    format!("INSERT OR IGNORE INTO account_names (source, name, account) VALUES {values}")
}

/// The values of so many rows; `row` writes one with the places of its own columns. The first of all is `first`.
fn values(rows: usize, first: usize, columns: usize, row: impl Fn(&str) -> String) -> String {
    let rows = (0..rows).map(|number| {
        let first = first + number * columns;
        let places: Vec<_> = (first..first + columns).map(|place| format!("?{place}")).collect();
        row(&places.join(", "))
    });
    rows.collect::<Vec<_>>().join(", ")
}

/// Adds names of accounts that the table may have already.
pub(super) fn insert_names_of(connection: &Connection, source: i64, names: &[(&str, i64)]) -> Result<()> {
    let written = match (connection.sqlite(), connection.postgres()) {
        (Some(file), _) => names_into_file(file, source, names).map_err(Into::into),
        (None, Some(server)) => names_to_server(server, source, names),
        (None, None) => Ok(()),
    };
    written.map_err(fault)
}

fn names_into_file(file: &rusqlite::Connection, source: i64, names: &[(&str, i64)]) -> rusqlite::Result<()> {
    let (many, single) = names.as_chunks::<ROWS_OF_INSERT>();
    for group in many.iter().map(<[_; ROWS_OF_INSERT]>::as_slice).chain(single.chunks(1)) {
        let statement = if group.len() == 1 { &INSERT_NAME } else { &INSERT_NAMES };
        let mut insert = file.prepare_cached(statement.as_str())?;
        insert.raw_bind_parameter(1, source)?;
        for (place, (name, account)) in (2..).step_by(COLUMNS_OF_NAME).zip(group) {
            insert.raw_bind_parameter(place, name)?;
            insert.raw_bind_parameter(place + 1, account)?;
        }
        insert.raw_execute()?;
    }
    Ok(())
}

fn names_to_server(server: &Server, source: i64, names: &[(&str, i64)]) -> connector_sql::Result<()> {
    let (names, accounts): (Vec<&str>, Vec<i64>) = names.iter().copied().unzip();
    let insert = "INSERT INTO account_names (source, name, account)
         SELECT $1, name, account FROM unnest($2::text[], $3::bigint[]) AS new (name, account) ON CONFLICT DO NOTHING";
    server.execute(insert, &[&source, &names, &accounts]).map(drop)
}

/// Writes assignments without values of their own that the table does not have. They are numbered from `first` on.
pub(super) fn insert_plain(connection: &Connection, source: i64, run: i64, first: i64, keys: &[Key<'_>]) -> Result<()> {
    let written = match (connection.sqlite(), connection.postgres()) {
        (Some(file), _) => insert_into_file(file, source, run, first, keys).map_err(Into::into),
        (None, Some(server)) => copy_to_server(server, source, run, first, keys),
        (None, None) => Ok(()),
    };
    written.map_err(fault)
}

fn insert_into_file(
    file: &rusqlite::Connection,
    source: i64,
    run: i64,
    first: i64,
    keys: &[Key<'_>],
) -> rusqlite::Result<()> {
    let (mut id, (many, single)) = (first, keys.as_chunks::<ROWS_OF_INSERT>());
    let groups = many.iter().map(<[_; ROWS_OF_INSERT]>::as_slice).chain(single.chunks(1));
    for group in groups {
        let statement = if group.len() == 1 { &INSERT_ONE } else { &INSERT_MANY };
        let mut insert = file.prepare_cached(statement.as_str())?;
        insert.raw_bind_parameter(1, source)?;
        insert.raw_bind_parameter(2, run)?;
        let mut place = 3;
        for Key { account, entitlement, holder, through, inline } in group {
            insert.raw_bind_parameter(place, account)?;
            for (more, number) in (1..).zip([*entitlement, *holder, *through, i64::from(*inline), id]) {
                insert.raw_bind_parameter(place + more, number)?;
            }
            place += COLUMNS_OF_KEY;
            id += 1;
        }
        insert.raw_execute()?;
    }
    Ok(())
}

fn copy_to_server(server: &Server, source: i64, run: i64, first: i64, keys: &[Key<'_>]) -> connector_sql::Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let columns: Vec<Column> = [Column::Integer, Column::Text].into_iter().chain([Column::Integer; 7]).collect();
    let rows = (first..).zip(keys).map(|(id, key)| {
        let numbers = [key.entitlement, key.holder, key.through, i64::from(key.inline), id, run, run];
        let start = [ValueRef::Integer(source), ValueRef::Text(key.account.as_bytes())];
        Ok(start.into_iter().chain(numbers.map(ValueRef::Integer)).collect())
    });
    let into = "assignments (source, account, entitlement, holder, through, inline, id, first_run, added_run)";
    server.copy(into, &columns, rows)
}
