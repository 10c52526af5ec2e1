//! A store in an SQLite file.

use super::fault::fault;
use super::purpose::Use;
use super::sql;
use super::waits;
use connector_core::{Error, ErrorKind, Result};
use connector_files::{Folder, Reason, Refusal};
use connector_sql::Connection;
use rusqlite::OpenFlags;
use std::ffi::OsStr;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// A store in an SQLite file.
#[derive(Clone, Copy, Debug)]
pub(super) struct StoreFile<'a> {
    pub(super) path: &'a Path,
    pub(super) read_only: bool,
}

impl StoreFile<'_> {
    /// Whether this process can write to the file and to its folder, which SQLite and the locks need.
    pub(super) fn can_write(&self) -> io::Result<bool> {
        let file = OpenOptions::new().read(true).write(true).open(self.path);
        let writable = Self { path: self.path, read_only: false };
        match file.and_then(|_| writable.lock("store")) {
            Ok(_) => Ok(true),
            Err(cause)
                if matches!(cause.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) =>
            {
                Ok(false)
            }
            Err(cause) => Err(cause),
        }
    }

    /// The open file `<name>.lock` in the folder of the store's locks. A read-only store opens only an existing file.
    pub(super) fn lock(&self, name: &str) -> io::Result<File> {
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

    pub(super) fn connect(&self, purpose: Use) -> Result<Connection> {
        let connection = if self.read_only { self.connect_to_read() } else { self.connect_to_write() };
        let connection = connection.map_err(|cause| fault(cause.into()))?;
        connection.busy_handler(Some(waits::wait)).map_err(|cause| fault(cause.into()))?;
        connection.set_prepared_statement_cache_capacity(64);
        let connection = Connection::from(connection);
        sql::batch(&connection, "PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY")?;
        let pragmas = match purpose {
            Use::Job => {
                "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192; PRAGMA foreign_keys = OFF; \
                 PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 8192"
            }
            Use::Journal => "PRAGMA synchronous = FULL; PRAGMA cache_size = -8192",
            Use::Other => return Ok(connection),
        };
        sql::batch(&connection, pragmas)?;
        Ok(connection)
    }

    fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }

    fn connect_to_write(&self) -> rusqlite::Result<rusqlite::Connection> {
        // Without SQLite's URLs: the path is a path, whatever it begins with.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        rusqlite::Connection::open_with_flags(self.path, flags)
    }

    /// SQLite needs to write beside the file, unless nothing can change the file.
    fn connect_to_read(&self) -> rusqlite::Result<rusqlite::Connection> {
        let log = PathBuf::from(format!("{}-wal", self.path.display()));
        let has_log = log.metadata().is_ok_and(|log| log.len() > 0);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let path = self.path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        rusqlite::Connection::open_with_flags(
            format!("file:{path}{}", if has_log { "" } else { "?immutable=1" }),
            flags,
        )
    }

    /// Makes the folder and the file, for their owner alone, before SQLite does: its side files take over the mode. Refuses
    /// what other users own or can change, because jobs believe what the store says.
    pub(super) fn close_to_others(&self) -> Result<()> {
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
            let mut path = self.path.to_owned().into_os_string();
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

    pub(super) fn unusable(&self, cause: io::Error) -> Error {
        Error::new(ErrorKind::Internal, format!("the store `{}` can't be opened: {cause}", self.path.display()))
            .with_help("check who owns the folder and whether it can be written")
            .with_cause(cause)
    }
}
