//! The sandbox is faithful enough for simple-salesforce, the Python client: sign-in by JWT, queries, describe, writes, errors.

#[path = "support/install.rs"]
mod install;
mod support;

use connector_sandbox_salesforce::{App, AppKind, Options, Sandbox};
use install::{said, script};
use support::Keys;
use tokio::process::Command;

const USERS: u64 = 4_300;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs python3"]
async fn simple_salesforce_reads_and_writes_the_org_unmodified() {
    let installed = install::install("simple-salesforce", |folder| {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(folder);
        let mut pip = Command::new(folder.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check", "simple-salesforce==1.12.10"]);
        vec![venv, pip]
    });
    let folder = installed.await;
    let keys = Keys::generate();
    // The client signs in with the generic login host as audience, which only a Connected App takes.
    let app = App { kind: AppKind::ConnectedApp, ..keys.app() };
    let sandbox = Sandbox::start(Options { users: USERS, app, tls: true, ..Options::default() }).await.unwrap();
    let secrets = tempfile::tempdir().unwrap();
    let (ca, key) = (secrets.path().join("ca.pem"), secrets.path().join("app.key"));
    std::fs::write(&ca, sandbox.ca_pem().unwrap()).unwrap();
    std::fs::write(&key, keys.private_pem()).unwrap();
    let output = Command::new(folder.join("bin/python"))
        .arg(script("simple_salesforce_client.py"))
        .env("SANDBOX_LOGIN", sandbox.audience())
        .env("SANDBOX_INSTANCE", sandbox.instance_url())
        .env("SANDBOX_USERS", USERS.to_string())
        .env("SANDBOX_USERNAME", sandbox.username())
        .env("SANDBOX_KEY", sandbox.consumer_key())
        .env("SANDBOX_KEY_FILE", key)
        .env("SANDBOX_CA", ca)
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
}
