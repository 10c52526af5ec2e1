//! Runs SQL statements.

use super::fault::fault;
use connector_core::Result;
use connector_sql::{Connection, Dialect, OptionalExtension, Params, Row, Transaction};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How long a job commits one transaction after another before it lets others write, and for how long: others look often enough
/// to find the store free.
const TURN: Duration = Duration::from_millis(200);
const BREAK: Duration = Duration::from_millis(5);

/// Lets others write between two transactions of a job that writes all the time. `since` is when they could do so last. Without
/// this, they would hardly ever find a file free; a server lets all write at the same time.
pub(super) fn let_others_write(connection: &Connection, since: &mut Instant) {
    if connection.dialect() == Dialect::Sqlite && since.elapsed() >= TURN {
        std::thread::sleep(BREAK);
        *since = Instant::now();
    }
}

/// Runs a statement; returns how many rows it changed.
pub fn execute(connection: &Connection, statement: &str, parameters: impl Params) -> Result<usize> {
    connection.prepare_cached(statement).and_then(|mut statement| statement.execute(parameters)).map_err(fault)
}

/// Inserts a row with a statement that ends with `RETURNING` and its number; returns that number.
pub fn insert(connection: &Connection, statement: &str, parameters: impl Params) -> Result<i64> {
    one(connection, statement, parameters, |row| row.get(0))
}

/// A statement that inserts a row, or nothing if there is one already.
#[derive(Debug)]
pub(super) struct InsertNew {
    statement: &'static str,
    returning: String,
}

impl InsertNew {
    /// A statement without `RETURNING`, into a table whose number is `id`.
    pub(super) fn new(statement: &'static str) -> Self {
        Self { statement, returning: format!("{statement} RETURNING id") }
    }
}

/// Inserts a row; returns its number, or `None` if there is one already. In a file, `RETURNING` costs more than the row: SQLite
/// keeps what it returns in a table of its own, and copies of the pages that it changes.
pub(super) fn insert_new(connection: &Connection, insert: &InsertNew, parameters: impl Params) -> Result<Option<i64>> {
    match connection.sqlite() {
        Some(file) => {
            let inserted = execute(connection, insert.statement, parameters)?;
            Ok((inserted == 1).then(|| file.last_insert_rowid()))
        }
        None => first(connection, &insert.returning, parameters, |row| row.get(0)),
    }
}

/// Runs statements without parameters, pragmas among them.
pub fn batch(connection: &Connection, statements: &str) -> Result<()> {
    connection.execute_batch(statements).map_err(fault)
}

/// The only row of a query.
pub fn one<T>(
    connection: &Connection,
    query: &str,
    parameters: impl Params,
    read: impl FnOnce(&Row<'_>) -> connector_sql::Result<T>,
) -> Result<T> {
    connection.prepare_cached(query).and_then(|mut statement| statement.query_row(parameters, read)).map_err(fault)
}

/// The first row of a query, if it has one.
pub fn first<T>(
    connection: &Connection,
    query: &str,
    parameters: impl Params,
    read: impl FnOnce(&Row<'_>) -> connector_sql::Result<T>,
) -> Result<Option<T>> {
    connection
        .prepare_cached(query)
        .and_then(|mut statement| statement.query_row(parameters, read).optional())
        .map_err(fault)
}

/// All rows of a query that has few.
pub fn all<C: FromIterator<T>, T>(
    connection: &Connection,
    query: &str,
    parameters: impl Params,
    read: impl FnMut(&Row<'_>) -> connector_sql::Result<T>,
) -> Result<C> {
    connection
        .prepare_cached(query)
        .and_then(|mut statement| statement.query_map(parameters, read)?.collect())
        .map_err(fault)
}

/// Calls `then` with each row of a query, one after the other.
pub fn each<T>(
    connection: &Connection,
    query: &str,
    parameters: impl Params,
    read: impl FnMut(&Row<'_>) -> connector_sql::Result<T>,
    mut then: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    until(connection, query, parameters, read, |row| then(row).map(ControlFlow::Continue))
}

/// Calls `then` with each row of a query until it stops.
pub fn until<T>(
    connection: &Connection,
    query: &str,
    parameters: impl Params,
    mut read: impl FnMut(&Row<'_>) -> connector_sql::Result<T>,
    mut then: impl FnMut(T) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let mut statement = connection.prepare_cached(query).map_err(fault)?;
    let mut rows = statement.query(parameters).map_err(fault)?;
    while let Some(row) = rows.next().map_err(fault)? {
        if then(read(&row).map_err(fault)?)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// From now on, `stop` ends each statement of the connection with kind `cancelled`; nothing does without it.
pub fn stop_with(connection: &Connection, stop: Option<CancellationToken>) -> Result<()> {
    connection.stop_with(stop).map_err(fault)
}

/// Begins a write transaction.
pub fn begin(connection: &Connection) -> Result<Transaction<'_>> {
    connection.transaction().map_err(fault)
}

/// Commits a transaction.
pub fn commit(transaction: Transaction<'_>) -> Result<()> {
    transaction.commit().map_err(fault)?;
    tracing::trace!("committed");
    Ok(())
}

/// Does all of the work in one write transaction, or nothing.
pub fn atomically<T>(connection: &Connection, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let transaction = begin(connection)?;
    let done = work()?;
    commit(transaction)?;
    Ok(done)
}
