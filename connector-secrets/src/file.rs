//! `file:PATH`

use async_trait::async_trait;
use connector_core::{Error, ErrorKind, Result, SecretRef, SecretResolver, Sensitivity, register_secret_resolver};
use connector_files::{NewFile, Reason, Refusal, Role, shell_word};
use connector_keys::{Certificate, PrivateKey, secret_text};
use secrecy::{ExposeSecret, SecretString};
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
        tokio::task::spawn_blocking(move || text_of(&path, sensitivity))
            .await
            .map_err(|cause| Error::new(ErrorKind::Internal, "reading a file stopped").with_cause(cause))?
    }

    fn available(&self, reference: &SecretRef, project: &Path) -> Result<()> {
        check_file(&project.join(reference.rest()), Sensitivity::Secret)
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
    Ok(text_of(&path, Sensitivity::Public)?.expose_secret().to_owned())
}

/// Checks a file without reading it. Fails with kind `secret` if it does not exist, is not a regular file, is empty or too
/// large, or, for a secret, if other users can read or replace it.
pub fn check_file(path: &Path, sensitivity: Sensitivity) -> Result<()> {
    let size =
        connector_files::check(path, role_of(sensitivity), MAX_SECRET_BYTES).map_err(|why| refused(path, why))?;
    if size == 0 { Err(empty(path)) } else { Ok(()) }
}

fn text_of(path: &Path, sensitivity: Sensitivity) -> Result<SecretString> {
    let bytes =
        connector_files::read(path, role_of(sensitivity), MAX_SECRET_BYTES).map_err(|why| refused(path, why))?;
    if bytes.is_empty() {
        return Err(empty(path));
    }
    let shown = shown(path).to_string();
    secret_text(bytes, &format!("the file `{shown}`")).map_err(|error| {
        let exact = error.help().unwrap_or_default().replace("FILE", &shell_word(&shown));
        error.with_help(exact)
    })
}

/// Whether the file, which others can read, has a certificate and no key.
fn is_certificate(path: &Path) -> bool {
    let bytes = connector_files::read(path, Role::Public, MAX_SECRET_BYTES).ok();
    let text = bytes.and_then(|bytes| secret_text(bytes, "").ok());
    text.is_some_and(|text| Certificate::is_in(text.expose_secret()) && !PrivateKey::is_in(&text))
}

fn role_of(sensitivity: Sensitivity) -> Role {
    match sensitivity {
        Sensitivity::Secret => Role::Secret,
        Sensitivity::Public => Role::Public,
    }
}

fn empty(path: &Path) -> Error {
    Error::new(ErrorKind::Secret, format!("the file `{}` is empty", shown(path)))
        .with_help("write the secret to it, or change the ref")
}

/// The path without the `./` of a project in the current folder.
fn shown(path: &Path) -> Display<'_> {
    path.strip_prefix(".").unwrap_or(path).display()
}

fn refused(path: &Path, why: Refusal) -> Error {
    match why.reason {
        Reason::Missing => why.into_error(ErrorKind::Secret).with_help(
            "check the path (it is relative to the project folder); `connector cert new` creates keys and certificates",
        ),
        Reason::TooLarge => {
            let message = format!("the file `{}` is too large for a key or certificate", shown(path));
            Error::new(ErrorKind::Secret, message).with_help("check that this is the right file")
        }
        Reason::Readable | Reason::Shared if is_certificate(path) => {
            let message = format!("`{}` is a certificate, but a secret belongs here", shown(path));
            Error::new(ErrorKind::Secret, message)
                .with_help("set `key_ref` to the private key of the certificate, and `certificate_ref` to this file")
        }
        _ => why.into_error(ErrorKind::Secret),
    }
}
