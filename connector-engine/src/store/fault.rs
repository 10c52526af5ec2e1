//! The faults of the file underneath, for the reader.

use connector_core::{Error, ErrorKind};
use rusqlite::ErrorCode;

/// Turns an error of SQLite into one for the reader.
pub(crate) fn fault(cause: rusqlite::Error) -> Error {
    let (message, help) = match cause.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            "the store is busy: another program keeps it locked".to_owned(),
            Some("close other programs that write to the store and run the command again"),
        ),
        Some(ErrorCode::DiskFull) => {
            ("there is no room left on the disk of the store".to_owned(), Some("free some room and run it again"))
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            (format!("the store can't be written: {cause}"), Some("check who owns the store's file and folder"))
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => (
            format!("the store is damaged or is no store: {cause}"),
            Some("move the file away; the next aggregation makes a new one"),
        ),
        _ => (format!("the store failed: {cause}"), None),
    };
    let error = Error::new(ErrorKind::Internal, message).with_cause(cause);
    match help {
        Some(help) => error.with_help(help),
        None => error,
    }
}
