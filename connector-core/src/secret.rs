//! Where secrets are kept, and how they are fetched.

use crate::error::{Error, ErrorKind, Result};
use async_trait::async_trait;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::SecretString;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// Says where a secret is kept, never the secret itself: `file:PATH`, `env:NAME`, `command:["prog","arg"]`, or any other
/// registered scheme.
///
/// The part before the first colon names a registered [`SecretResolver`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SecretRef {
    scheme: String,
    rest: String,
}

const SECRET_REF_PATTERN: &str = "^[a-z][a-z0-9_-]*:.+";

impl SecretRef {
    /// The name of the resolver.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// What the resolver must look up.
    pub fn rest(&self) -> &str {
        &self.rest
    }

    /// The ref of the next key while a certificate is being replaced: `PATH.next`, next to this file. Only files have
    /// one.
    pub fn successor(&self) -> Option<Self> {
        (self.scheme == "file").then(|| Self { scheme: self.scheme.clone(), rest: format!("{}.next", self.rest) })
    }
}

impl FromStr for SecretRef {
    type Err = String;

    /// The error never repeats the text, because it may be a secret in the wrong place.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fault = "not a secret ref: write where the secret is kept, for example `file:secrets/acme.key`";
        let (scheme, rest) = text.split_once(':').ok_or(fault)?;
        let named = scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c));
        if !named || rest.is_empty() {
            return Err(fault.to_owned());
        }
        Ok(Self { scheme: scheme.to_owned(), rest: rest.to_owned() })
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.scheme, self.rest)
    }
}

impl fmt::Debug for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretRef({}:…)", self.scheme)
    }
}

/// The place, which is no secret.
impl Serialize for SecretRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SecretRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for SecretRef {
    fn schema_name() -> Cow<'static, str> {
        "SecretRef".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": SECRET_REF_PATTERN,
            "description": "Where the secret is kept: file:PATH, env:NAME, command:[\"prog\",\"arg\"] or another place that `connector connectors` lists; never the secret itself"
        })
    }
}

/// What the fetched bytes are used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sensitivity {
    /// A key or password: refused if other users can read it.
    Secret,
    /// Public material such as a certificate.
    Public,
}

/// Fetches the secret of a [`SecretRef`] of one scheme.
#[async_trait]
pub trait SecretResolver: Send + Sync {
    /// Fetches the text. `project` is the folder that relative paths start from.
    ///
    /// Fails with kind `secret`. The message says what to do and never contains any part of the secret.
    async fn resolve(&self, reference: &SecretRef, project: &Path, sensitivity: Sensitivity) -> Result<SecretString>;

    /// Checks that the secret is there, if that is possible without fetching it, running a program or asking a server.
    fn available(&self, _reference: &SecretRef, _project: &Path) -> Result<()> {
        Ok(())
    }

    /// Replaces the secret that the ref names, for example a refresh token that changes at each use. A crash leaves
    /// the old secret or the new one, never a part.
    ///
    /// A place that can't be written refuses with kind `unsupported`, which is the default.
    async fn keep(&self, reference: &SecretRef, _project: &Path, _secret: &SecretString) -> Result<()> {
        let message = format!("a secret can't be written to a `{}:` ref", reference.scheme());
        Err(Error::new(ErrorKind::Unsupported, message)
            .with_help("keep a secret that the service replaces in a file: `file:secrets/NAME`"))
    }

    /// Checks the part after the scheme without fetching anything. The error says what to write instead.
    fn check(&self, reference: &SecretRef) -> Result<(), String>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_never_shows_what_follows_the_scheme() {
        let reference: SecretRef = "hunter2:correct horse".parse().unwrap();
        assert!(!format!("{reference:?}").contains("horse"));
    }

    #[test]
    fn the_error_does_not_repeat_a_literal_secret() {
        for literal in ["correct horse", "-----BEGIN PRIVATE KEY-----\nabc:def", "S3cret:x", ":x", "env:"] {
            let error = literal.parse::<SecretRef>().unwrap_err();
            assert!(error.starts_with("not a secret ref"), "{error}");
        }
    }
}
