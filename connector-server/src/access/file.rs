//! The file with the tokens and the audit log, beside the store. It is no part of the store: a store can be read-only, or copied to somebody who
//! may read it, and neither says who may use this server.

use connector_core::{Error, ErrorKind, Result};
use rusqlite::Connection;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long to wait for another program that writes to the file.
const PATIENCE: Duration = Duration::from_secs(5);

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS tokens (
        id         TEXT PRIMARY KEY,               -- a ULID, the id that people see
        name       TEXT NOT NULL,                  -- what it is for
        role       TEXT NOT NULL,                  -- viewer, operator, approver
        hash       BLOB NOT NULL UNIQUE,           -- SHA-256 of the token; the token itself is nowhere
        created_at INTEGER NOT NULL,               -- seconds since 1970, as all times here
        expires_at INTEGER NOT NULL,
        revoked_at INTEGER,
        used_at    INTEGER                         -- to the minute
    ) STRICT;
    -- Who did what; rows are added and never changed.
    CREATE TABLE IF NOT EXISTS audit (
        number  INTEGER PRIMARY KEY AUTOINCREMENT,
        at      INTEGER NOT NULL,
        who     TEXT NOT NULL,
        action  TEXT NOT NULL,
        source  TEXT NOT NULL,                     -- empty if it was done to none
        outcome TEXT NOT NULL,                     -- began, stopped, or how it ended
        detail  TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER IF NOT EXISTS audit_is_kept BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
    CREATE TRIGGER IF NOT EXISTS audit_is_unchanged BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
    PRAGMA user_version = 1;";

/// The file that belongs to a store.
pub(super) fn beside(store: &Path) -> PathBuf {
    store.with_extension("access")
}

/// Opens the file; creates it for its owner alone.
pub(super) fn open(path: &Path) -> Result<Connection> {
    let unusable = |cause: std::io::Error| {
        Error::internal(format!("the file of the tokens `{}` can't be used: {cause}", path.display()))
            .with_help("check who owns the folder and whether it can be written")
            .with_cause(cause)
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unusable)?;
    }
    connector_files::keep_private(path).map_err(|why| why.into_error(ErrorKind::Internal))?;
    let connection = Connection::open(path).map_err(fault)?;
    connection.busy_timeout(PATIENCE).map_err(fault)?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(fault)?;
    match version {
        0 => connection.execute_batch(TABLES).map_err(fault)?,
        1 => {}
        _ => {
            let message = format!("the file `{}` was made by a newer version of this program", path.display());
            return Err(Error::definition(message).with_help("update this program"));
        }
    }
    Ok(connection)
}

/// Converts an error of SQLite.
pub(super) fn fault(cause: rusqlite::Error) -> Error {
    Error::internal(format!("the file of the tokens can't be read or written: {cause}"))
        .with_help("move the file away to begin without tokens; programs need new ones then")
        .with_cause(cause)
}
