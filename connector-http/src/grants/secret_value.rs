//! Secrets that are sent as they are.

use connector_core::{Context, Error, ErrorKind, Finding, Result, SecretRef};
use secrecy::{ExposeSecret, SecretString};

/// A secret and the field of `auth:` that says where it is kept.
pub(crate) struct SecretValue {
    pub(crate) context: Context,
    /// What it is, for people: `client secret`.
    pub(crate) what: &'static str,
    pub(crate) field: &'static str,
    pub(crate) reference: SecretRef,
}

impl SecretValue {
    /// Read for each login, so a replaced secret is used at once. White space around it is no part of it.
    pub(crate) async fn text(&self) -> Result<SecretString> {
        let text = self.context.secret(&self.reference).await?;
        let trimmed = text.expose_secret().trim();
        if trimmed.is_empty() {
            return Err(self.fault("is empty"));
        }
        Ok(SecretString::from(trimmed))
    }

    /// The same, for a secret that goes into a header without being encoded.
    pub(crate) async fn header_text(&self) -> Result<SecretString> {
        let text = self.text().await?;
        if text.expose_secret().chars().any(|c| !(' '..='~').contains(&c)) {
            return Err(self.fault("has characters that can't be sent in a header"));
        }
        Ok(text)
    }

    /// What a connection test says of it.
    pub(crate) fn finding(&self, text: Result<SecretString>) -> Result<Finding> {
        text.map(|_| Finding::passed(format!("from {}", self.reference)))
    }

    fn fault(&self, how: &str) -> Error {
        Error::new(ErrorKind::Secret, format!("the {} {how}", self.what))
            .with_help(format!("check what `{}` points at", self.field))
    }
}
