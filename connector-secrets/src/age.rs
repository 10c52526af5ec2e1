//! `age:PATH`

use age::armor::ArmoredReader;
use age::{DecryptError, Decryptor, Identity, IdentityFile, scrypt};
use async_trait::async_trait;
use connector_core::{Error, ErrorKind, Result, SecretRef, SecretResolver, Sensitivity, register_secret_resolver};
use connector_files::{Reason, Role};
use connector_keys::secret_text;
use secrecy::SecretString;
use std::env;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The largest size of a key or chain of certificates.
const LONGEST: u64 = 1024 * 1024;

/// Decrypts a file, relative to the project folder.
struct Age;

static AGE: Age = Age;

register_secret_resolver! {
    scheme: "age",
    form: "age:PATH",
    description: "A file encrypted with age, relative to the project folder. Set AGE_IDENTITY_FILE or SOPS_AGE_KEY_FILE to the identity file, or AGE_PASSPHRASE to the passphrase",
    resolver: AGE,
}

#[async_trait]
impl SecretResolver for Age {
    async fn resolve(&self, reference: &SecretRef, project: &Path, _: Sensitivity) -> Result<SecretString> {
        let path = project.join(reference.rest());
        // Checking a passphrase takes a second of CPU time on purpose.
        tokio::task::spawn_blocking(move || decrypt(&path))
            .await
            .map_err(|cause| Error::new(ErrorKind::Internal, "decrypting stopped").with_cause(cause))?
    }

    fn check(&self, reference: &SecretRef) -> Result<(), String> {
        let path = reference.rest();
        if path.starts_with('~') {
            return Err("`~` is not supported: write a path relative to the project folder, or an absolute path".into());
        }
        if path.starts_with("//") || path.contains('\0') {
            return Err("write the path directly after `age:`, without `//`".into());
        }
        Ok(())
    }
}

/// Other users may read the encrypted file, and it is often committed. Only the identity is secret.
fn decrypt(path: &Path) -> Result<SecretString> {
    let shown = path.strip_prefix(".").unwrap_or(path).display().to_string();
    let sealed = read(path, Role::Public, "check the path; it is relative to the project folder")?;
    let is_age = ["age-encryption.org/", "-----BEGIN AGE ENCRYPTED FILE-----"]
        .into_iter()
        .any(|start| sealed.trim_ascii_start().starts_with(start.as_bytes()));
    if !is_age {
        return Err(fault(format!("the file `{shown}` is not an age file")).with_help(
            "create it with `age -r RECIPIENT -o FILE PLAIN`; for a sops file, use `command:[\"sops\",\"-d\",\"FILE\"]`",
        ));
    }
    let decryptor = Decryptor::new_buffered(BufReader::new(ArmoredReader::new(&sealed[..])))
        .map_err(|cause| unreadable(cause, &shown))?;
    let identities = if decryptor.is_scrypt() { vec![passphrase(&shown)?] } else { identities(&shown)? };
    let mut plain = Zeroizing::new(Vec::new());
    let opened = decryptor
        .decrypt(identities.iter().map(|identity| &**identity as &dyn Identity))
        .map_err(|cause| unreadable(cause, &shown))?;
    opened.take(LONGEST + 1).read_to_end(&mut plain).map_err(|cause| damaged(&shown).with_cause(cause))?;
    if plain.len() as u64 > LONGEST {
        return Err(fault(format!(
            "the file `{shown}` contains more than {LONGEST} bytes, which is too large for a key or certificate"
        )));
    }
    secret_text(std::mem::take(&mut *plain), &format!("the file `{shown}`"))
}

fn read(path: &Path, role: Role, help: &str) -> Result<Vec<u8>> {
    connector_files::read(path, role, 2 * LONGEST).map_err(|why| match why.reason {
        Reason::Missing | Reason::NotRegular | Reason::IsFolder | Reason::Io(_) => {
            why.into_error(ErrorKind::Secret).with_help(help)
        }
        _ => why.into_error(ErrorKind::Secret),
    })
}

fn passphrase(shown: &str) -> Result<Box<dyn Identity>> {
    let passphrase = env::var("AGE_PASSPHRASE").ok().filter(|text| !text.is_empty()).ok_or_else(|| {
        fault(format!("the file `{shown}` is encrypted with a passphrase, but `AGE_PASSPHRASE` is not set"))
            .with_help("set `AGE_PASSPHRASE` in the environment of Connector, or encrypt the file to an identity")
    })?;
    Ok(Box::new(scrypt::Identity::new(SecretString::from(passphrase))))
}

const IDENTITY_CURE: &str = "set `AGE_IDENTITY_FILE` (or `SOPS_AGE_KEY_FILE`) to the file from `age-keygen -o FILE`";

/// The identities of the user. The variables are tried in order.
fn identities(shown: &str) -> Result<Vec<Box<dyn Identity>>> {
    let named = ["AGE_IDENTITY_FILE", "SOPS_AGE_KEY_FILE"].into_iter().find_map(env::var_os).map(PathBuf::from);
    let usual = || env::home_dir().map(|home| home.join(".config/sops/age/keys.txt")).filter(|path| path.is_file());
    let path = named.or_else(usual).ok_or_else(|| {
        fault(format!("the file `{shown}` is encrypted to an identity, but no identity file is set"))
            .with_help(IDENTITY_CURE)
    })?;
    let name = path.display().to_string();
    let text = Zeroizing::new(read(&path, Role::Secret, IDENTITY_CURE)?);
    // The error names the line, not its content.
    let unusable = || {
        fault(format!("the identity file `{name}` is not usable")).with_help(
            "use a file with lines that begin with `AGE-SECRET-KEY-1`; Connector does not support SSH keys, plugins or encrypted identities",
        )
    };
    let file = IdentityFile::from_buffer(&text[..]).map_err(|cause| unusable().with_cause(cause))?;
    let identities = file.into_identities().map_err(|_| unusable())?;
    if identities.is_empty() {
        return Err(unusable());
    }
    Ok(identities.into_iter().map(|identity| identity as Box<dyn Identity>).collect())
}

fn unreadable(cause: DecryptError, shown: &str) -> Error {
    match cause {
        DecryptError::NoMatchingKeys => fault(format!("the file `{shown}` is encrypted to another identity"))
            .with_help("encrypt it to the recipient of this identity, or set the identity that it was encrypted to"),
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
            fault(format!("can't decrypt the file `{shown}`: the passphrase is wrong or the file is damaged"))
                .with_help("check `AGE_PASSPHRASE`")
        }
        DecryptError::ExcessiveWork { .. } => fault(format!(
            "checking the passphrase of `{shown}` would take minutes, because its work factor is too high"
        ))
        .with_help("encrypt the file again on this machine"),
        DecryptError::Io(cause) => damaged(shown).with_cause(cause),
        _ => damaged(shown),
    }
}

fn damaged(shown: &str) -> Error {
    fault(format!("the file `{shown}` is damaged")).with_help("copy or encrypt it again")
}

fn fault(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Secret, message)
}
