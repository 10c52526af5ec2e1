//! Files and folders of a project, with the modes they need.

use crate::exit::file_error;
use connector_core::{Error, ErrorKind, Result};
use connector_files::NewFile;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Creates a folder that only its owner can enter; closes an existing one to others. Refuses another user's folder and a link.
pub(crate) fn make_private_folder(folder: &Path) -> Result<()> {
    connector_files::make_private(folder).map(drop).map_err(|why| why.into_error(ErrorKind::Invalid))
}

/// Creates the folder for keys and certificates of a project, which git ignores.
pub(crate) fn make_secrets_folder(project: &Path) -> Result<()> {
    make_private_folder(&project.join("secrets"))?;
    let ignored = connector_files::ignore_secrets(project);
    ignored.map(drop).map_err(|cause| file_error("can't write", &project.join(".gitignore"), cause))
}

/// Writes a file that only its owner can read.
pub(crate) fn write_private(file: &Path, text: &str) -> Result<()> {
    let write = || NewFile::beside(file)?.with_text(text)?.replace();
    write().map_err(|cause| file_error("can't write", file, cause))
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
