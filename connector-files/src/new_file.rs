//! Files that appear complete or not at all.

use crate::folder::{Folder, destination};
use crate::paths::{parent, shown};
use crate::refusal::{Reason, Refusal};
use crate::shell::shell_word;
use rustix::fs::{AtFlags, Gid, Mode, OFlags, RenameFlags, Uid};
use std::collections::hash_map::RandomState;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// How the names of files that are not complete begin.
const PREFIX: &str = ".new-";

/// A file that nobody sees before it is complete. Until then it is a hidden file in the same folder, which only its owner can
/// read; dropping it removes it. What a killed process left behind is removed by the next new file in that folder.
///
/// ```
/// use connector_files::NewFile;
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
    /// Locked for as long as this process works on it.
    file: File,
    folder: Folder,
    /// Its name until it is complete; `None` after that.
    temporary: Option<OsString>,
    name: OsString,
}

impl NewFile {
    /// An empty file that will have this path. A link of a trusted user at the path stays a link: the new file takes the place
    /// of its target.
    pub fn beside(path: &Path) -> io::Result<Self> {
        let path = destination(path)?;
        let (folder, name) = Folder::of(&path)?;
        remove_leftovers(&folder);
        loop {
            let temporary = random_name();
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC | OFlags::NOFOLLOW;
            let mode = Mode::from_raw_mode(0o600);
            let file = match rustix::fs::openat(folder.descriptor(), &temporary, flags, mode) {
                Ok(file) => File::from(file),
                Err(rustix::io::Errno::EXIST) => continue,
                Err(cause) => return Err(cause.into()),
            };
            // Where locks don't work, leftovers stay: they are locked for nobody.
            let _ = file.lock();
            // Another process may have taken it for a leftover before it was locked.
            if file.metadata()?.nlink() > 0 {
                return Ok(Self { file, folder, temporary: Some(temporary), name: name.to_owned() });
            }
        }
    }

    /// Gives it the owner and permissions of another file. Fails if the user may not give files to that owner.
    pub fn like(self, model: &Path) -> io::Result<Self> {
        let (folder, name) = Folder::of(model)?;
        // The link itself would say nothing about its target.
        let model = folder.read(name)?.metadata()?;
        let own = self.file.metadata()?;
        if (own.uid(), own.gid()) != (model.uid(), model.gid()) {
            // By the open file: a path could lead elsewhere by now.
            rustix::fs::fchown(&self.file, Some(Uid::from_raw(model.uid())), Some(Gid::from_raw(model.gid())))?;
        }
        self.file.set_permissions(Permissions::from_mode(model.permissions().mode() & 0o777))?;
        Ok(self)
    }

    /// Gives it the permissions of another file, but not its owner.
    pub fn with_permissions_of(self, model: &Path) -> io::Result<Self> {
        let mode = std::fs::metadata(model)?.permissions().mode() & 0o777;
        self.with_mode(mode)
    }

    /// Gives it these permissions.
    pub fn with_mode(self, mode: u32) -> io::Result<Self> {
        self.file.set_permissions(Permissions::from_mode(mode))?;
        Ok(self)
    }

    /// Writes text to it.
    pub fn with_text(mut self, text: &str) -> io::Result<Self> {
        self.write_all(text.as_bytes())?;
        Ok(self)
    }

    /// Puts it in place, over a file that is there. On disk when this returns.
    pub fn replace(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        if let Some(temporary) = self.temporary.take() {
            self.folder.rename(&temporary, &self.name).inspect_err(|_| drop(self.folder.remove(&temporary)))?;
        }
        Ok(())
    }

    /// Puts it in place; fails with [`io::ErrorKind::AlreadyExists`] if something is there. On disk when this returns.
    pub fn create(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        if let Some(temporary) = self.temporary.take() {
            place_new(&self.folder, &temporary, &self.name).inspect_err(|_| drop(self.folder.remove(&temporary)))?;
        }
        self.folder.sync()
    }
}

/// Writes a file that this program generates and anybody may read, over an older one. Refuses a link, in its place or in that of
/// its folder: a link in a project that somebody sent must not decide what is overwritten.
pub fn write_generated(path: &Path, text: &str) -> Result<(), Refusal> {
    Folder::open_own(parent(path))?;
    let shown = shown(path);
    if path.is_symlink() {
        let message = format!("`{shown}` is a link, and Connector would replace its target");
        return Err(Refusal::new(Reason::Link, message, format!("remove the link: `rm {}`", shell_word(&shown))));
    }
    let write = || NewFile::beside(path)?.with_mode(0o644)?.with_text(text)?.replace();
    write().map_err(|cause| {
        let help = "check the path, and the owner and permissions of the folder";
        Refusal::new(Reason::Io(cause.kind()), format!("can't write `{shown}`: {cause}"), help).because(cause)
    })
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some(temporary) = self.temporary.take() {
            // What can't be removed now is removed as a leftover.
            let _ = self.folder.remove(&temporary);
        }
    }
}

/// Renames without replacing. Where the file system can't, a second name that fails if it exists does the same.
fn place_new(folder: &Folder, from: &OsStr, to: &OsStr) -> io::Result<()> {
    let at = folder.descriptor();
    match rustix::fs::renameat_with(at, from, at, to, RenameFlags::NOREPLACE) {
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => {
            rustix::fs::linkat(at, from, at, to, AtFlags::empty())?;
            folder.remove(from)
        }
        other => Ok(other?),
    }
}

/// Removes what killed processes left: their locks are gone. A key must not stay for good.
fn remove_leftovers(folder: &Folder) {
    let Ok(entries) = rustix::fs::Dir::read_from(folder.descriptor()) else { return };
    for entry in entries.flatten() {
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if !name.as_bytes().starts_with(PREFIX.as_bytes()) {
            continue;
        }
        let Ok(file) = folder.read(name) else { continue };
        let is_mine = file
            .metadata()
            .is_ok_and(|metadata| metadata.is_file() && metadata.uid() == rustix::process::geteuid().as_raw());
        if is_mine && file.try_lock().is_ok() {
            // It can be tried again at the next file.
            let _ = folder.remove(name);
        }
    }
}

/// The keys of the hasher are random.
fn random_name() -> OsString {
    let number = RandomState::new().build_hasher().finish();
    OsString::from(format!("{PREFIX}{number:016x}"))
}
