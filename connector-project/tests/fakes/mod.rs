//! A connector and two grant types that exist only for these tests, shaped like real ones.
#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use async_trait::async_trait;
use connector_core::{
    Account, AccountSchema, AuthSettings, AuthStrategy, Connector, Context, Credential, Cursor, Error, ErrorKind,
    Exchange, Page, Result, SecretRef, Settings, SettingsFault, SigningKey, TestReport, TimeSpan,
    register_auth_strategy, register_connector,
};
use connector_project::source::Project;
use schemars::JsonSchema;
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
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
struct DirectorySettings {
    /// The API version, in quotes, for example `"67.0"`.
    #[schemars(regex(pattern = r"^[0-9]+\.0$"))]
    api_version: Option<String>,
    /// How to read the directory.
    #[serde(default)]
    transport: Transport,
    /// The app that receives certificates.
    app: Option<App>,
    /// More attributes to read.
    #[serde(default)]
    custom_fields: Vec<String>,
}

#[derive(Debug, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Transport {
    /// Chosen by the size of the directory.
    #[default]
    Auto,
    /// Page by page.
    Rest,
    /// As files.
    Bulk,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct App {
    /// The kind of app.
    kind: AppKind,
    /// The name of the app.
    name: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum AppKind {
    ConnectedApp,
    ExternalClientApp,
}

impl Settings for DirectorySettings {
    fn check(&self, _: &Context) -> Vec<SettingsFault> {
        let mut faults = Vec::new();
        for (place, field) in self.custom_fields.iter().enumerate() {
            if let Some(at) = field.find(' ') {
                let fault = SettingsFault::new(format!("/custom_fields/{place}"), "a field name has no space");
                faults.push(fault.at(at..at + 1).with_help("write the API name of the field"));
            }
        }
        if self.api_version.as_deref() == Some("1.0") {
            faults.push(SettingsFault::new("/api_version", "the interface 1.0 is gone"));
        }
        faults
    }

    fn open(self, context: &Context) -> Result<Box<dyn Connector>> {
        if self.transport == Transport::Bulk && self.custom_fields.len() > 2 {
            return Err(Error::new(ErrorKind::Definition, "`bulk` reads at most 2 custom fields")
                .with_help("write `transport: rest`"));
        }
        context.auth()?;
        Ok(Box::new(Directory))
    }
}

register_connector! {
    name: "directory",
    title: "Directory",
    description: "A directory of people",
    grant_types: ["signed", "shared"],
    settings: DirectorySettings,
    example: "connector: directory\nauth:\n  grant_type: signed\n  token_url: https://acme.example/token\n",
}

#[derive(Debug)]
struct Plain;

#[async_trait]
impl Connector for Plain {
    async fn test_connection(&self, _: &mut TestReport) {}

    async fn aggregate_accounts(&self, _: &Cursor) -> Result<Page<Account>> {
        Ok(Page::last(Vec::new()))
    }

    fn schema(&self) -> AccountSchema {
        AccountSchema::default()
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PlainSettings {
    /// The file to read.
    path: PathBuf,
}

impl Settings for PlainSettings {
    fn open(self, _: &Context) -> Result<Box<dyn Connector>> {
        Ok(Box::new(Plain))
    }
}

register_connector! {
    name: "people_file",
    title: "People file",
    description: "A file with people",
    grant_types: [],
    settings: PlainSettings,
    example: "connector: people_file\nsettings:\n  path: people.json\n",
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
struct Signed {
    /// The token endpoint.
    #[schemars(with = "String", extend("format" = "uri"))]
    token_url: Url,
    /// The client id.
    #[schemars(length(min = 1))]
    issuer: String,
    /// The service account.
    subject: String,
    /// A ref to the private key.
    key_ref: SecretRef,
    /// A ref to the password of an encrypted key.
    key_password_ref: Option<SecretRef>,
    /// A ref to the certificate.
    certificate_ref: Option<SecretRef>,
    /// When to rotate the certificate.
    rotation: Option<serde_json::Map<String, serde_json::Value>>,
}

impl AuthSettings for Signed {
    fn open(self, _: &Context) -> Result<Arc<dyn AuthStrategy>> {
        let before_expiry = self.rotation.as_ref().and_then(|rotation| rotation.get("before_expiry")).cloned();
        let window: Option<TimeSpan> = before_expiry.map(|span| serde_json::from_value(span).unwrap());
        let key = SigningKey::new(self.key_ref)
            .with_password(self.key_password_ref)
            .with_certificate(self.certificate_ref)
            .with_renewal(window.map(TimeSpan::duration));
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

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Shared {
    /// The token endpoint.
    #[schemars(with = "String", extend("format" = "uri"))]
    token_url: Url,
    /// The client id.
    client_id: String,
    /// A ref to the client secret.
    client_secret_ref: SecretRef,
    /// The scopes to request.
    scope: Option<String>,
}

impl AuthSettings for Shared {
    fn open(self, _: &Context) -> Result<Arc<dyn AuthStrategy>> {
        Ok(Arc::new(Strategy { token_url: self.token_url, key: None }))
    }
}

register_auth_strategy! {
    grant_type: "shared",
    aliases: [],
    title: "Shared secret",
    description: "Sends a secret that both sides know",
    settings: Shared,
    example: "grant_type: shared\ntoken_url: https://login.example.com/token\nclient_id: client\nclient_secret_ref: env:CLIENT_SECRET\n",
}

register_auth_strategy! {
    grant_type: "foreign",
    aliases: [],
    title: "Foreign",
    description: "A grant type that no connector of these tests accepts",
    settings: Shared,
    example: "grant_type: foreign\n",
}

/// A valid source file.
pub(crate) const VALID: &str = "\
connector: directory
description: Production
auth:
  grant_type: signed
  token_url: https://acme.example/token
  issuer: client
  subject: iga@acme.example
  key_ref: file:secrets/directory.key
settings:
  api_version: \"67.0\"
  transport: auto
";

/// A new project in its own folder, with one source file.
pub(crate) fn project_with(name: &str, text: impl AsRef<[u8]>) -> (tempfile::TempDir, Project) {
    let folder = tempfile::tempdir().unwrap();
    let (project, _) = Project::create(folder.path()).unwrap();
    fs::write(folder.path().join("sources").join(name), text).unwrap();
    (folder, project)
}

/// Writes a file that only its owner can read.
pub(crate) fn write_private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    set_mode(path, 0o600);
}

#[cfg(unix)]
pub(crate) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
