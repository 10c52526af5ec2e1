//! Replacing the certificate by which a source recognizes a key.

use crate::error::Result;
use async_trait::async_trait;

/// Replaces the certificate of an app at the source, so that the app recognizes another key.
///
/// The engine creates the key, keeps the order, records each step, tests the new key and switches to it. The connector
/// only lists the apps, reads the certificate of an app and deploys another one.
#[async_trait]
pub trait RotateCertificate: Send + Sync {
    /// The apps that this source can use to sign in: first the one in use, then the standby app, if
    /// any. Offline.
    ///
    /// Fails with kind `definition` if the settings name no app.
    fn apps(&self) -> Result<Vec<App>>;

    /// Sends a cheap request: signs in if there is no session yet, and keeps an open session alive. Fails with kind
    /// `auth` if the source refuses the key.
    async fn reach(&self) -> Result<()>;

    /// The current state of an app.
    async fn deployed(&self, app: &App) -> Result<Deployed>;

    /// Replaces the certificate (PEM) of an app and changes nothing else. Returns when the source has stored it; the source
    /// can need some minutes more to accept it. Idempotent.
    async fn deploy(&self, app: &App, certificate: &str) -> Result<()>;
}

/// An app that a source signs in with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct App {
    /// Its name at the source.
    pub name: String,
    /// What kind of app it is, for people.
    pub kind: String,
    /// Its OAuth client id; `None` means the one in the `auth:` block.
    pub issuer: Option<String>,
}

impl App {
    /// The app of that name and kind, with the OAuth client id of the `auth:` block.
    pub fn new(name: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { name: name.into(), kind: kind.into(), issuer: None }
    }

    /// Sets an OAuth client id of its own.
    #[must_use]
    pub fn with_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }
}

/// The current state of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deployed {
    /// Its certificate as PEM, if it has one.
    pub certificate: Option<String>,
    /// The settings that are deployed unchanged with the certificate: name and value, for a preview. No secrets.
    pub kept: Vec<(String, String)>,
}

impl Deployed {
    /// An app with this certificate as PEM, where it has one.
    pub fn new(certificate: Option<String>) -> Self {
        Self { certificate, kept: Vec::new() }
    }

    /// Sets what is passed along with the certificate: name and value, no secrets.
    #[must_use]
    pub fn keeping(mut self, kept: Vec<(String, String)>) -> Self {
        self.kept = kept;
        self
    }
}
