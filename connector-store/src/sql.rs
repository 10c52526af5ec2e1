//! Runs SQL statements. Only this file converts an error of SQLite into one for the user.

use connector_core::{Error, ErrorKind, Result};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Params, Row, Transaction, TransactionBehavior};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How many instructions of SQLite run between two looks at whether to stop: less than a millisecond.
const INSTRUCTIONS_BETWEEN_LOOKS: i32 = 1_000;

/// How long to wait for another program that holds a store, and how long between two looks.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(2);

/// How long a job commits one transaction after another before it lets others write, and for how long: others look often enough
/// to find the store free.
const TURN: Duration = Duration::from_millis(200);
const BREAK: Duration = Duration::from_millis(5);

type Watch = dyn Fn(Duration) -> bool + Send + Sync;

/// SQLite gives a wait no value of the caller, so what watches it is the process's.
static WATCH: Mutex<Option<Arc<Watch>>> = Mutex::new(None);

/// From now on, `goes_on` decides in this process whether to go on waiting for another program that holds a store. It gets
/// how long the wait has lasted.
pub fn watch_waits(goes_on: impl Fn(Duration) -> bool + Send + Sync + 'static) {
    *WATCH.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(goes_on));
}

fn goes_on(waited: Duration) -> bool {
    let watch = WATCH.lock().unwrap_or_else(PoisonError::into_inner).clone();
    watch.is_none_or(|watch| watch(waited))
}

/// Waits for another program that holds the store; false ends the wait.
pub(super) fn wait(tries: i32) -> bool {
    let waited = PAUSE * tries.unsigned_abs();
    let waits = waited < LONGEST_WAIT && goes_on(waited);
    if waits {
        std::thread::sleep(PAUSE);
    }
    waits
}

/// Lets others write between two transactions of a job that writes all the time. `since` is when they could do so last. Without
/// this, they would hardly ever find the store free.
pub(super) fn let_others_write(since: &mut Instant) {
    if since.elapsed() >= TURN {
        std::thread::sleep(BREAK);
        *since = Instant::now();
    }
}

/// Runs a statement; returns how many rows it changed.
pub fn execute(connection: &Connection, statement: &str, parameters: impl Params) -> Result<usize> {
    connection.prepare_cached(statement).and_then(|mut statement| statement.execute(parameters)).map_err(fault)
}

/// Inserts a row; returns its number.
pub fn insert(connection: &Connection, statement: &str, parameters: impl Params) -> Result<i64> {
    connection.prepare_cached(statement).and_then(|mut statement| statement.insert(parameters)).map_err(fault)
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
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<T> {
    connection.prepare_cached(query).and_then(|mut statement| statement.query_row(parameters, read)).map_err(fault)
}

/// The first row of a query, if it has one.
pub fn first<T>(
    connection: &Connection,
    query: &str,
    parameters: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
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
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
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
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    mut then: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    until(connection, query, parameters, read, |row| then(row).map(ControlFlow::Continue))
}

/// Calls `then` with each row of a query until it stops.
pub fn until<T>(
    connection: &Connection,
    query: &str,
    parameters: impl Params,
    mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    mut then: impl FnMut(T) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let mut statement = connection.prepare_cached(query).map_err(fault)?;
    let mut rows = statement.query(parameters).map_err(fault)?;
    while let Some(row) = rows.next().map_err(fault)? {
        if then(read(row).map_err(fault)?)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// From now on, `stop` ends each statement of the connection with kind `cancelled`; nothing does without it.
pub fn stop_with(connection: &Connection, stop: Option<CancellationToken>) -> Result<()> {
    let handler = stop.map(|stop| move || stop.is_cancelled());
    connection.progress_handler(INSTRUCTIONS_BETWEEN_LOOKS, handler).map_err(fault)
}

/// Begins a write transaction.
pub fn begin(connection: &mut Connection) -> Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)
}

/// Commits a transaction.
pub fn commit(transaction: Transaction<'_>) -> Result<()> {
    transaction.commit().map_err(fault)?;
    tracing::trace!("committed");
    Ok(())
}

/// Does all of the work in one write transaction, or nothing.
pub fn atomically<T>(connection: &Connection, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate).map_err(fault)?;
    let done = work()?;
    commit(transaction)?;
    Ok(done)
}

/// Converts an error of SQLite into one for the user.
pub fn fault(cause: rusqlite::Error) -> Error {
    if cause.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) {
        return Error::new(ErrorKind::Cancelled, "stopped while the store was compared with what was read");
    }
    let (message, help) = match cause.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) if !goes_on(Duration::ZERO) => {
            return Error::new(ErrorKind::Cancelled, "stopped while another program held the store");
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            "the store is busy: another program keeps it locked".to_owned(),
            Some("end the transaction of the other program, such as an SQL client, and run the command again"),
        ),
        Some(ErrorCode::DiskFull) => {
            ("there is no room left on the disk of the store".to_owned(), Some("free some room and run it again"))
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            (format!("the store can't be written: {cause}"), Some("check who owns the store's file and folder"))
        }
        Some(ErrorCode::OperationInterrupted | ErrorCode::OperationAborted | ErrorCode::OutOfMemory) => {
            (format!("the store failed: {cause}"), Some("run the command again"))
        }
        // SQLite does not always say that the disk is full: an index in shared memory that can't grow is an I/O error.
        Some(ErrorCode::SystemIoFailure) if is_write(&cause) => (
            format!("the store can't be written: {cause}"),
            Some("check that the disk of the store is not full, and run the command again"),
        ),
        Some(ErrorCode::SystemIoFailure) => (format!("the store can't be read or written: {cause}"), Some(DAMAGED)),
        _ => match &cause {
            rusqlite::Error::FromSqlConversionFailure(_, _, why) if !why.is::<std::str::Utf8Error>() => (
                format!("the store holds a value that can't be read: {why}"),
                Some("if a newer version of this program wrote to the store, update this one"),
            ),
            // Its text has the whole statement, which helps nobody.
            rusqlite::Error::SqlInputError { msg, .. } => {
                return Error::new(ErrorKind::Internal, format!("the store is damaged or is not a store: {msg}"))
                    .with_help(DAMAGED);
            }
            _ => (format!("the store is damaged or is not a store: {cause}"), Some(DAMAGED)),
        },
    };
    let error = Error::new(ErrorKind::Internal, message).with_cause(cause);
    match help {
        Some(help) => error.with_help(help),
        None => error,
    }
}

/// Whether an I/O error came from writing: data, or the size of a file.
fn is_write(cause: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_FSYNC, SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE};
    cause.sqlite_error().is_some_and(|error| {
        [SQLITE_IOERR_WRITE, SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_FSYNC]
            .contains(&error.extended_code)
    })
}

/// What to do with a damaged store. Only the accounts can be read again.
const DAMAGED: &str = "keep a copy of the file, because it also has the history and the journal of provisioning; \
    `sqlite3 FILE .recover` shows what can be saved. If you move the file away, the next aggregation creates a new one";
