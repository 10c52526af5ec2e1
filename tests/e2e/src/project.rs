//! A project folder with one source that is wired to a simulated org.

use crate::command::{Binary, Ended};
use connector_keys::{Certificate, CertificateRequest, PrivateKey};
use connector_sandbox_postgres::Home;
use connector_sandbox_salesforce::{Options, Sandbox};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A project folder whose source `salesforce` is a simulated org over HTTPS with a private certificate authority.
#[derive(Debug)]
pub struct Project {
    /// The simulated org.
    pub sandbox: Sandbox,
    /// The private key, to look for it where it must not be.
    pub key_pem: SecretString,
    /// Where its store is.
    home: Home,
    folder: TempDir,
    binary: Binary,
}

impl Project {
    /// The secret of the app, for clients that sign in by client credentials.
    pub const CLIENT_SECRET: &str = "the-secret-of-the-test-app";

    /// Starts an org and writes a project for it. TLS is set here, and the app's certificate when there is none; the rest
    /// of `options` stays.
    ///
    /// # Panics
    ///
    /// When the org can't be started or the folder can't be written.
    pub async fn start(binary: Binary, mut options: Options) -> Self {
        let key = PrivateKey::generate(2048).expect("OpenSSL makes RSA keys");
        let request = CertificateRequest { subject_cn: "connector test".into(), organization: None, days: 365 };
        let certificate = Certificate::self_signed(&key, &request, Timestamp::now()).expect("the key signs");
        let certificate_pem = options.app.certificate_pem.get_or_insert_with(|| certificate.to_pem()).clone();
        options.app.client_secret = Some(SecretString::from(Self::CLIENT_SECRET));
        options.tls = true;
        let sandbox = Sandbox::start(options).await.expect("loopback has free ports");
        let key_pem = key.to_pkcs8_pem(None).expect("a key has a PEM form");

        let folder = TempDir::new().expect("there is a temporary folder");
        let home = Home::in_folder(folder.path());
        let project = Self { sandbox, key_pem, home, folder, binary };
        if project.home.is_on_server() {
            let settings = format!("store: {}\n", project.home.place());
            fs::write(project.path("connector.yaml"), settings).expect("the folder is ours");
        }
        fs::create_dir(project.path("sources")).expect("the folder is ours");
        fs::DirBuilder::new().mode(0o700).create(project.path("secrets")).expect("the folder is ours");
        project.write_secret("salesforce.key", project.key_pem.expose_secret());
        project.write_secret("salesforce.crt", &certificate_pem);
        project.write_secret("ca.pem", project.sandbox.ca_pem().unwrap_or_default());
        project.write_source("");
        project
    }

    /// Writes the source file, with `more` YAML behind it.
    ///
    /// # Panics
    ///
    /// When it can't be written.
    pub fn write_source(&self, more: &str) {
        let text = format!(
            "connector: salesforce\n\
             auth:\n  grant_type: jwt_bearer\n  token_url: {}\n  issuer: {}\n  subject: {}\n  audience: {}\n  \
             key_ref: file:secrets/salesforce.key\n  certificate_ref: file:secrets/salesforce.crt\n\
             http:\n  ca_file: secrets/ca.pem\n{more}",
            self.sandbox.token_url(),
            self.sandbox.consumer_key(),
            self.sandbox.username(),
            self.sandbox.audience(),
        );
        fs::write(self.path("sources/salesforce.yaml"), text).expect("the folder is ours");
    }

    /// Writes a file that only its owner can read into `secrets/`.
    ///
    /// # Panics
    ///
    /// When it can't be written.
    pub fn write_secret(&self, name: &str, text: &str) {
        use std::io::Write;
        let path = self.path("secrets").join(name);
        let file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
        file.and_then(|mut file| file.write_all(text.as_bytes())).expect("the folder is ours");
    }

    /// Adds an active user with the profile *Standard User* to the org, and says its id.
    ///
    /// # Panics
    ///
    /// When the org does not take it.
    pub fn add_user(&self, username: &str) -> String {
        let org = self.sandbox.org();
        let profile = org.id_of("Profile", 1).expect("every org has this profile");
        let fields = [
            ("Username", json!(username)),
            ("LastName", json!(username.split('@').next())),
            ("ProfileId", json!(profile)),
            ("UserType", json!("Standard")),
            ("IsActive", json!(true)),
        ];
        org.add_user(&fields).expect("the fields are those of a user")
    }

    /// The project folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A path in the project folder.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// Runs `connector ARGUMENTS…` in the project folder.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.binary.run(self.folder(), arguments)
    }

    /// The command `connector ARGUMENTS…` in the project folder, to be started by the test.
    pub fn command(&self, arguments: &[&str]) -> std::process::Command {
        self.binary.command(self.folder(), arguments)
    }

    /// Everything the store knows of the source that a user can ask for, as text to compare.
    pub fn snapshot(&self) -> String {
        ["accounts", "entitlements", "assignments"]
            .map(|what| self.run(&["export", "salesforce", "--what", what, "--format", "ndjson"]).expect_code(0).stdout)
            .concat()
    }
}
