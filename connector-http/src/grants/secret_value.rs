//! Secrets that are sent unchanged.

use connector_core::{Context, Error, ErrorKind, Finding, Result, SecretRef};
use secrecy::{ExposeSecret, SecretString};

/// A secret and the field of `auth:` with its ref.
pub(crate) struct SecretValue {
    pub(crate) context: Context,
    /// Its name for people: `client secret`.
    pub(crate) what: &'static str,
    pub(crate) field: &'static str,
    pub(crate) reference: SecretRef,
}

impl SecretValue {
    /// Read for each login, so a replaced secret takes effect immediately. White space around it is removed.
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
            return Err(self.fault("contains characters that a header can't carry"));
        }
        Ok(text)
    }

    /// Its result in a connection test.
    pub(crate) fn finding(&self, text: Result<SecretString>) -> Result<Finding> {
        text.map(|_| Finding::passed(format!("from {}", self.reference)))
    }

    fn fault(&self, how: &str) -> Error {
        Error::new(ErrorKind::Secret, format!("the {} {how}", self.what))
            .with_help(format!("check the place that `{}` refers to", self.field))
    }
}
