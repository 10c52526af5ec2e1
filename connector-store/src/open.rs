//! Opens the store.

use super::fault::fault;
use super::file::StoreFile;
use super::purpose::Use;
use super::server;
use super::sql;
use connector_core::{Error, ErrorKind, Result};
use connector_sql::{Connection, Place};
use std::fs::File;
use std::io;

mod embedded {
    pub(super) mod sqlite {
        #![allow(missing_docs, unreachable_pub, clippy::pedantic, reason = "made by the macro")]
        refinery::embed_migrations!("migrations/sqlite");
    }
    pub(super) mod postgres {
        #![allow(missing_docs, unreachable_pub, clippy::pedantic, reason = "made by the macro")]
        refinery::embed_migrations!("migrations/postgres");
    }
}

/// The store of a project.
#[derive(Clone, Debug)]
pub struct Store {
    place: Place,
    /// A read-only store answers queries and nothing else.
    read_only: bool,
}

impl Store {
    /// Opens the store in a file or on a server. Creates the folder and the file, or the tables, at first use.
    ///
    /// Fails with kind `definition` if a newer version of Connector created the store.
    pub fn open(place: impl Into<Place>) -> Result<Self> {
        let store = Self { place: place.into(), read_only: false };
        if let Some(file) = store.file() {
            file.close_to_others()?;
        }
        let mut connection = store.connect(Use::Other)?;
        let mut found = version(&connection)?;
        if found < newest() {
            // Two processes that start together must not both create the tables.
            let lock = store.file().map(|file| file.lock("store").map_err(|cause| file.unusable(cause))).transpose()?;
            if let (Some(file), Some(lock)) = (store.file(), &lock) {
                lock.lock().map_err(|cause| file.unusable(cause))?;
            }
            if version(&connection)? < newest() {
                store.migrate(&mut connection)?;
            }
            found = version(&connection)?;
        }
        if found > newest() {
            let message = format!("the store `{}` was made by a newer version of this program", store.place);
            return Err(Error::new(ErrorKind::Definition, message)
                .with_help("update this program, or name another store with `--store`"));
        }
        Ok(store)
    }

    /// Opens an existing store for queries; `None` if there is none. The store may be on a read-only disk, or belong to another
    /// user.
    ///
    /// Fails with kind `definition` if the program can't write to a store that an earlier version created: a query needs the
    /// tables of this version.
    pub fn open_existing(place: impl Into<Place>) -> Result<Option<Self>> {
        let place = place.into();
        let exists = match &place {
            Place::File(path) => !path.metadata().is_err_and(|cause| cause.kind() == io::ErrorKind::NotFound),
            Place::Server(address) => version(&server::connect(address, Use::Other)?)? > 0,
        };
        if exists { Self::open_for_queries(place).map(Some) } else { Ok(None) }
    }

    /// The same for a store that is there.
    pub fn open_for_queries(place: impl Into<Place>) -> Result<Self> {
        let store = Self { place: place.into(), read_only: true };
        let is_writable = store.file().map_or(Ok(true), |file| file.can_write().map_err(|cause| file.unusable(cause)));
        if is_writable? {
            return Self::open(store.place);
        }
        let version = version(&store.connect(Use::Other)?)?;
        if version == newest() {
            return Ok(store);
        }
        let (by, help) = if version < newest() {
            ("an earlier", "run the command once as a user who can write to the store, or on a copy of it")
        } else {
            ("a newer", "update this program")
        };
        let message = format!("the store `{}` is read-only and was made by {by} version of this program", store.place);
        Err(Error::new(ErrorKind::Definition, message).with_help(help))
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// A connection that sees one state of the store for as long as it reads.
    pub fn reader(&self) -> Result<Connection> {
        let connection = self.connect(Use::Other)?;
        connection.begin_to_read().map_err(fault)?;
        Ok(connection)
    }

    /// The connection of a job that writes.
    pub fn writer(&self) -> Result<Connection> {
        self.connect(Use::Job)
    }

    /// The connection of a journal: commits are on the disk before anything is sent.
    pub fn journal(&self) -> Result<Connection> {
        self.connect(Use::Journal)
    }

    /// The open file `<name>.lock` in the folder of the store's locks; `None` for a store on a server.
    pub(super) fn lock_file(&self, name: &str) -> Option<io::Result<File>> {
        self.file().map(|file| file.lock(name))
    }

    pub(super) fn connect(&self, purpose: Use) -> Result<Connection> {
        match &self.place {
            Place::Server(address) => server::connect(address, purpose),
            Place::File(path) => StoreFile { path, read_only: self.read_only }.connect(purpose),
        }
    }

    fn file(&self) -> Option<StoreFile<'_>> {
        self.place.file().map(|path| StoreFile { path, read_only: self.read_only })
    }

    fn migrate(&self, connection: &mut Connection) -> Result<()> {
        let migrations = match &self.place {
            Place::File(_) => {
                sql::batch(connection, "PRAGMA journal_mode = wal")?;
                embedded::sqlite::migrations::runner()
            }
            Place::Server(_) => {
                server::check(connection)?;
                embedded::postgres::migrations::runner()
            }
        };
        connection.migrate(&migrations).map_err(fault)?.map_err(|cause| {
            let help = match &self.place {
                Place::File(_) => "check that its disk has room and that the file can be written",
                Place::Server(_) => {
                    "let the user of the store create tables: give it a schema or a database of its own"
                }
            };
            let why = std::iter::successors(std::error::Error::source(&cause), |cause| cause.source()).last();
            let why = why.map_or_else(|| cause.to_string(), ToString::to_string);
            Error::new(ErrorKind::Internal, format!("the tables of the store can't be made: {why}"))
                .with_help(help)
                .with_cause(cause)
        })
    }
}

fn newest() -> i64 {
    embedded::sqlite::migrations::runner()
        .get_migrations()
        .iter()
        .map(|one| i64::from(one.version()))
        .max()
        .unwrap_or(0)
}

/// The version of the tables; 0 if there are none.
fn version(connection: &Connection) -> Result<i64> {
    let table = connection.dialect().pick(
        "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'refinery_schema_history')",
        "SELECT to_regclass('refinery_schema_history') IS NOT NULL",
    );
    if !sql::one(connection, table, [], |row| row.get(0))? {
        return Ok(0);
    }
    sql::one(connection, "SELECT coalesce(max(version), 0) FROM refinery_schema_history", [], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::{embedded, newest};

    #[test]
    fn both_databases_have_the_same_newest_version() {
        let migrations = embedded::postgres::migrations::runner();
        let postgres = migrations.get_migrations().iter().map(|one| i64::from(one.version())).max();
        assert_eq!(postgres, Some(newest()));
    }
}
