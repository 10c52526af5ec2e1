//! Replacing the certificate by which a source recognises a key.

use crate::error::Result;
use async_trait::async_trait;

/// Replaces the certificate of an app at the source, so that it recognises another key.
///
/// The engine makes the key, keeps the order, writes down each step, proves the new key and switches to it. The connector
/// only says which apps there are, reads what one has and hands a certificate over.
#[async_trait]
pub trait RotateCertificate: Send + Sync {
    /// The apps that this source may sign in with: the one in use first, then a second one that stands by, where there is
    /// one. Offline.
    ///
    /// Fails with kind `definition` when the settings name no app.
    fn apps(&self) -> Result<Vec<App>>;

    /// Makes a cheap request: signs in if it has no session yet, and keeps the one it has from ending. Fails with kind
    /// `auth` when the key is refused.
    async fn reach(&self) -> Result<()>;

    /// What an app has now.
    async fn deployed(&self, app: &App) -> Result<Deployed>;

    /// Gives an app another certificate, as PEM, and changes nothing else of it. Ends when the source has taken it; until it
    /// is accepted may take minutes more. Doing it twice does no more than doing it once.
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
    /// Its OAuth client id; `None` stands for the one in the `auth:` block.
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

/// What an app has now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deployed {
    /// Its certificate as PEM, where it has one.
    pub certificate: Option<String>,
    /// What will be handed over beside the certificate, just as it is: name and value, for a preview. No secrets.
    pub kept: Vec<(String, String)>,
}

impl Deployed {
    /// An app with this certificate as PEM, where it has one.
    pub fn new(certificate: Option<String>) -> Self {
        Self { certificate, kept: Vec::new() }
    }

    /// Sets what is handed over beside the certificate: name and value, no secrets.
    #[must_use]
    pub fn keeping(mut self, kept: Vec<(String, String)>) -> Self {
        self.kept = kept;
        self
    }
}
