//! Promise: reading costs a known number of instructions and of allocations. Unlike times, they hardly depend on the machine and on
//! what else it does.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Project};
use connector_sandbox_salesforce::Options;
use std::collections::HashSet;
use std::fs;
use std::process::{Command, Stdio};

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));
const USERS: u64 = 2_000;

/// What the program asks its allocator for memory with.
const ALLOCATORS: [&str; 4] = ["mi_malloc", "mi_malloc_aligned", "mi_zalloc_aligned", "mi_realloc_aligned"];

/// Instructions of a full run of an unoptimized program, for each user. A change that needs more than a tenth more needs a reason, and
/// another number here.
const INSTRUCTIONS_FOR_A_USER: u64 = 1_630_000;
/// Allocations for each user, of the same run.
const ALLOCATIONS_FOR_A_USER: u64 = 42;

/// How often functions with a name were called, as a profile of Callgrind says. A name is written once, and stands for a number then.
fn calls(profile: &str, is_wanted: impl Fn(&str) -> bool) -> u64 {
    let mut wanted = HashSet::new();
    let mut is_called = false;
    let mut calls = 0;
    for line in profile.lines() {
        let named = line
            .strip_prefix("cfn=")
            .map(|named| (true, named))
            .or(line.strip_prefix("fn=").map(|named| (false, named)));
        if let Some((is_callee, named)) = named {
            let (number, name) = named.split_once(' ').unwrap_or((named, ""));
            if is_wanted(name) {
                wanted.insert(number);
            }
            is_called = is_callee && wanted.contains(number);
        } else if let Some(count) = line.strip_prefix("calls=").filter(|_| is_called) {
            calls += count.split_whitespace().next().unwrap().parse::<u64>().unwrap();
        }
    }
    calls
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs valgrind"]
async fn two_thousand_users_need_no_more_instructions_and_allocations_than_they_did() {
    let project = Project::start(BINARY, Options { users: USERS, ..Options::default() }).await;
    let mut counted = Command::new("valgrind");
    let profile = project.path("profile");
    counted.args(["--tool=callgrind", &format!("--callgrind-out-file={}", profile.display()), BINARY.0]);
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
    let profile = fs::read_to_string(profile).unwrap();
    let allocations = calls(&profile, |name| ALLOCATORS.contains(&name)) / USERS;
    assert!(
        (1..=ALLOCATIONS_FOR_A_USER * 11 / 10).contains(&allocations),
        "allocations for a user: {allocations}, and it was {ALLOCATIONS_FOR_A_USER}"
    );
}
