//! Opens the file of the store.

use super::sql::{self, fault};
use connector_core::{Error, ErrorKind, Result};
use connector_files::{Folder, Reason, Refusal};
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsStr;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

mod embedded {
    #![allow(missing_docs, unreachable_pub, clippy::pedantic, reason = "made by the macro")]
    refinery::embed_migrations!("migrations");
}

/// The store of a project.
#[derive(Clone, Debug)]
pub struct Store {
    path: PathBuf,
    /// A read-only store answers queries and nothing else.
    read_only: bool,
}

impl Store {
    /// Opens the store in the file `path`. Creates the folder and the file at first use, for their owner only.
    ///
    /// Fails with kind `definition` if a newer version of Connector created the store.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let store = Self { path: path.as_ref().to_owned(), read_only: false };
        store.close_to_others()?;
        let mut connection = store.connect()?;
        if version(&connection)? < newest() {
            // Two processes that start together must not both create the tables.
            let lock = store.lock_file("store").map_err(|cause| store.unusable(cause))?;
            lock.lock().map_err(|cause| store.unusable(cause))?;
            if version(&connection)? < newest() {
                sql::batch(&connection, "PRAGMA journal_mode = wal")?;
                embedded::migrations::runner().run(&mut connection).map_err(|cause| {
                    Error::new(ErrorKind::Internal, format!("the tables of the store can't be made: {cause}"))
                        .with_help("check that its disk has room and that the file can be written")
                        .with_cause(cause)
                })?;
            }
        }
        if version(&connection)? > newest() {
            return Err(Error::new(
                ErrorKind::Definition,
                format!("the store `{}` was made by a newer version of this program", store.path.display()),
            )
            .with_help("update this program, or name another store with `--store`"));
        }
        Ok(store)
    }

    /// Opens an existing store for queries. The store may be on a read-only disk, or belong to another user.
    ///
    /// Fails with kind `definition` if the program can't write to a store that an earlier version created: a query needs the
    /// tables of this version.
    pub fn open_for_queries(path: impl AsRef<Path>) -> Result<Self> {
        let store = Self { path: path.as_ref().to_owned(), read_only: true };
        if store.can_write().map_err(|cause| store.unusable(cause))? {
            return Self::open(path);
        }
        let version = version(&store.connect()?)?;
        if version == newest() {
            return Ok(store);
        }
        let (by, help) = if version < newest() {
            ("an earlier", "run the command once as a user who can write to the store, or on a copy of it")
        } else {
            ("a newer", "update this program")
        };
        let message =
            format!("the store `{}` is read-only and was made by {by} version of this program", store.path.display());
        Err(Error::new(ErrorKind::Definition, message).with_help(help))
    }

    /// Whether this process can write to the file and to its folder, which SQLite and the locks need.
    fn can_write(&self) -> io::Result<bool> {
        let file = OpenOptions::new().read(true).write(true).open(&self.path);
        let writable = Self { path: self.path.clone(), read_only: false };
        match file.and_then(|_| writable.lock_file("store")) {
            Ok(_) => Ok(true),
            Err(cause)
                if matches!(cause.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) =>
            {
                Ok(false)
            }
            Err(cause) => Err(cause),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A connection that sees one state of the store for as long as it reads.
    pub fn reader(&self) -> Result<Connection> {
        let connection = self.connect()?;
        sql::batch(&connection, "PRAGMA query_only = 1; BEGIN")?;
        Ok(connection)
    }

    /// The connection of a job that writes.
    pub fn writer(&self) -> Result<Connection> {
        let connection = self.connect()?;
        // What is committed survives a kill. A power cut may undo the last pages together with their change of
        // the frontier, never one without the other.
        let pragmas = "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192; PRAGMA foreign_keys = OFF; PRAGMA journal_size_limit = 67108864; \
            PRAGMA wal_autocheckpoint = 8192";
        sql::batch(&connection, pragmas)?;
        Ok(connection)
    }

    /// The connection of a journal: commits are on the disk before anything is sent.
    pub fn journal(&self) -> Result<Connection> {
        let connection = self.connect()?;
        sql::batch(&connection, "PRAGMA synchronous = FULL; PRAGMA cache_size = -8192")?;
        Ok(connection)
    }

    /// The open file `<name>.lock` in the folder of the store's locks. A read-only store opens only an existing file.
    pub fn lock_file(&self, name: &str) -> io::Result<File> {
        // Each store has its own locks: two stores in one folder do not block each other.
        let folder = self.path.with_extension("locks");
        let name = format!("{name}.lock");
        if self.read_only && folder.join(&name).is_file() {
            return File::open(folder.join(name));
        }
        connector_files::make_private(&folder).map_err(Refusal::into_io)?;
        let folder = Folder::open_own(&folder).map_err(Refusal::into_io)?;
        folder.private_file(OsStr::new(&name))
    }

    fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }

    fn connect(&self) -> Result<Connection> {
        let connection =
            if self.read_only { self.connect_to_read() } else { self.connect_to_write() }.map_err(fault)?;
        connection.busy_handler(Some(sql::wait)).map_err(fault)?;
        sql::batch(&connection, "PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY")?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    }

    fn connect_to_write(&self) -> rusqlite::Result<Connection> {
        // Without SQLite's URLs: the path is a path, whatever it begins with.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags(&self.path, flags)
    }

    /// SQLite needs to write beside the file, unless nothing can change the file.
    fn connect_to_read(&self) -> rusqlite::Result<Connection> {
        let log = PathBuf::from(format!("{}-wal", self.path.display()));
        let has_log = log.metadata().is_ok_and(|log| log.len() > 0);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let path = self.path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        Connection::open_with_flags(format!("file:{path}{}", if has_log { "" } else { "?immutable=1" }), flags)
    }

    /// Makes the folder and the file, for their owner alone, before SQLite does: its side files take over the mode. Refuses
    /// what other users own or can change, because jobs believe what the store says.
    fn close_to_others(&self) -> Result<()> {
        let folder = self.folder();
        // Only this program puts something into the folder of this name.
        if folder.file_name().is_some_and(|name| name == ".connector") && !folder.is_symlink() {
            connector_files::make_private(folder).map_err(|why| why.into_error(ErrorKind::Internal))?;
            // A store on a read-only disk can still be read.
            let _ = connector_files::ignored_by_git(folder);
        } else {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|cause| self.unusable(cause))?;
        }
        for end in ["", "-wal", "-shm", "-journal"] {
            let mut path = self.path.clone().into_os_string();
            path.push(end);
            let path = PathBuf::from(path);
            if end.is_empty() || path.symlink_metadata().is_ok() {
                connector_files::keep_private(&path).map_err(|why| match why.reason {
                    Reason::Io(_) => self.unusable(why.into_io()),
                    _ => why.into_error(ErrorKind::Internal),
                })?;
            }
        }
        Ok(())
    }

    fn unusable(&self, cause: io::Error) -> Error {
        Error::new(ErrorKind::Internal, format!("the store `{}` can't be opened: {cause}", self.path.display()))
            .with_help("check who owns the folder and whether it can be written")
            .with_cause(cause)
    }
}

fn newest() -> i64 {
    embedded::migrations::runner().get_migrations().iter().map(|one| i64::from(one.version())).max().unwrap_or(0)
}

fn version(connection: &Connection) -> Result<i64> {
    let table =
        sql::first(connection, "SELECT 1 FROM sqlite_master WHERE name = 'refinery_schema_history'", [], |_| Ok(()))?;
    match table {
        None => Ok(0),
        Some(()) => {
            sql::one(connection, "SELECT coalesce(max(version), 0) FROM refinery_schema_history", [], |row| row.get(0))
        }
    }
}
