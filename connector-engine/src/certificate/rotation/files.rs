//! The key files: current, next and previous.

use connector_core::{Error, ErrorKind, Result};
use connector_files::{Folder, NewFile, Role};
use connector_project::source::Project;
use secrecy::{ExposeSecret, SecretString};
use std::io;
use std::path::{Path, PathBuf};

/// The paths of the current and the next key and certificate.
#[derive(Clone, Debug)]
pub(super) struct Files {
    key: PathBuf,
    certificate: PathBuf,
    next_key: PathBuf,
    next_certificate: PathBuf,
}

impl Files {
    /// Paths as a source file writes them, relative to the project folder.
    pub(super) fn of(project: &Project, paths: [&str; 4]) -> Self {
        let [key, certificate, next_key, next_certificate] = paths.map(|path| project.folder().join(path));
        Self { key, certificate, next_key, next_certificate }
    }

    /// Fails if there is a next key that belongs to no rotation: it may be the only key that the source accepts. `known` is the
    /// certificate of an abandoned rotation.
    pub(super) fn refuse_leftovers(&self, known: Option<&str>) -> Result<()> {
        if let Some(known) = known {
            let found = connector_files::read(&self.next_certificate, Role::Public, known.len() as u64);
            if found.is_ok_and(|found| found == known.as_bytes()) {
                return Ok(());
            }
        }
        match [&self.next_key, &self.next_certificate].into_iter().find(|path| path.symlink_metadata().is_ok()) {
            None => Ok(()),
            Some(path) => {
                let message = format!(
                    "`{}` already exists: a rotation of this key was interrupted, but the store has no record of it",
                    path.display()
                );
                Err(Error::new(ErrorKind::AlreadyExists, message).with_help(
                    "run `connector test`: if the current key works, remove the next key and certificate files; if not, replace the current key and certificate with them",
                ))
            }
        }
    }

    /// Writes the next key and certificate. Overwrites the files of an interrupted attempt.
    pub(super) fn write_next(&self, key: &SecretString, certificate: &str) -> Result<()> {
        write_like(&self.key, &self.next_key, key.expose_secret())?;
        write_like(&self.certificate, &self.next_certificate, certificate)
    }

    /// Replaces the current key and certificate with the next ones, and keeps the old files next to them. After a kill, another
    /// call continues where it stopped.
    pub(super) fn switch(&self) -> Result<()> {
        // The certificate last: with the new key in place and the old certificate beside it, a source still signs in.
        for (next, place) in [(&self.next_key, &self.key), (&self.next_certificate, &self.certificate)] {
            if next.symlink_metadata().is_ok() {
                keep(place)?;
                let (folder, name) = Folder::of(place).map_err(|cause| unwritable(place, cause))?;
                // Both are in one folder; the name of the next file is made from the name of the current one.
                let next = next.file_name().unwrap_or_default();
                folder.rename(next, name).map_err(|cause| unwritable(place, cause))?;
            }
        }
        Ok(())
    }

    /// Also gives the current key a second name that ends in `.old`.
    pub(super) fn keep_key(&self) -> Result<()> {
        keep(&self.key)
    }

    /// Removes the next key and certificate.
    pub(super) fn remove_next(&self) -> Result<()> {
        [&self.next_key, &self.next_certificate].into_iter().try_for_each(|path| remove(path))
    }

    /// Removes the old key and certificate after new files replaced them.
    pub(super) fn remove_kept(&self) -> Result<()> {
        [&self.key, &self.certificate].into_iter().try_for_each(|path| remove(&kept(path)))
    }

    /// Removes the old key and certificate after the source's file names the new files.
    pub(super) fn remove_first(&self) -> Result<()> {
        [&self.key, &self.certificate].into_iter().try_for_each(|path| remove(path))
    }
}

/// The path of the replaced file.
fn kept(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".old");
    PathBuf::from(name)
}

/// Gives a file a second name, so that it remains when the first name is replaced.
fn keep(path: &Path) -> Result<()> {
    let old = kept(path);
    if !path.exists() {
        return Ok(());
    }
    remove(&old)?;
    let keep = || {
        let (folder, name) = Folder::of(path)?;
        let copy = || NewFile::beside(&old)?.like(path)?.with_text(&io::read_to_string(folder.read(name)?)?)?.create();
        folder.link(name, old.file_name().unwrap_or_default()).or_else(|_| copy()).and_then(|()| folder.sync())
    };
    keep().map_err(|cause| unwritable(&old, cause))
}

/// Writes a file with the owner and permissions of the file that it will replace.
fn write_like(model: &Path, path: &Path, text: &str) -> Result<()> {
    let write = || NewFile::beside(path)?.like(model)?.with_text(text)?.replace();
    write().map_err(|cause| unwritable(path, cause))
}

fn remove(path: &Path) -> Result<()> {
    let removed = Folder::of(path).and_then(|(folder, name)| folder.remove(name));
    match removed {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(unwritable(path, cause)),
        _ => Ok(()),
    }
}

fn unwritable(path: &Path, cause: io::Error) -> Error {
    Error::new(ErrorKind::Secret, format!("`{}` can't be written: {cause}", path.display()))
        .with_help("check the owner of the file and its folder, and the free disk space; then run it again")
        .with_cause(cause)
}
