//! Installing clients that others wrote, and running a script with them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests fails as a test does")]

use std::path::PathBuf;
use std::process::{Output, Stdio};

use tokio::process::Command;

/// Runs the steps that install a client into a folder, unless it is already there.
pub(crate) async fn install(name: &str, steps: impl Fn(&PathBuf) -> Vec<Command>) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let done = folder.join("installed");
    if done.exists() {
        return folder;
    }
    std::fs::create_dir_all(&folder).unwrap();
    for mut step in steps(&folder) {
        let output = match step.stdin(Stdio::null()).output().await {
            Ok(output) => output,
            Err(error) => panic!("{name}: {}: {error}", step.as_std().get_program().display()),
        };
        assert!(output.status.success(), "{name}: {}", said(&output));
    }
    std::fs::write(done, "").unwrap();
    folder
}

/// What a program wrote.
pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A script beside the tests.
pub(crate) fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name)
}
