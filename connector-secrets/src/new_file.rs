//! Files that appear complete or not at all.

use std::fs::{File, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file that nobody sees before it is complete. Until then it is a hidden file in the same folder, which only its owner can
/// read; dropping it removes it.
///
/// ```
/// use connector_secrets::NewFile;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("app.key");
/// NewFile::beside(&path)?.with_text("first")?.create()?;
/// NewFile::beside(&path)?.with_text("second")?.replace()?;
/// assert_eq!(std::fs::read_to_string(&path)?, "second");
/// assert!(NewFile::beside(&path)?.create().is_err(), "it never overwrites");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct NewFile {
    file: NamedTempFile,
    path: PathBuf,
}

impl NewFile {
    /// An empty file that will have this path. A link at the path stays a link: the new file takes the place of its target.
    pub fn beside(path: &Path) -> io::Result<Self> {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        // A temporary file has mode 0600.
        let file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder_of(&path))?;
        Ok(Self { file, path })
    }

    /// Gives it the owner and permissions of another file. Fails if the user may not give files to that owner.
    pub fn like(self, model: &Path) -> io::Result<Self> {
        own_like(&std::fs::metadata(model)?, self.file.path())?;
        self.with_permissions_of(model)
    }

    /// Gives it the permissions of another file, but not its owner.
    pub fn with_permissions_of(self, model: &Path) -> io::Result<Self> {
        self.file.as_file().set_permissions(std::fs::metadata(model)?.permissions())?;
        Ok(self)
    }

    /// Writes text to it.
    pub fn with_text(mut self, text: &str) -> io::Result<Self> {
        self.file.write_all(text.as_bytes())?;
        Ok(self)
    }

    /// Puts it in place, over a file that is there. On disk when this returns.
    pub fn replace(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist(&self.path).map_err(|fault| fault.error)?;
        sync_folder(&self.path)
    }

    /// Puts it in place; fails with [`io::ErrorKind::AlreadyExists`] if something is there. On disk when this returns.
    pub fn create(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist_noclobber(&self.path).map_err(|fault| fault.error)?;
        sync_folder(&self.path)
    }
}

/// Puts the names in the folder of this file on the disk: a new name is there only after its folder is.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder_of(path))?.sync_all() } else { Ok(()) }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The user of a service must be able to read a key that an administrator replaces.
#[cfg(unix)]
fn own_like(model: &Metadata, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, chown};
    let own = std::fs::metadata(path)?;
    if (own.uid(), own.gid()) == (model.uid(), model.gid()) {
        return Ok(());
    }
    chown(path, Some(model.uid()), Some(model.gid()))
}

#[cfg(not(unix))]
fn own_like(_: &Metadata, _: &Path) -> io::Result<()> {
    Ok(())
}
