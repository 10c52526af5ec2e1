//! The connector keeps the contract: the trials of the conformance kit against a simulated system.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod acme;

use acme::{Acme, KEY, described, object, open, with_ends};
use connector_core::EntitlementRef;
use connector_testkit::{Fixture, Proxy, Subject};
use serde_json::json;
use std::process::ExitCode;
use url::Url;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let acme = runtime.block_on(Acme::start(20, 5));
    let mut settings = with_ends(described(&acme));
    let proxy = Proxy::start().unwrap();
    let base_url = settings["base_url"].as_str().unwrap().to_owned();
    let origin = Url::parse(&base_url).unwrap().origin().ascii_serialization();
    settings["base_url"] = base_url.replace(&origin, &proxy.before(&origin).unwrap()).into();
    let fixture = Fixture {
        name: |word| format!("kit-{word}"),
        attributes: object(json!({"mail": "kit@acme.example", "level": 1, "tags": ["new"]})),
        update: object(json!({"level": 2, "tags": ["x", "y"]})),
        entitlement: EntitlementRef::new("group", "g1"),
        unknown_id: None,
    };
    let subject = Subject::new(move || open(&settings)).with_fixture(fixture);
    // Each list in its pages, the accounts again for what is inside of them, and the members of each group.
    connector_testkit::run(subject.with_secret(KEY).with_proxy(proxy).with_most_requests(29))
}
