//! A folder that is opened once. Everything in it is named relative to it.

use crate::paths::{parent, shown};
use crate::refusal::{Reason, Refusal};
use crate::trust;
use rustix::fs::{AtFlags, Mode, OFlags};
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// An open folder. Whoever exchanges a part of its path afterward changes nothing for it.
#[derive(Debug)]
pub struct Folder {
    descriptor: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// Opens a folder; the current one if the path is empty.
    pub fn open(path: &Path) -> io::Result<Self> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self { descriptor: rustix::fs::open(path, flags, Mode::empty())?, path: path.to_owned() })
    }

    /// Opens a folder that must be a real folder of a trusted user, such as one with locks: not a link, and not another
    /// user's.
    pub fn open_own(path: &Path) -> Result<Self, Refusal> {
        let shown = shown(path);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let descriptor = rustix::fs::open(path, flags, Mode::empty()).map_err(|cause| {
            let message = format!("`{shown}` must be a folder, but it is a link or a file: {}", io::Error::from(cause));
            Refusal::new(Reason::Link, message, "check who made it, then move it away")
        })?;
        let folder = Self { descriptor, path: path.to_owned() };
        match folder.metadata() {
            Ok(metadata) => trust::check_metadata(path, &metadata).map(|()| folder),
            Err(cause) => {
                Err(Refusal::new(Reason::Io(cause.kind()), format!("can't open `{shown}`: {cause}"), "check the path"))
            }
        }
    }

    /// The folder of this file, and the name of the file in it.
    pub fn of(path: &Path) -> io::Result<(Self, &OsStr)> {
        let name =
            path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path has no file name"))?;
        Ok((Self::open(parent(path))?, name))
    }

    /// Its path, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    fn metadata(&self) -> io::Result<Metadata> {
        File::from(self.descriptor.try_clone()?).metadata()
    }

    /// Opens a file in it to read. A link is refused.
    pub fn read(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        Ok(File::from(rustix::fs::openat(&self.descriptor, name, flags, Mode::empty())?))
    }

    /// Opens a file in it to read and write, which only its owner can read, and creates it if it is not there. A link is
    /// refused.
    pub fn private_file(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        Ok(File::from(rustix::fs::openat(&self.descriptor, name, flags, Mode::from_raw_mode(0o600))?))
    }

    /// Opens a file in it to read and to append to, and creates it if it is not there. A link is refused.
    fn shared_file(&self, name: &OsStr) -> io::Result<File> {
        let flags =
            OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        Ok(File::from(rustix::fs::openat(&self.descriptor, name, flags, Mode::from_raw_mode(0o644))?))
    }

    /// Whether something of this name is there; a link counts, wherever it leads.
    pub fn has(&self, name: &OsStr) -> bool {
        rustix::fs::statat(&self.descriptor, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// Gives a file in it another name, over what is there. On disk when this returns.
    pub fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        rustix::fs::renameat(&self.descriptor, from, &self.descriptor, to)?;
        self.sync()
    }

    /// Gives a file in it a second name. A link is not followed.
    pub fn link(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::linkat(&self.descriptor, from, &self.descriptor, to, AtFlags::empty())?)
    }

    /// Removes a file from it, if it is there.
    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        match rustix::fs::unlinkat(&self.descriptor, name, AtFlags::empty()) {
            Ok(()) | Err(rustix::io::Errno::NOENT) => Ok(()),
            Err(cause) => Err(cause.into()),
        }
    }

    /// Puts its names on the disk: a new name is there only after its folder is.
    pub fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.descriptor)?)
    }
}

/// Creates a folder that only its owner can enter. Returns whether it is new.
///
/// An existing one must be a real folder of a trusted user, and is closed to others. A link to a folder is refused, because
/// files would land elsewhere.
pub fn make_private(folder: &Path) -> Result<bool, Refusal> {
    let fault = |cause: io::Error| {
        let shown = shown(folder);
        let help = "check the path, and the owner and permissions of the folder around it";
        Refusal::new(Reason::Io(cause.kind()), format!("can't create the folder `{shown}`: {cause}"), help)
    };
    if let Some(around) = folder.parent() {
        DirBuilder::new().recursive(true).mode(0o755).create(around).map_err(fault)?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => return Ok(true),
        Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => return Err(fault(cause)),
        Err(_) => {}
    }
    let open = match Folder::open_own(folder) {
        Err(refusal) if refusal.reason == Reason::Shared => Folder::open(folder).map_err(fault)?,
        other => other?,
    };
    let file = File::from(open.descriptor);
    let metadata = file.metadata().map_err(fault)?;
    if metadata.permissions().mode() & 0o077 != 0 && is_mine(&metadata) {
        let closed = metadata.permissions().mode() & 0o700;
        file.set_permissions(Permissions::from_mode(closed)).map_err(fault)?;
    }
    Ok(false)
}

