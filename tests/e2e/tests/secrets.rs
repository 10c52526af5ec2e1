//! Promise: no credential is written anywhere.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use connector_e2e::{Bare, Binary, Project};
use connector_sandbox_salesforce::{Fault, Options};
use secrecy::ExposeSecret;
use std::fs;
use std::path::Path;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

fn files_below(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            files_below(&entry.path(), found);
        } else {
            found.push(entry.path());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_written_anywhere() {
    let project = Project::start(BINARY, Options { users: 250, max_page: 200, ..Options::default() }).await;
    let mut written = Vec::new();
    for fault in [None, Some("session-expiry:5"), Some("truncate-page:6"), Some("token-html")] {
        let faults = fault.map(|fault| fault.parse::<Fault>().unwrap()).into_iter().collect();
        project.sandbox.set_faults(faults);
        for arguments in [
            &["test", "salesforce", "-vvv"][..],
            &["aggregate", "salesforce", "-vvv", "--output", "json"],
            &["aggregate", "salesforce", "-vvv", "--log-format", "json"],
            &["source", "show", "salesforce"],
        ] {
            let mut command = project.command(arguments);
            let output = command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "1").output().unwrap();
            written.extend(output.stdout);
            written.extend(output.stderr);
        }
    }
    let mut files = Vec::new();
    files_below(&project.path(".connector"), &mut files);
    assert!(files.iter().any(|file| file.ends_with("store.db")), "{files:?}");
    for file in files {
        written.extend(fs::read(file).unwrap());
    }

    let mut secrets: Vec<String> = project
        .key_pem
        .expose_secret()
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .filter(|line| line.len() > 20)
        .map(str::to_owned)
        .collect();
    // Every token begins with the id of the org and `!`; every assertion with the encoded beginning of its header.
    project.sandbox.set_faults(Vec::new());
    let token = Bare::sign_in(&project).await.token().to_owned();
    let (org, _) = token.split_once('!').unwrap();
    secrets.push(format!("{org}!"));
    secrets.push("eyJhbGciOi".to_owned());
    secrets.push("Bearer 0".to_owned());
    let written = String::from_utf8_lossy(&written);
    assert!(written.len() > 10_000, "the sweep looked at something");
    for secret in secrets {
        assert!(!written.contains(&secret), "a secret of {} characters was written", secret.len());
    }
}
