//! Somebody else's tester holds the API against its document, with hundreds of requests that nobody here thought of.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod place;

use connector_server::{Role, Tokens};
use jiff::Timestamp;
use place::Place;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

const PATIENCE: Duration = Duration::from_mins(8);

/// Runs a program that must succeed; returns all that it said.
async fn run(command: &mut Command) -> String {
    let output = tokio::time::timeout(PATIENCE, command.stdin(Stdio::null()).kill_on_drop(true).output()).await;
    let output = output.unwrap().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs python3"]
async fn nothing_that_the_document_allows_breaks_the_api_and_nothing_is_answered_otherwise() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("schemathesis");
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder)).await;
    let pip = folder.join("bin/pip");
    run(Command::new(pip).args(["install", "--quiet", "--disable-pip-version-check", "schemathesis==4.32.0"])).await;
    let place = Place::with_people().await;
    place.add_staff("").await;
    let served = place.serve();
    let token = Tokens::open(&place.store).unwrap();
    let token = token.create("schemathesis", Role::Approver, Duration::from_hours(1), Timestamp::now()).unwrap();
    let base = format!("http://{}/api/v1", served.address);
    let said = run(Command::new(folder.join("bin/schemathesis"))
        .args(["run", &format!("{base}/openapi.json"), "--url", &base, "--checks", "all", "--max-examples", "25"])
        // The same requests in each run, so that only a change of the server changes the result.
        .args(["--generation-deterministic"])
        // A condition and an entitlement are texts in a language of their own: no schema says which ones are right.
        .args([
            "--exclude-checks",
            "positive_data_acceptance",
            "-H",
            &format!("Authorization: Bearer {}", token.secret),
        ])
        .current_dir(place.path()))
    .await;
    assert!(said.contains("Tested: 24"), "{said}");
}
