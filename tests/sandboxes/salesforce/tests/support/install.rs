//! Installing clients that others wrote, and running a script with them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests fails as a test does")]
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::path::PathBuf;
use std::process::{Output, Stdio};

use tokio::process::Command;

/// What package installers say when they reach no registry.
const NO_NETWORK: [&str; 10] = [
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeoutError",
    "ConnectionResetError",
    "ProxyError",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ETIMEDOUT",
    "ENETUNREACH",
];

/// Runs the steps that install a client into a folder, unless it is there already. `None`, with a line that says why,
/// where there is no network or no interpreter.
pub(crate) async fn install(name: &str, steps: impl Fn(&PathBuf) -> Vec<Command>) -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let done = folder.join("installed");
    if done.exists() {
        return Some(folder);
    }
    std::fs::create_dir_all(&folder).unwrap();
    for mut step in steps(&folder) {
        let output = match step.stdin(Stdio::null()).output().await {
            Ok(output) => output,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                eprintln!(
                    "skipped: {} is not installed, so {name} can't be tried",
                    step.as_std().get_program().display()
                );
                return None;
            }
            Err(error) => panic!("{name}: {error}"),
        };
        let said = said(&output);
        if !output.status.success() {
            assert!(NO_NETWORK.iter().any(|sign| said.contains(sign)), "{name}: {said}");
            eprintln!("skipped: {name} can't be installed without a network");
            return None;
        }
    }
    std::fs::write(done, "").unwrap();
    Some(folder)
}

/// What a program wrote.
pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A script beside the tests.
pub(crate) fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name)
}
