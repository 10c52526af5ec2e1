//! Reads a secret in a separate process, because the places read environment variables.

use connector_core::{Context, SecretRef};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

const REF: &str = "CONNECTOR_TEST_REF";
const ANSWER: &str = "CONNECTOR_TEST_ANSWER";

/// The result of reading `reference` in a process in `folder` that has only these variables.
pub(crate) fn asked(reference: &str, folder: &Path, variables: &[(&str, &str)]) -> Result<String, String> {
    let answer = tempfile::NamedTempFile::new().unwrap();
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "asked::ask", "--ignored", "--nocapture"])
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env(REF, reference)
        .env(ANSWER, answer.path())
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let answer: Value = serde_json::from_str(&fs::read_to_string(answer.path()).unwrap()).unwrap();
    match answer["secret"].as_str() {
        Some(secret) => Ok(secret.to_owned()),
        None => Err(answer["error"].as_str().unwrap().to_owned()),
    }
}

#[tokio::test]
#[ignore = "the other tests start this one, with the ref in the environment"]
async fn ask() {
    let Ok(reference) = env::var(REF) else { return };
    let reference: SecretRef = reference.parse().unwrap();
    let answer = match Context::new("people", ".").secret(&reference).await {
        Ok(secret) => json!({"secret": secret.expose_secret()}),
        Err(error) => {
            json!({"error": format!("{}: {error}; {}", error.kind().name(), error.help().unwrap_or_default())})
        }
    };
    fs::write(env::var_os(ANSWER).unwrap(), answer.to_string()).unwrap();
}
