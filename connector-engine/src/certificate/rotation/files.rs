//! The files of the keys: the one in use, the next one, the one before.

use connector_core::{Error, ErrorKind, Result};
use connector_project::source::Project;
use secrecy::{ExposeSecret, SecretString};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Where key and certificate stand, and where the next ones wait.
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

    /// Fails when there is a next key that no rotation knows: it may be the only one that the source accepts. `known` is the
    /// certificate of one that was given up.
    pub(super) fn refuse_leftovers(&self, known: Option<&str>) -> Result<()> {
        if known.is_some() && fs::read_to_string(&self.next_certificate).ok().as_deref() == known {
            return Ok(());
        }
        match [&self.next_key, &self.next_certificate].into_iter().find(|path| path.exists()) {
            None => Ok(()),
            Some(path) => {
                let message = format!(
                    "`{}` is there already: a rotation of this key was interrupted, and the store knows nothing of it",
                    path.display()
                );
                Err(Error::new(ErrorKind::AlreadyExists, message).with_help(
                    "run `connector test`: when it works with the key in use, remove that file and its twin; when not, put them in place of the key and certificate in use",
                ))
            }
        }
    }

    /// Writes the next key and certificate; what an interrupted try left there is written over.
    pub(super) fn write_next(&self, key: &SecretString, certificate: &str) -> Result<()> {
        write_like(&self.key, &self.next_key, key.expose_secret())?;
        write_like(&self.certificate, &self.next_certificate, certificate)
    }

    /// Puts the next key and certificate in place of those in use, which are kept beside them. Done again after a kill, it
    /// goes on where it was.
    pub(super) fn switch(&self) -> Result<()> {
        // The certificate last: with the new key in place and the old certificate beside it, a source still signs in.
        for (next, place) in [(&self.next_key, &self.key), (&self.next_certificate, &self.certificate)] {
            if next.exists() {
                keep(place)?;
                fs::rename(next, place).and_then(|()| sync_folder(place)).map_err(|cause| unwritable(place, cause))?;
            }
        }
        Ok(())
    }

    /// Gives the key in use a second name as well: with `.old` behind it.
    pub(super) fn keep_key(&self) -> Result<()> {
        keep(&self.key)
    }

    /// Removes the next key and certificate.
    pub(super) fn remove_next(&self) -> Result<()> {
        [&self.next_key, &self.next_certificate].into_iter().try_for_each(|path| remove(path))
    }

    /// Removes the key and certificate that were in use before, after they made way at the same place.
    pub(super) fn remove_kept(&self) -> Result<()> {
        [&self.key, &self.certificate].into_iter().try_for_each(|path| remove(&kept(path)))
    }

    /// Removes the key and certificate that were in use before, after the source's file names others.
    pub(super) fn remove_first(&self) -> Result<()> {
        [&self.key, &self.certificate].into_iter().try_for_each(|path| remove(path))
    }
}

/// Where the file stands that made way.
fn kept(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".old");
    PathBuf::from(name)
}

/// Gives a file a second name, under which it stays when its first one is taken.
fn keep(path: &Path) -> Result<()> {
    let kept = kept(path);
    if !path.exists() {
        return Ok(());
    }
    remove(&kept)?;
    fs::hard_link(path, &kept)
        .or_else(|_| fs::copy(path, &kept).map(drop))
        .and_then(|()| sync_folder(&kept))
        .map_err(|cause| unwritable(&kept, cause))
}

/// Writes a file that the same people can read as the one whose place it will take.
fn write_like(model: &Path, path: &Path, text: &str) -> Result<()> {
    let write = || {
        let folder = folder_of(path);
        // Only its owner can read it from the first byte on.
        let mut file = tempfile::Builder::new().prefix(".next-").tempfile_in(folder)?;
        let model = fs::metadata(model)?;
        own_like(&model, file.path())?;
        file.as_file().set_permissions(model.permissions())?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|fault| fault.error)?;
        sync_folder(path)
    };
    write().map_err(|cause| unwritable(path, cause))
}

/// A key that the administrator rotates is used by the service's user.
#[cfg(unix)]
fn own_like(model: &fs::Metadata, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, chown};
    let own = fs::metadata(path)?;
    if (own.uid(), own.gid()) == (model.uid(), model.gid()) {
        return Ok(());
    }
    chown(path, Some(model.uid()), Some(model.gid()))
}

#[cfg(not(unix))]
fn own_like(_: &fs::Metadata, _: &Path) -> io::Result<()> {
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(unwritable(path, cause)),
        _ => Ok(()),
    }
}

/// A new name is on the disk when its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn unwritable(path: &Path, cause: io::Error) -> Error {
    Error::new(ErrorKind::Secret, format!("`{}` can't be written: {cause}", path.display()))
        .with_help("check who owns the file and its folder, and whether the disk has room; then run it again")
        .with_cause(cause)
}
