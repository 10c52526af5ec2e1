//! The connector keeps the contract: the trials of the conformance kit against a simulated org.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[expect(dead_code, reason = "the trials reach the org through a proxy")]
#[path = "sandbox/org.rs"]
mod org;

use connector_core::EntitlementRef;
use connector_sandbox_salesforce::{Options, Rights};
use connector_testkit::{Fixture, Proxy, Subject};
use serde_json::json;
use std::process::ExitCode;
use url::Url;

const SETTINGS: &str =
    r#"{"custom_fields": "all", "read": ["users", "apps", "tokens", "agents", "named_credentials"]}"#;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // A field that the org hides and rows without effect, so that the trials of these apply.
    let rights = Rights { hidden_fields: vec!["User.Division".to_owned()], ..Rights::default() };
    let options = Options { users: 130, max_page: 200, territories: true, rights, ..Options::default() };
    let sandbox = runtime.block_on(org::start(options));
    let (user, set) = (sandbox.org().user_id(5), sandbox.org().id_of("PermissionSet", 30).unwrap());
    let ended = sandbox.org().assign_permission_set(&user, &set).unwrap();
    sandbox.org().set(&ended, "ExpirationDate", "2001-01-01T00:00:00.000+0000").unwrap();
    let object = |value: serde_json::Value| value.as_object().unwrap().clone();
    let fixture = Fixture {
        name: |word| format!("kit-{word}@acme.example"),
        attributes: object(json!({"LastName": "Kit", "Profile": "Standard User"})),
        update: object(json!({"Department": "Conformance"})),
        entitlement: EntitlementRef::new("permission_set", sandbox.org().id_of("PermissionSet", 24).unwrap()),
        unknown_id: Some("005000000000000AAA".to_owned()),
    };
    let proxy = Proxy::start().unwrap().with_writes(writes);
    proxy.before(sandbox.instance_url()).unwrap();
    let token_url: Url = sandbox.token_url().parse().unwrap();
    let login = proxy.before(&token_url.origin().ascii_serialization()).unwrap();
    let token_url: Url = format!("{login}{}", token_url.path()).parse().unwrap();
    let open = move || {
        // The org ends with its sandbox.
        let _ = sandbox.org();
        Ok(org::open_at(token_url.clone(), sandbox.consumer_key(), SETTINGS).0)
    };
    let subject = Subject::new(open)
        .with_fixture(fixture)
        .with_secret(org::CLIENT_SECRET)
        .with_proxy(proxy)
        // One query for each table and page, what the org says about itself, and the sign-in.
        .with_most_requests(54);
    connector_testkit::run(subject)
}

/// Signing in and queries change nothing in an org.
fn writes(method: &str, path: &str) -> bool {
    method != "GET" && !path.ends_with("/oauth2/token") && !path.contains("/query") && !path.contains("/composite/tree")
}
