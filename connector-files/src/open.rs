//! Opens files to read.

use crate::paths::{parent, shown};
use crate::refusal::{Reason, Refusal};
use crate::shell::shell_word;
use crate::trust;
use rustix::fs::{Mode, OFlags};
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What a file is for, which decides who may have written or read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It says what to do or whom to trust: a project file, a source, a plan, trust anchors. Only trusted users may write it,
    /// and a link must stay in the project.
    Instructions,
    /// A key or password. Only its owner may read it, and only trusted users may own it or change its folder.
    Secret,
    /// Rows that another user or system may write, such as an export. It holds facts and no instructions. A link of another
    /// user is refused, because it would show any file of this user.
    Data,
    /// A certificate or another text that anybody may know.
    Public,
}

/// Opens a regular file of at most `most` bytes to read, if its [`Role`] allows that. The open file is what was checked: nobody
/// can exchange it in between.
pub fn open(path: &Path, role: Role, most: u64) -> Result<File, Refusal> {
    check_link(path, role)?;
    let fault = |cause: io::Error| Refusal::of_io(path, cause);
    // Without blocking: opening a pipe would wait for a writer.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty()).map_err(|cause| fault(cause.into()))?);
    let metadata = file.metadata().map_err(fault)?;
    check_open(path, &metadata, role, most)?;
    Ok(file)
}

/// Reads a whole file, see [`open`].
pub fn read(path: &Path, role: Role, most: u64) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let read = open(path, role, most)?.take(most.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|cause| Refusal::of_io(path, cause))?;
    // It can grow while it is read.
    if bytes.len() as u64 > most { Err(too_large(path, bytes.len() as u64, most)) } else { Ok(bytes) }
}

/// Checks a file as [`open`] does, and closes it again. Returns its size.
pub fn check(path: &Path, role: Role, most: u64) -> Result<u64, Refusal> {
    let file = open(path, role, most)?;
    file.metadata().map(|metadata| metadata.len()).map_err(|cause| Refusal::of_io(path, cause))
}

fn check_open(path: &Path, metadata: &Metadata, role: Role, most: u64) -> Result<(), Refusal> {
    let shown = shown(path);
    if metadata.is_dir() {
        let message = format!("`{shown}` is a folder, not a file");
        return Err(Refusal::new(Reason::IsFolder, message, "write the path of a file in it"));
    }
    if !metadata.is_file() {
        let help = "write the path of a file; to use the output of a program as a secret, write a `command:` ref";
        return Err(Refusal::new(Reason::NotRegular, format!("`{shown}` is not a regular file"), help));
    }
    match role {
        Role::Data | Role::Public => {}
        Role::Instructions => trust::check_metadata(path, metadata)?,
        Role::Secret => check_secret(path, metadata)?,
    }
    if metadata.len() > most { Err(too_large(path, metadata.len(), most)) } else { Ok(()) }
}

fn check_secret(path: &Path, metadata: &Metadata) -> Result<(), Refusal> {
    let shown = shown(path);
    if metadata.permissions().mode() & 0o077 != 0 {
        let message = format!("other users can read the file `{shown}`");
        // The command may only touch files of this project: a file of the system has its mode for a reason.
        let help = if trust::is_trusted_owner(path, metadata.uid()) && !is_system_file(path) {
            format!("run `chmod 600 {}`", shell_word(&shown))
        } else {
            "copy the secret into a file of your own, run `chmod 600` on that file, and name it".to_owned()
        };
        return Err(Refusal::new(Reason::Readable, message, help));
    }
    if !trust::is_trusted_owner(path, metadata.uid()) {
        let owner = trust::user_name(metadata.uid());
        let message = format!("the file `{shown}` belongs to `{owner}`, who can read and replace the secret in it");
        let help = format!(
            "run `chown \"$(id -un)\" {}`, or create a new secret if `{owner}` must not know it",
            shell_word(&shown)
        );
        return Err(Refusal::new(Reason::Owner, message, help));
    }
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = parent(&real);
    match fs::metadata(folder) {
        Ok(metadata) => trust::check_metadata(folder, &metadata),
        Err(cause) => Err(Refusal::of_io(folder, cause)),
    }
}

/// Whether a file belongs to the system rather than to a project.
fn is_system_file(path: &Path) -> bool {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    ["/etc", "/usr", "/lib", "/bin", "/sbin", "/boot", "/dev", "/proc", "/sys"].iter().any(|at| real.starts_with(at))
}

/// A link in a project that somebody sent would show or use any file of this machine.
fn check_link(path: &Path, role: Role) -> Result<(), Refusal> {
    let Ok(link) = fs::symlink_metadata(path) else { return Ok(()) };
    if !link.is_symlink() {
        return Ok(());
    }
    let shown = shown(path);
    if role != Role::Public && !trust::is_trusted_owner(path, link.uid()) {
        let owner = trust::user_name(link.uid());
        let message = format!("`{shown}` is a link that belongs to `{owner}`");
        return Err(Refusal::new(Reason::Link, message, "name the file itself, or remove the link"));
    }
    let Ok(target) = path.canonicalize() else { return Ok(()) };
    if role == Role::Instructions && !home(path).is_some_and(|home| target.starts_with(home)) {
        let message = format!("`{shown}` is a link that leads out of the project");
        return Err(Refusal::new(Reason::Link, message, "copy the file to this place, or name the file itself"));
    }
    Ok(())
}

/// The folder that a link must not leave: the one that it is in, or the project around `sources` and `plans`.
fn home(path: &Path) -> Option<PathBuf> {
    let folder = parent(path).canonicalize().ok()?;
    let inner = ["sources", "plans"].iter().any(|name| folder.file_name().is_some_and(|own| own == *name));
    if inner { folder.parent().map(Path::to_owned) } else { Some(folder) }
}

fn too_large(path: &Path, size: u64, most: u64) -> Refusal {
    let message = format!("the file `{}` has {size} bytes; the limit is {most}", shown(path));
    Refusal::new(Reason::TooLarge, message, "check that this is the right file")
}
