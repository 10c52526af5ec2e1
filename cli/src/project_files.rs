//! Files and folders of a project, with the modes they need.

use crate::exit::file_error;
use connector_core::{Error, ErrorKind, Result};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Makes a folder that its owner alone can enter; one that is there is closed to others.
pub(crate) fn make_private_folder(folder: &Path) -> Result<()> {
    let made = if folder.is_dir() {
        fs::set_permissions(folder, Permissions::from_mode(0o700))
    } else {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)
    };
    made.map_err(|cause| file_error("can't make", folder, cause))
}

/// Opens a file for writing that its owner alone can read; what was in it is dropped.
pub(crate) fn open_private(file: &Path) -> io::Result<File> {
    let open = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?;
    open.set_permissions(Permissions::from_mode(0o600))?;
    Ok(open)
}

#[cfg(feature = "sandbox")]
/// Writes a file that its owner alone can read.
pub(crate) fn write_private(file: &Path, text: &str) -> Result<()> {
    open_private(file)
        .and_then(|mut open| open.write_all(text.as_bytes()))
        .map_err(|cause| file_error("can't write", file, cause))
}

/// Writes files that are not there yet and that their owner alone can read: all of them or none, each of them whole.
///
/// Fails with kind `already_exists` when one is there.
pub(crate) fn write_new_private(files: &[(PathBuf, &str)]) -> Result<()> {
    let mut prepared = Vec::with_capacity(files.len());
    for (file, text) in files {
        prepared.push(prepare(file, text).map_err(|cause| file_error("can't write", file, cause))?);
    }
    let mut written: Vec<&Path> = Vec::new();
    for ((file, _), new) in files.iter().zip(prepared) {
        if let Err(fault) = new.persist_noclobber(file) {
            // What was written a moment ago is nothing that anybody uses yet.
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
    // The names are on the disk when their folder is.
    files.iter().filter_map(|(file, _)| file.parent()).try_for_each(|folder| {
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|cause| file_error("can't write to", folder, cause))
    })
}

/// The text on the disk beside the file it shall become; dropped, it is gone.
fn prepare(file: &Path, text: &str) -> io::Result<NamedTempFile> {
    let mut new = tempfile::Builder::new().prefix(".new-").tempfile_in(file.parent().unwrap_or(Path::new(".")))?;
    new.as_file().set_permissions(Permissions::from_mode(0o600))?;
    new.write_all(text.as_bytes())?;
    new.as_file().sync_all()?;
    Ok(new)
}

/// The error for a file that would have to be written over.
pub(crate) fn present(file: &Path) -> Error {
    Error::new(ErrorKind::AlreadyExists, format!("there is a file `{}` already", file.display()))
        .with_help("a key that is in use is not written over: choose another name, or move the file away")
}

/// Writes a file.
pub(crate) fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).map_err(|cause| file_error("can't write", file, cause))
}
