//! The connector keeps the contract: the trials of the conformance kit against a simulated system.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod acme;

use acme::{Acme, KEY, described, object, open};
use connector_core::EntitlementRef;
use connector_testkit::{Fixture, Subject};
use serde_json::json;
use std::process::ExitCode;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let acme = runtime.block_on(Acme::start(20, 5));
    let settings = described(&acme);
    let fixture = Fixture {
        name: |word| format!("kit-{word}"),
        attributes: object(json!({"mail": "kit@acme.example", "level": 1, "tags": ["new"]})),
        update: object(json!({"level": 2, "tags": ["x", "y"]})),
        entitlement: EntitlementRef::new("group", "g1"),
        unknown_id: None,
    };
    connector_testkit::run(Subject::new(move || open(&settings)).with_fixture(fixture).with_secret(KEY))
}
