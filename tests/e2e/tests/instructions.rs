//! Promise: reading costs a known number of instructions. Unlike times, they hardly depend on the machine and on what else it does.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Project};
use connector_sandbox_salesforce::Options;
use std::process::{Command, Stdio};

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));
const USERS: u64 = 2_000;

/// Instructions of a full run of an unoptimized program, for each user. A change that needs more than a tenth more needs a reason, and
/// another number here.
const INSTRUCTIONS_FOR_A_USER: u64 = 1_630_000;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs valgrind"]
async fn two_thousand_users_need_no_more_instructions_than_they_did() {
    let project = Project::start(BINARY, Options { users: USERS, ..Options::default() }).await;
    let mut counted = Command::new("valgrind");
    counted.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", BINARY.0]);
    counted.args(["aggregate", "salesforce", "--full", "--output", "json"]);
    let counted = counted.current_dir(project.folder()).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&counted.stderr);
    assert!(counted.status.success(), "{said}");
    let instructions: u64 =
        said.split_once("Collected : ").unwrap().1.split_whitespace().next().unwrap().parse().unwrap();
    let now = instructions / USERS;
    assert!(
        now * 10 <= INSTRUCTIONS_FOR_A_USER * 11,
        "instructions for a user: {now}, and it was {INSTRUCTIONS_FOR_A_USER}"
    );
}
