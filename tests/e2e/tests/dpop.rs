//! Promise: a source whose app requires `DPoP` works like any other, and no proof is written anywhere.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Project};
use connector_sandbox_salesforce::{App, Options};
use std::fs;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

/// An org that requires proofs, with another nonce after every 25.
async fn project() -> Project {
    let app = App { requires_dpop: true, ..App::default() };
    Project::start(BINARY, Options { users: 60, app, dpop_nonces: Some(25), ..Options::default() }).await
}

fn turn_on(project: &Project) {
    project.write_source("settings:\n  app: {kind: external_client_app, name: Connector}\n");
    let file = project.path("sources/salesforce.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(file, text.replace("  grant_type: jwt_bearer\n", "  grant_type: jwt_bearer\n  dpop: true\n")).unwrap();
}

/// The detail of a step of the connection test.
fn detail(ended: &connector_e2e::Ended, step: &str) -> String {
    let report = ended.json();
    let steps = report["steps"].as_array().unwrap();
    let step = steps.iter().find(|one| one["name"] == step).unwrap();
    format!("{} {} {}", step["status"], step["detail"], step["help"])
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_setting_the_test_says_that_the_app_requires_it() {
    let project = project().await;
    let ended = project.run(&["test", "salesforce", "--output", "json"]).expect_code(1);
    let refused = detail(&ended, "access_token");
    assert!(refused.contains("requires a DPoP proof") && refused.contains("`dpop: true`"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_changing_and_rotating_work_with_a_proof_in_each_request() {
    let project = project().await;
    turn_on(&project);
    let mut said = String::new();
    let mut run = |arguments: &[&str]| {
        let ended = project.run(&[arguments, &["-vvv"]].concat()).expect_code(0);
        said.push_str(&ended.stdout);
        said.push_str(&ended.stderr);
        ended
    };
    let tested = run(&["test", "salesforce", "--output", "json"]);
    let platform = detail(&tested, "platform");
    assert!(platform.contains("tokens are bound to the key by DPoP"), "{platform}");
    run(&["aggregate", "salesforce"]);
    let user = project.add_user("jane@acme.example");
    fs::write(project.path("plan.yaml"), "operations:\n  - lock: {account: jane@acme.example}\n").unwrap();
    run(&["provision", "salesforce", "plan.yaml", "--yes"]);
    run(&["cert", "rotate", "salesforce", "--yes"]);
    run(&["aggregate", "salesforce"]);
    let locked = run(&["account", "salesforce", &user, "--output", "json"]);
    assert_eq!(locked.json()["locked"], true);
    // The beginning of every JWT.
    assert!(!said.contains("eyJ"), "a proof or an assertion is in the output");
}
