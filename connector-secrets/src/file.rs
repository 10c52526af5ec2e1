//! `file:PATH`

use crate::new_file::NewFile;
use async_trait::async_trait;
use connector_core::{Error, ErrorKind, Result, SecretRef, SecretResolver, Sensitivity, register_secret_resolver};
use connector_keys::secret_text;
use secrecy::{ExposeSecret, SecretString};
use std::fs::Metadata;
use std::io;
use std::path::{Display, Path};

/// More than any key or chain of certificates needs.
pub(crate) const MAX_SECRET_BYTES: u64 = 1024 * 1024;

/// Reads a file, relative to the project folder.
struct File;

static FILE: File = File;

register_secret_resolver! {
    scheme: "file",
    form: "file:PATH",
    description: "A file, relative to the project folder; a file with a secret must be readable by its owner alone",
    resolver: FILE,
}

#[async_trait]
impl SecretResolver for File {
    async fn resolve(&self, reference: &SecretRef, project: &Path, sensitivity: Sensitivity) -> Result<SecretString> {
        let path = project.join(reference.rest());
        check_file(&path, sensitivity)?;
        let bytes = tokio::fs::read(&path).await.map_err(|cause| unreadable(&path, cause))?;
        secret_text(bytes, &format!("the file `{}`", shown(&path)))
    }

    async fn keep(&self, reference: &SecretRef, project: &Path, secret: &SecretString) -> Result<()> {
        let path = project.join(reference.rest());
        let (target, secret) = (path.clone(), secret.clone());
        let written =
            tokio::task::spawn_blocking(move || NewFile::beside(&target)?.with_text(secret.expose_secret())?.replace())
                .await;
        written.map_err(io::Error::other).flatten().map_err(|cause| {
            Error::new(ErrorKind::Secret, format!("the file `{}` can't be written: {}", shown(&path), cause.kind()))
                .with_help("check who owns the folder, and whether the disk is full")
                .with_cause(cause)
        })
    }

    fn check(&self, reference: &SecretRef) -> Result<(), String> {
        let path = reference.rest();
        if path.starts_with('~') {
            return Err("`~` is not understood here: write the path from the project folder, or from `/`".into());
        }
        if path.starts_with("//") || path.contains('\0') {
            return Err("a path follows `file:` directly, without `//`".into());
        }
        Ok(())
    }
}

/// Reads a public file, such as a certificate, at once; with the same limits and errors as a ref to it. `project` is the
/// project folder.
pub fn read_public_file(project: &Path, reference: &SecretRef) -> Result<String> {
    let path = project.join(reference.rest());
    check_file(&path, Sensitivity::Public)?;
    let bytes = std::fs::read(&path).map_err(|cause| unreadable(&path, cause))?;
    Ok(secret_text(bytes, &format!("the file `{}`", shown(&path)))?.expose_secret().to_owned())
}

/// Looks at a file without reading it. Fails with kind `secret` when it is not there, is no file, is empty or huge,
/// or, for a secret, can be read by others.
pub fn check_file(path: &Path, sensitivity: Sensitivity) -> Result<()> {
    let shown = shown(path);
    let fault = |message: String| Error::new(ErrorKind::Secret, message);
    let metadata = std::fs::metadata(path).map_err(|cause| unreadable(path, cause))?;
    if metadata.is_dir() {
        return Err(fault(format!("`{shown}` is a folder, not a file")).with_help("name the file in it"));
    }
    // A pipe that nobody writes to would be waited for, and a device read, for ever.
    if !metadata.is_file() {
        return Err(fault(format!("`{shown}` is no ordinary file"))
            .with_help("name a file; what another program gives out is fetched with `command:`"));
    }
    if metadata.len() == 0 {
        return Err(
            fault(format!("the file `{shown}` is empty")).with_help("put the secret there, or name another place")
        );
    }
    if metadata.len() > MAX_SECRET_BYTES {
        return Err(fault(format!(
            "the file `{shown}` has {} bytes; no key or certificate is that long",
            metadata.len()
        )));
    }
    if sensitivity == Sensitivity::Secret && readable_by_others(&metadata) {
        return Err(
            fault(format!("the file `{shown}` can be read by others")).with_help(format!("run `chmod 600 {shown}`"))
        );
    }
    Ok(())
}

#[cfg(unix)]
fn readable_by_others(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn readable_by_others(_: &Metadata) -> bool {
    false
}

/// The path without the `./` of a project in the current folder.
fn shown(path: &Path) -> Display<'_> {
    path.strip_prefix(".").unwrap_or(path).display()
}

fn unreadable(path: &Path, cause: io::Error) -> Error {
    let shown = shown(path);
    let (message, help) = match cause.kind() {
        io::ErrorKind::NotFound => (
            format!("there is no file `{shown}`"),
            "check the path: it starts from the project folder; `connector cert new` makes keys and certificates"
                .to_owned(),
        ),
        io::ErrorKind::PermissionDenied => (
            format!("the file `{shown}` can't be read by this user"),
            "check who owns the file and its folders".to_owned(),
        ),
        _ => (format!("the file `{shown}` can't be read: {cause}"), "check the path".to_owned()),
    };
    Error::new(ErrorKind::Secret, message).with_help(help).with_cause(cause)
}
