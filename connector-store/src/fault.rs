//! Only this file converts an error of a database into one for the user.

use super::waits::goes_on;
use connector_core::{Error, ErrorKind};
use connector_sql::{Error as SqlError, PostgresError};
use rusqlite::ErrorCode;
use std::error::Error as _;
use std::time::Duration;

const BUSY: &str = "end the transaction of the other program, such as an SQL client, and run the command again";
const ROOM: &str = "free some room and run it again";
const UPDATE: &str = "if a newer version of this program wrote to the store, update this one";

/// Converts an error of a database into one for the user.
pub fn fault(cause: SqlError) -> Error {
    match cause {
        SqlError::Stopped => stopped(),
        SqlError::Connect(message, help) => Error::new(ErrorKind::Unavailable, message).with_help(help),
        SqlError::FromSqlConversionFailure(_, _, why) if !why.is::<std::str::Utf8Error>() => {
            Error::new(ErrorKind::Internal, format!("the store holds a value that can't be read: {why}"))
                .with_help(UPDATE)
        }
        SqlError::Postgres(cause) => of_postgres(cause),
        SqlError::Sqlite(cause) => of_sqlite(cause),
        cause => Error::new(ErrorKind::Internal, format!("the store is damaged or is not a store: {cause}"))
            .with_help(DAMAGED)
            .with_cause(cause),
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::Cancelled, "stopped while the store was compared with what was read")
}

fn of_postgres(cause: PostgresError) -> Error {
    let Some(answer) = cause.as_db_error() else {
        let why = cause.source().map_or_else(|| cause.to_string(), ToString::to_string);
        let (message, help) = if cause.is_closed() || why.contains("closed") || why.contains("reset") {
            (
                format!("the connection to the store ended: {why}"),
                "check that the server of the store runs, and run the command again",
            )
        } else {
            (format!("the store can't keep a value: {why}"), "keep the store of this source in a file")
        };
        return Error::new(ErrorKind::Internal, message).with_help(help).with_cause(cause);
    };
    let why = answer.message().to_owned();
    let (message, help) = match answer.code().code() {
        "57014" => return stopped(),
        "55P03" | "40P01" | "40001" => ("the store is busy: another program keeps it locked".to_owned(), BUSY),
        "53100" => ("there is no room left on the disk of the store".to_owned(), ROOM),
        "54000" => (
            format!("the store can't keep a value: {why}"),
            "PostgreSQL can't keep a name or an id of more than 2,700 bytes",
        ),
        "22021" => {
            (format!("the store can't keep a value: {why}"), "PostgreSQL can't keep a text with a NUL character in it")
        }
        "42501" | "25006" => {
            (format!("the store can't be written: {why}"), "grant the user of the store all rights on its tables")
        }
        "57P01" | "57P02" | "57P03" | "53300" => {
            (format!("the server of the store ends or has no room: {why}"), "run the command again when it is ready")
        }
        "42P01" | "42703" => {
            (format!("the store is damaged or is not a store: {why}"), "restore the tables from a backup")
        }
        code => (format!("the store failed: {why} (SQLSTATE {code})"), "run the command again"),
    };
    Error::new(ErrorKind::Internal, message).with_help(help).with_cause(cause)
}

fn of_sqlite(cause: rusqlite::Error) -> Error {
    if cause.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) {
        return stopped();
    }
    let (message, help) = match cause.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) if !goes_on(Duration::ZERO) => {
            return Error::new(ErrorKind::Cancelled, "stopped while another program held the store");
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            ("the store is busy: another program keeps it locked".to_owned(), Some(BUSY))
        }
        Some(ErrorCode::DiskFull) => ("there is no room left on the disk of the store".to_owned(), Some(ROOM)),
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
