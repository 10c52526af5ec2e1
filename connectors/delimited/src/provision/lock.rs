//! One process at a time rewrites a file.

use crate::error;
use crate::files::DataFile;
use connector_core::Result;
use connector_files::Folder;
use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;

/// Holds the lock of a file until it is dropped. It is a file of its own, because the other one is replaced.
pub(super) struct Lock {
    _file: File,
    path: PathBuf,
}

impl Lock {
    /// Waits until no other process rewrites the file.
    pub(super) fn of(file: &DataFile) -> Result<Self> {
        let fault = |cause| error::not_written(&file.shown, cause);
        let path = file.path.canonicalize().map_err(fault)?;
        let (folder, name) = Folder::of(&path).map_err(fault)?;
        let mut lock = OsString::from(".");
        lock.push(name);
        lock.push(".lock");
        let opened = folder.private_file(&lock).map_err(fault)?;
        opened.lock().map_err(fault)?;
        Ok(Self { _file: opened, path: file.path.clone() })
    }

    /// Whether it is the lock of this file.
    pub(super) fn is_of(&self, file: &DataFile) -> bool {
        self.path == file.path
    }
}
