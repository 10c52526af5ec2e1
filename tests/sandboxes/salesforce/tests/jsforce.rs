//! The sandbox is faithful enough for jsforce, the JavaScript client: sign-in by JWT, identity, queries, describe, writes,
//! errors, and another certificate for the app through the Metadata API.

#[path = "support/install.rs"]
mod install;
mod support;
#[path = "support/metadata.rs"]
mod support_metadata;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connector_sandbox_salesforce::{Options, Sandbox};
use install::{said, script};
use serde_json::json;
use support::{Keys, claims};
use support_metadata::{accepts, certificate_of};
use tokio::process::Command;

const USERS: u64 = 3_100;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs npm"]
async fn jsforce_reads_and_writes_the_org_unmodified() {
    let installed = install::install("jsforce", |folder| {
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]);
        npm.arg(folder).args(["--loglevel", "error", "jsforce@3.10.16"]);
        vec![npm]
    });
    let folder = installed.await;
    let keys = Keys::generate();
    let options = Options { users: USERS, app: keys.app(), tls: true, ..Options::default() };
    let sandbox = Sandbox::start(options).await.unwrap();
    let secrets = tempfile::tempdir().unwrap();
    let ca = secrets.path().join("ca.pem");
    std::fs::write(&ca, sandbox.ca_pem().unwrap()).unwrap();
    let new = Keys::generate();
    let output = Command::new("node")
        .arg(script("jsforce_client.js"))
        .env("NODE_PATH", folder.join("node_modules"))
        .env("NODE_EXTRA_CA_CERTS", ca)
        .env("SANDBOX_LOGIN", sandbox.audience())
        .env("SANDBOX_INSTANCE", sandbox.instance_url())
        .env("SANDBOX_USERS", USERS.to_string())
        .env("SANDBOX_USERNAME", sandbox.username())
        .env("SANDBOX_KEY", sandbox.consumer_key())
        .env("SANDBOX_PACKAGE", STANDARD.encode(certificate_of(&new)))
        .env("SANDBOX_ASSERTION", keys.assertion(&json!({"alg": "RS256"}), &claims(&sandbox)))
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(accepts(&sandbox, &new).await && !accepts(&sandbox, &keys).await);
    assert!(sandbox.deploys().iter().all(|deploy| deploy.changes.iter().all(|change| change.lost.is_empty())));
}
