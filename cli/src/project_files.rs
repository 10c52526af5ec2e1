//! Files and folders of a project, with the modes they need.

use crate::exit::file_error;
use connector_core::{Error, ErrorKind, Result};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

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
        .and_then(|mut open| open.write_all(text.as_bytes()))
        .map_err(|cause| file_error("can't write", file, cause))
}

/// Writes new files that only their owner can read: all of them or none, each of them complete.
///
/// Fails with kind `already_exists` if one of them exists.
pub(crate) fn write_new_private(files: &[(PathBuf, &str)]) -> Result<()> {
    let mut prepared = Vec::with_capacity(files.len());
    for (file, text) in files {
        prepared.push(prepare(file, text).map_err(|cause| file_error("can't write", file, cause))?);
    }
    let mut written: Vec<&Path> = Vec::new();
    for ((file, _), new) in files.iter().zip(prepared) {
        if let Err(fault) = new.persist_noclobber(file) {
            // Nobody uses yet what was written a moment ago.
            for file in written {
                let _ = fs::remove_file(file);
            }
            return Err(match fault.error.kind() {
                io::ErrorKind::AlreadyExists => present(file),
                _ => file_error("can't write", file, fault.error),
            });
        }
        written.push(file);
    }
    // Syncing the folder puts the names on the disk.
    files.iter().filter_map(|(file, _)| file.parent()).try_for_each(|folder| {
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|cause| file_error("can't write to", folder, cause))
    })
}

/// A temporary file with the text, next to the final file; it is deleted when dropped.
fn prepare(file: &Path, text: &str) -> io::Result<NamedTempFile> {
    let mut new = tempfile::Builder::new().prefix(".new-").tempfile_in(file.parent().unwrap_or(Path::new(".")))?;
    new.as_file().set_permissions(Permissions::from_mode(0o600))?;
    new.write_all(text.as_bytes())?;
    new.as_file().sync_all()?;
    Ok(new)
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
