//! Whom this process trusts to write the files that it acts on.

use crate::paths::{parent, shown};
use crate::refusal::{Reason, Refusal};
use crate::shell::shell_word;
use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

/// The folders that the user named on the command line: path and owner.
static NAMED: RwLock<Vec<(PathBuf, u32)>> = RwLock::new(Vec::new());

/// Trusts the owner of a folder, and everybody who may write there. The user named this folder, so it is no surprise.
pub fn trust_folder(folder: &Path) {
    if let (Ok(path), Ok(metadata)) = (folder.canonicalize(), folder.metadata()) {
        NAMED.write().unwrap_or_else(PoisonError::into_inner).push((path, metadata.uid()));
    }
}

/// The owner of the named folder that contains a file.
fn named_owner(path: &Path) -> Option<u32> {
    let named = NAMED.read().unwrap_or_else(PoisonError::into_inner);
    if named.is_empty() {
        return None;
    }
    // The file itself need not exist. Its folder must, and may be a link.
    let real = path.canonicalize().or_else(|_| parent(path).canonicalize()).ok()?;
    named.iter().find(|(folder, _)| real.starts_with(folder)).map(|(_, owner)| *owner)
}

/// Whether a file at `path` with this owner is trusted: it is root's, this user's, or in a named folder of its owner.
pub(crate) fn is_trusted_owner(path: &Path, owner: u32) -> bool {
    let user = rustix::process::geteuid().as_raw();
    owner == 0 || owner == user || (user == 0 && sudo_user() == Some(owner)) || named_owner(path) == Some(owner)
}

/// With `sudo`, the files of the person who ran it are no surprise either.
fn sudo_user() -> Option<u32> {
    std::env::var("SUDO_UID").ok()?.parse().ok()
}

/// Whether others can change a file, other than in a named folder. The group of an ordinary user's own name has only that
/// user in it, so many systems let it write.
pub(crate) fn is_shared(path: &Path, metadata: &Metadata) -> bool {
    let mode = metadata.permissions().mode();
    let own_group = metadata.uid() != 0 && metadata.uid() == metadata.gid();
    let forbidden = if own_group { 0o002 } else { 0o022 };
    // In a sticky folder, only the owner of a file can exchange it.
    let sticky = metadata.is_dir() && mode & 0o1000 != 0;
    mode & forbidden != 0 && !sticky && named_owner(path).is_none()
}

/// Refuses a project that another user could have put here, unless the user named its folder: its files say which programs
/// to run. `parts` are the files and folders in it that say so; those that don't exist are fine.
pub fn check_project(folder: &Path, parts: &[PathBuf]) -> Result<(), Refusal> {
    for path in std::iter::once(folder).chain(parts.iter().map(PathBuf::as_path)) {
        let Ok(metadata) = fs::metadata(path) else { continue };
        check_metadata(path, &metadata).map_err(|refusal| {
            let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
            let named = shell_word(&real.to_string_lossy()).into_owned();
            let help = refusal.help.clone().unwrap_or_default();
            let help = format!("{help}; to work in this project anyway, name it: `connector -C {named} …`");
            refusal.with_help(help)
        })?;
    }
    Ok(())
}

/// Refuses a file or folder of another user, or one that others can change.
pub(crate) fn check_metadata(path: &Path, metadata: &Metadata) -> Result<(), Refusal> {
    let shown = shown(path);
    let kind = if metadata.is_dir() { "folder" } else { "file" };
    if !is_trusted_owner(path, metadata.uid()) {
        let owner = user_name(metadata.uid());
        let message = format!("the {kind} `{shown}` belongs to `{owner}`, who could use it to act as you");
        let help = format!("check what is in it; if you trust it, run `chown \"$(id -un)\" {}`", shell_word(&shown));
        return Err(Refusal::new(Reason::Owner, message, help));
    }
    if is_shared(path, metadata) {
        let message = format!("other users can change the {kind} `{shown}`");
        let help = format!("check what is in it, then run `chmod go-w {}`", shell_word(&shown));
        return Err(Refusal::new(Reason::Shared, message, help));
    }
    Ok(())
}

/// The name of a user, or the number if this machine does not know a name.
pub(crate) fn user_name(user: u32) -> String {
    let known = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = known.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(user)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("uid {user}"))
}
