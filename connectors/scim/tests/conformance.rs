//! The connector keeps the contract: the trials of the conformance kit against a simulated server.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod server;

use connector_core::EntitlementRef;
use connector_testkit::{Fixture, Proxy, Subject};
use serde_json::json;
use server::{Server, TOKEN, Traits, World};
use std::process::ExitCode;
use url::Url;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut world = World::of(130, &[&[1, 2, 3], &[2], &[]]);
    // A group in a group.
    world.groups[0]["members"].as_array_mut().unwrap().push(json!({"value": "g1", "type": "Group"}));
    world.users[5]["roles"] = json!([{"value": "r1", "display": "Role 1"}]);
    world.users[6]["urn:acme:2.0:User"] = json!({"badge": "007", "level": 3, "unheard-of": {"of": [1.50, "x"]}});
    let traits = Traits { cap: 20, ..Traits::default() };
    let server = runtime.block_on(Server::start(traits, world));
    let object = |value: serde_json::Value| value.as_object().unwrap().clone();
    let fixture = Fixture {
        name: |word| format!("kit-{word}@acme.example"),
        attributes: object(json!({"name.familyName": "Kit"})),
        update: object(json!({
            "title": "Boss", "name.givenName": "Ada", "urn:acme:2.0:User:badge": "7", "emails": [{"value": "a@acme.example"}],
        })),
        entitlement: EntitlementRef::new("group", "g2"),
        unknown_id: None,
    };
    let settings = json!({"entitlements": ["Group", "roles"], "changes": "last_modified"});
    let proxy = Proxy::start().unwrap();
    let base_url = server.base_url();
    let origin = Url::parse(&base_url).unwrap().origin().ascii_serialization();
    let base_url = base_url.replace(&origin, &proxy.before(&origin).unwrap());
    let subject = Subject::new(move || Ok(server::open(&base_url, TOKEN, &settings)));
    // The server about itself, users in pages of 20, once more for the values of their roles, and the groups.
    connector_testkit::run(subject.with_fixture(fixture).with_secret(TOKEN).with_proxy(proxy).with_most_requests(18))
}
