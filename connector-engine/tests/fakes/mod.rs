//! A connector and a grant type with a key and a certificate, for these tests only.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use async_trait::async_trait;
use connector_core::{
    Account, AccountSchema, AuthSettings, AuthStrategy, Connector, Context, Credential, Cursor, Error, ErrorKind,
    Exchange, Page, Result, SecretRef, Settings, SigningKey, TestReport, register_auth_strategy, register_connector,
};
use connector_project::source::Project;
use schemars::JsonSchema;
use serde::Deserialize;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use url::Url;

#[derive(Debug)]
struct Directory;

#[async_trait]
impl Connector for Directory {
    async fn test_connection(&self, _: &mut TestReport) {}

    async fn aggregate_accounts(&self, _: &Cursor) -> Result<Page<Account>> {
        Ok(Page::last(Vec::new()))
    }

    fn schema(&self) -> AccountSchema {
        AccountSchema::default()
    }
}

/// The settings of a directory.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DirectorySettings {}

impl Settings for DirectorySettings {
    fn open(self, _: &Context) -> Result<Box<dyn Connector>> {
        Ok(Box::new(Directory))
    }
}

register_connector! {
    name: "directory",
    title: "Directory",
    description: "A directory of people",
    grant_types: ["signed"],
    settings: DirectorySettings,
    example: "connector: directory\n",
}

#[derive(Debug)]
struct Strategy {
    token_url: Url,
    key: Option<SigningKey>,
}

#[async_trait]
impl AuthStrategy for Strategy {
    async fn credential(&self, _: &dyn Exchange) -> Result<Credential> {
        Err(Error::new(ErrorKind::Unsupported, "no token in tests"))
    }

    async fn check(&self, _: &mut TestReport) {}

    fn token_url(&self) -> Option<&Url> {
        Some(&self.token_url)
    }

    fn signing_key(&self) -> Option<SigningKey> {
        self.key.clone()
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "the fields are for the schema")]
struct Signed {
    /// Where tokens are asked for.
    #[schemars(with = "String", extend("format" = "uri"))]
    token_url: Url,
    /// The client id.
    #[schemars(length(min = 1))]
    issuer: String,
    /// The service account.
    subject: String,
    /// Where the private key is kept.
    key_ref: SecretRef,
    /// Where the password of an encrypted key is kept.
    key_password_ref: Option<SecretRef>,
    /// Where the certificate is kept.
    certificate_ref: Option<SecretRef>,
    /// When the certificate is replaced.
    rotation: Option<serde_json::Map<String, serde_json::Value>>,
}

impl AuthSettings for Signed {
    fn open(self, _: &Context) -> Result<Arc<dyn AuthStrategy>> {
        let before_expiry = self.rotation.as_ref().and_then(|rotation| rotation.get("before_expiry")).cloned();
        let window: Option<connector_core::TimeSpan> = before_expiry.map(|span| serde_json::from_value(span).unwrap());
        let key = SigningKey::new(self.key_ref)
            .with_password(self.key_password_ref)
            .with_certificate(self.certificate_ref)
            .with_renewal(window.map(connector_core::TimeSpan::duration));
        Ok(Arc::new(Strategy { token_url: self.token_url, key: Some(key) }))
    }
}

register_auth_strategy! {
    grant_type: "signed",
    aliases: ["urn:example:signed", "SIGNED"],
    title: "Signed",
    description: "Signs a statement with a private key",
    settings: Signed,
    example: "grant_type: signed\ntoken_url: https://login.example.com/token\nissuer: client\nsubject: iga@acme.example\nkey_ref: file:secrets/directory.key\n",
}

/// A valid source file.
pub(crate) const VALID: &str = "\
connector: directory
auth:
  grant_type: signed
  token_url: https://acme.example/token
  issuer: client
  subject: iga@acme.example
  key_ref: file:secrets/directory.key
";

/// A new project in a folder of its own, with one source file.
pub(crate) fn project_with(name: &str, text: impl AsRef<[u8]>) -> (tempfile::TempDir, Project) {
    let folder = tempfile::tempdir().unwrap();
    let (project, _) = Project::create(folder.path()).unwrap();
    fs::write(folder.path().join("sources").join(name), text).unwrap();
    (folder, project)
}

/// Writes a file for its owner alone.
pub(crate) fn write_private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}
