//! `file:PATH`

use crate::new_file::NewFile;
use async_trait::async_trait;
use connector_core::{Error, ErrorKind, Result, SecretRef, SecretResolver, Sensitivity, register_secret_resolver};
use connector_keys::{Certificate, PrivateKey, secret_text};
use secrecy::{ExposeSecret, SecretString};
use std::fs::Metadata;
use std::io;
use std::path::{Display, Path};

/// The largest size of a key or chain of certificates.
pub(crate) const MAX_SECRET_BYTES: u64 = 1024 * 1024;

/// Reads a file, relative to the project folder.
struct File;

static FILE: File = File;

register_secret_resolver! {
    scheme: "file",
    form: "file:PATH",
    description: "A file, relative to the project folder. If it holds a secret, only its owner may have permission to read it",
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
            Error::new(ErrorKind::Secret, format!("can't write the file `{}`: {}", shown(&path), cause.kind()))
                .with_help("check the owner and permissions of the folder, and the free disk space")
                .with_cause(cause)
        })
    }

    fn check(&self, reference: &SecretRef) -> Result<(), String> {
        let path = reference.rest();
        if path.starts_with('~') {
            return Err("`~` is not supported: write a path relative to the project folder, or an absolute path".into());
        }
        if path.starts_with("//") || path.contains('\0') {
            return Err("write the path directly after `file:`, without `//`".into());
        }
        Ok(())
    }
}

/// Reads a public file, such as a certificate, synchronously. Limits and errors are those of a ref to it. `project` is the
/// project folder.
pub fn read_public_file(project: &Path, reference: &SecretRef) -> Result<String> {
    let path = project.join(reference.rest());
    check_file(&path, Sensitivity::Public)?;
    let bytes = std::fs::read(&path).map_err(|cause| unreadable(&path, cause))?;
    Ok(secret_text(bytes, &format!("the file `{}`", shown(&path)))?.expose_secret().to_owned())
}

/// Checks a file without reading it. Fails with kind `secret` if it does not exist, is not a regular file, is empty or too
/// large, or, for a secret, if other users can read it.
pub fn check_file(path: &Path, sensitivity: Sensitivity) -> Result<()> {
    let shown = shown(path);
    let fault = |message: String| Error::new(ErrorKind::Secret, message);
    let metadata = std::fs::metadata(path).map_err(|cause| unreadable(path, cause))?;
    if metadata.is_dir() {
        return Err(fault(format!("`{shown}` is a folder, not a file")).with_help("write the path of a file in it"));
    }
    // Reading from a device, or from a pipe without a writer, would never end.
    if !metadata.is_file() {
        return Err(fault(format!("`{shown}` is not a regular file"))
            .with_help("write the path of a file; to use the output of a program, write a `command:` ref"));
    }
    if metadata.len() == 0 {
        return Err(
            fault(format!("the file `{shown}` is empty")).with_help("write the secret to it, or change the ref")
        );
    }
    if metadata.len() > MAX_SECRET_BYTES {
        return Err(fault(format!(
            "the file `{shown}` has {} bytes, which is too large for a key or certificate",
            metadata.len()
        )));
    }
    if sensitivity == Sensitivity::Secret && readable_by_others(&metadata) {
        if is_certificate(path) {
            return Err(fault(format!("`{shown}` is a certificate, but a secret belongs here"))
                .with_help("set `key_ref` to the private key of the certificate, and `certificate_ref` to this file"));
        }
        return Err(
            fault(format!("other users can read the file `{shown}`")).with_help(format!("run `chmod 600 {shown}`"))
        );
    }
    Ok(())
}

/// Whether the file, which is small and which others can read, has a certificate and no key.
fn is_certificate(path: &Path) -> bool {
    let text = std::fs::read(path).ok().and_then(|bytes| secret_text(bytes, "").ok());
    text.is_some_and(|text| Certificate::is_in(text.expose_secret()) && !PrivateKey::is_in(&text))
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
            format!("the file `{shown}` does not exist"),
            "check the path (it is relative to the project folder); `connector cert new` creates keys and certificates"
                .to_owned(),
        ),
        io::ErrorKind::PermissionDenied => (
            format!("this user has no permission to read the file `{shown}`"),
            "check the owner and permissions of the file and its folders".to_owned(),
        ),
        _ => (format!("can't read the file `{shown}`: {cause}"), "check the path".to_owned()),
    };
    Error::new(ErrorKind::Secret, message).with_help(help).with_cause(cause)
}
