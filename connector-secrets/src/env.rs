//! `env:NAME`

use async_trait::async_trait;
use connector_core::{Error, ErrorKind, Result, SecretRef, SecretResolver, Sensitivity, register_secret_resolver};
use connector_keys::secret_text;
use secrecy::SecretString;
use std::ffi::OsString;
use std::path::Path;

/// Reads an environment variable.
struct Env;

static ENV: Env = Env;

register_secret_resolver! {
    scheme: "env",
    form: "env:NAME",
    description: "An environment variable",
    resolver: ENV,
}

#[async_trait]
impl SecretResolver for Env {
    async fn resolve(&self, reference: &SecretRef, _: &Path, _: Sensitivity) -> Result<SecretString> {
        let name = reference.rest();
        let value = std::env::var_os(name).map(OsString::into_encoded_bytes).ok_or_else(|| not_set(name))?;
        secret_text(value, &format!("the environment variable `{name}`"))
    }

    fn available(&self, reference: &SecretRef, _: &Path) -> Result<()> {
        std::env::var_os(reference.rest()).map(drop).ok_or_else(|| not_set(reference.rest()))
    }

    fn check(&self, reference: &SecretRef) -> Result<(), String> {
        let name = reference.rest();
        let well_formed = !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if well_formed {
            Ok(())
        } else {
            Err("the name of a variable has only letters, digits and `_`, and no `$`".into())
        }
    }
}

fn not_set(name: &str) -> Error {
    Error::new(ErrorKind::Secret, format!("the environment variable `{name}` is not set"))
        .with_help(format!("set `{name}` in the environment of Connector"))
}