fn is_mine(metadata: &Metadata) -> bool {
    let user = rustix::process::geteuid().as_raw();
    user == 0 || metadata.uid() == user
}

/// Makes sure that a file is for its owner alone: creates it if it is not there, and closes it to others. Refuses another
/// user's file, one in a folder that others can change, and everything but a regular file.
pub fn keep_private(path: &Path) -> Result<(), Refusal> {
    let shown = shown(path);
    let fault = |cause: io::Error| {
        let help = "check the owner and permissions of the file and its folder, and the free disk space";
        Refusal::new(Reason::Io(cause.kind()), format!("can't open the file `{shown}`: {cause}"), help).because(cause)
    };
    let real = destination(path).map_err(fault)?;
    let (folder, name) = Folder::of(&real).map_err(fault)?;
    trust::check_metadata(parent(&real), &folder.metadata().map_err(fault)?)?;
    // A store on a read-only disk can still be read.
    let file = folder.private_file(name).or_else(|cause| folder.read(name).map_err(|_| cause)).map_err(fault)?;
    let metadata = file.metadata().map_err(fault)?;
    if !metadata.is_file() {
        let message = format!("`{shown}` is not a regular file");
        return Err(Refusal::new(Reason::NotRegular, message, "name another path"));
    }
    if metadata.permissions().mode() & 0o077 != 0
        && is_mine(&metadata)
        && trust::is_trusted_owner(&real, metadata.uid())
    {
        let closed = Permissions::from_mode(metadata.permissions().mode() & 0o700);
        // On a read-only disk it stays as it is, and nobody can change it either.
        let _ = file.set_permissions(closed);
        return Ok(());
    }
    trust::check_metadata(&real, &metadata)
}

/// Makes git ignore a folder, whatever the repository around it says: by a `.gitignore` in the folder itself.
pub fn ignored_by_git(folder: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join(".gitignore")) {
        Ok(mut file) => file.write_all(b"# Nothing in this folder belongs in a repository.\n*\n"),
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(cause) => Err(cause),
    }
}

/// Adds what is missing to the `.gitignore` of a project, which may be the user's own: keys must not be one `git add` away.
/// Returns whether it changed.
pub fn ignore_secrets(project: &Path) -> io::Result<bool> {
    let (folder, name) = (Folder::open(project)?, OsStr::new(".gitignore"));
    let mut file = folder.shared_file(name)?;
    let mut present = String::new();
    (&mut file).take(1024 * 1024).read_to_string(&mut present)?;
    let is_there = |line: &str| present.lines().any(|known| known.trim().trim_matches('/') == line.trim_matches('/'));
    let missing: Vec<_> = ["secrets/", ".connector/"].into_iter().filter(|line| !is_there(line)).collect();
    if missing.is_empty() {
        return Ok(false);
    }
    let gap = if present.is_empty() || present.ends_with('\n') { "" } else { "\n" };
    let lines = missing.join("\n");
    write!(file, "{gap}# Keys, certificates and the store stay on this machine.\n{lines}\n")?;
    Ok(true)
}

/// The real path of a file that will be written: a link of a trusted user is followed, one of another user is refused.
pub(crate) fn destination(path: &Path) -> io::Result<PathBuf> {
    let Ok(link) = fs::symlink_metadata(path) else { return Ok(path.to_owned()) };
    if !link.is_symlink() {
        return Ok(path.to_owned());
    }
    if !trust::is_trusted_owner(path, link.uid()) {
        let owner = trust::user_name(link.uid());
        return Err(io::Error::other(format!("it is a link that belongs to `{owner}`")));
    }
    match path.canonicalize() {
        Ok(target) => Ok(target),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            let target = fs::read_link(path)?;
            Ok(parent(path).join(target))
        }
        Err(cause) => Err(cause),
    }
}
