//! What requests carry, and the key that it comes from.

use crate::secret::SecretRef;
use secrecy::SecretString;
use serde_json::{Map, Value};
use std::time::Duration;

/// What a request carries to prove who sends it. `Debug` shows no secret.
///
/// ```
/// use connector_core::{Credential, Token};
///
/// let oauth = Credential::Bearer(Token::new("the access token".into()));
/// let key = Credential::header("X-Api-Key", "the key".into());
/// assert!(!format!("{oauth:?} {key:?}").contains("the "));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Credential {
    /// Sent as `Authorization: Bearer …`.
    Bearer(Token),
    /// Sent as a header of its own, such as `X-Api-Key: …` or `Authorization: Basic …`. Made by [`Credential::header`].
    #[non_exhaustive]
    Header {
        /// The name of the header.
        name: String,
        /// The whole value.
        value: SecretString,
    },
    /// Nothing is sent.
    None,
}

impl Credential {
    /// A header with a secret value.
    pub fn header(name: impl Into<String>, value: SecretString) -> Self {
        Self::Header { name: name.into(), value }
    }

    /// The token, when the credential is one.
    pub fn token(&self) -> Option<&Token> {
        match self {
            Self::Bearer(token) => Some(token),
            Self::Header { .. } | Self::None => None,
        }
    }
}

/// An access token and what came with it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Token {
    /// What to send as `Authorization: Bearer …`.
    pub access_token: SecretString,
    /// How long it lives, where the endpoint says so.
    pub expires_in: Option<Duration>,
    /// The other members of the answer that are no secrets, such as `instance_url`, `id` and `scope`.
    pub members: Map<String, Value>,
}

impl Token {
    /// A token of which nothing else is known.
    pub fn new(access_token: SecretString) -> Self {
        Self { access_token, expires_in: None, members: Map::new() }
    }

    /// Sets how long the token lives.
    #[must_use]
    pub fn with_life(mut self, life: Duration) -> Self {
        self.expires_in = Some(life);
        self
    }

    /// Sets the other members of the answer. None of them may be a secret.
    #[must_use]
    pub fn with_members(mut self, members: Map<String, Value>) -> Self {
        self.members = members;
        self
    }

    /// A text member of the answer, such as `instance_url`.
    pub fn member(&self, name: &str) -> Option<&str> {
        self.members.get(name).and_then(Value::as_str)
    }
}

/// The key that a strategy signs with: where it and its certificate are kept.
///
/// A rotation writes new files and, for two apps that take turns, new refs into the `auth:` block. It finds them there
/// as `key_ref` and `certificate_ref`, so a strategy whose key can be rotated uses these names for its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SigningKey {
    /// Where the private key is kept.
    pub key_ref: SecretRef,
    /// Where the password of the key, or the PIN of its token, is kept.
    pub password_ref: Option<SecretRef>,
    /// Where the certificate is kept, when the source names it.
    pub certificate_ref: Option<SecretRef>,
    /// How long before its end the certificate must be renewed, if the source says so.
    pub renew_before: Option<Duration>,
}

impl SigningKey {
    /// A key without password and certificate.
    pub fn new(key_ref: SecretRef) -> Self {
        Self { key_ref, password_ref: None, certificate_ref: None, renew_before: None }
    }

    /// Sets where the password of the key is kept.
    #[must_use]
    pub fn with_password(mut self, password_ref: Option<SecretRef>) -> Self {
        self.password_ref = password_ref;
        self
    }

    /// Sets where the certificate is kept.
    #[must_use]
    pub fn with_certificate(mut self, certificate_ref: Option<SecretRef>) -> Self {
        self.certificate_ref = certificate_ref;
        self
    }

    /// Sets how long before its end the certificate must be renewed.
    #[must_use]
    pub fn with_renewal(mut self, renew_before: Option<Duration>) -> Self {
        self.renew_before = renew_before;
        self
    }
}
