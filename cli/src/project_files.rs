//! Files and folders of a project, with the modes they need.

use crate::exit::file_error;
use connector_core::{Error, ErrorKind, Result};
use connector_secrets::NewFile;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Creates a folder that only its owner can enter; closes an existing one to others.
pub(crate) fn make_private_folder(folder: &Path) -> Result<()> {
    let made = if folder.is_dir() {
        fs::set_permissions(folder, Permissions::from_mode(0o700))
    } else {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)
    };
    made.map_err(|cause| file_error("can't create", folder, cause))
}

/// Opens a file for writing that only its owner can read; truncates an existing one.
pub(crate) fn open_private(file: &Path) -> io::Result<File> {
    let open = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?;
    open.set_permissions(Permissions::from_mode(0o600))?;
    Ok(open)
}

#[cfg(feature = "sandbox")]
/// Writes a file that only its owner can read.
pub(crate) fn write_private(file: &Path, text: &str) -> Result<()> {
    open_private(file)
        .and_then(|mut open| io::Write::write_all(&mut open, text.as_bytes()))
        .map_err(|cause| file_error("can't write", file, cause))
}

/// Writes new files that only their owner can read: all of them or none, each of them complete.
///
/// Fails with kind `already_exists` if one of them exists.
pub(crate) fn write_new_private(files: &[(PathBuf, &str)]) -> Result<()> {
    let mut prepared = Vec::with_capacity(files.len());
    for (file, text) in files {
        prepared.push(
            NewFile::beside(file)
                .and_then(|new| new.with_text(text))
                .map_err(|cause| file_error("can't write", file, cause))?,
        );
    }
    let mut written: Vec<&Path> = Vec::new();
    for ((file, _), new) in files.iter().zip(prepared) {
        if let Err(cause) = new.create() {
            // Nobody uses yet what was written a moment ago.
            for file in written {
                let _ = fs::remove_file(file);
            }
            return Err(match cause.kind() {
                io::ErrorKind::AlreadyExists => present(file),
                _ => file_error("can't write", file, cause),
            });
        }
        written.push(file);
    }
    Ok(())
}

/// The error for a file that would be overwritten.
pub(crate) fn present(file: &Path) -> Error {
    Error::new(ErrorKind::AlreadyExists, format!("the file `{}` already exists", file.display()))
        .with_help("Connector never overwrites a key: choose another name, or move the file")
}

/// Writes a file.
pub(crate) fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).map_err(|cause| file_error("can't write", file, cause))
}
