//! Promise: what `attributes:` in a source's file says holds for every account, however it is read, and can be tried before.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Project};
use connector_sandbox_salesforce::{Options, Rights};
use serde_json::{Value, json};
use std::time::Duration;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

const ATTRIBUTES: &str = r#"
attributes:
  mail: {from: Email, then: [trim, lower]}
  full_name: {join: [FirstName, LastName], separator: " "}
  cost_center: {from: Department, then: [{lookup: {table: {Finance: CC-1}, otherwise: CC-9}}]}
  is_admin: {expr: "Username is startingwith('admin')"}
"#;

async fn project(more: &str) -> Project {
    let project = Project::start(BINARY, Options { users: 20, ..Options::default() }).await;
    project.write_source(more);
    project
}

fn attributes(project: &Project, account: &str) -> Value {
    project.run(&["account", "salesforce", account, "--output", "json"]).expect_code(0).json()["attributes"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn derived_attributes_are_tried_stored_filtered_and_follow_changes() {
    let project = project(ATTRIBUTES).await;
    let org = project.sandbox.org();
    let user = project.add_user("jane@acme.example");
    for (field, value) in [("Email", "Jane.ROE@Acme.example"), ("FirstName", "Jane"), ("LastName", "Roe")] {
        org.set(&user, field, value).unwrap();
    }
    let preview = ["preview-attributes", "salesforce", "--account", "jane@acme.example", "--output", "json"];
    let tried = project.run(&preview).expect_code(0).json();
    let expected =
        json!({"mail": "jane.roe@acme.example", "full_name": "Jane Roe", "cost_center": null, "is_admin": false});
    assert_eq!(tried["attributes"], expected);
    let shown = project.run(&preview[..4]).expect_code(0).stdout;
    assert!(shown.contains("full_name") && shown.contains("Jane Roe"), "{shown}");

    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let stored = attributes(&project, "jane@acme.example");
    assert_eq!((&stored["mail"], &stored["full_name"]), (&json!("jane.roe@acme.example"), &json!("Jane Roe")));
    assert_eq!(stored["Email"], "Jane.ROE@Acme.example", "what the source says is kept");
    let list = ["accounts", "salesforce", "--where", "mail = \"jane.roe@acme.example\"", "--output", "json"];
    assert_eq!(project.run(&list).expect_code(0).json_lines().len(), 1);

    // A run of changes, and a refresh, derive too.
    org.let_time_pass(Duration::from_hours(1));
    org.set(&user, "Department", "Finance").unwrap();
    let delta = project.run(&["aggregate", "salesforce", "--delta", "--output", "json"]).expect_code(0).json();
    assert_eq!(delta["mode"], "delta");
    assert_eq!(attributes(&project, "jane@acme.example")["cost_center"], "CC-1");
    org.set(&user, "Department", "Legal").unwrap();
    project.run(&["refresh", "salesforce", "jane@acme.example"]).expect_code(0);
    assert_eq!(attributes(&project, "jane@acme.example")["cost_center"], "CC-9");

    // Other rules make other accounts: everything is read again.
    project.write_source("attributes: {mail: {from: Email, then: [upper]}}\n");
    let full = project.run(&["aggregate", "salesforce", "--output", "json"]).expect_code(0).json();
    assert_eq!(full["mode"], "full", "{full}");
    let stored = attributes(&project, "jane@acme.example");
    assert_eq!((&stored["mail"], &stored["full_name"]), (&json!("JANE.ROE@ACME.EXAMPLE"), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attribute_that_needs_something_hidden_keeps_its_last_value() {
    let project = project(ATTRIBUTES).await;
    let user = project.add_user("jane@acme.example");
    project.sandbox.org().set(&user, "Department", "Finance").unwrap();
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let hidden_fields = vec!["User.Department".to_owned()];
    project.sandbox.org().set_rights(Rights { hidden_fields, ..Rights::default() });
    project.run(&["aggregate", "salesforce", "--full"]).expect_code(0);
    assert_eq!(attributes(&project, "jane@acme.example")["cost_center"], "CC-1", "hidden is not empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_rule_is_said_with_its_place_and_a_plan_can_not_write_what_is_derived() {
    let wrong = "attributes:\n  mail: {from: Email, then: [lowr]}\n  name2: {expr: \"Name | shout\"}\n  nothing: {}\n";
    let project = project(wrong).await;
    let refused = project.run(&["validate", "salesforce"]).expect_code(2).stderr;
    assert!(refused.contains("lowr") && refused.contains("lower"), "{refused}");
    project.write_source("attributes:\n  name2: {expr: \"Name | shout\"}\n  nothing: {}\n");
    let refused = project.run(&["validate", "salesforce"]).expect_code(2).stderr;
    assert!(refused.contains("shout") && refused.contains("where its value comes from"), "{refused}");
    project.write_source(ATTRIBUTES);
    let plan = "operations:\n  - update: {account: admin@acme.example, set: {full_name: X}}\n";
    std::fs::write(project.path("plan.yaml"), plan).unwrap();
    let refused = project.run(&["provision", "salesforce", "plan.yaml", "--preview"]);
    assert_ne!(refused.code, Some(0), "{refused:?}");
    assert!(format!("{}{}", refused.stdout, refused.stderr).contains("full_name"), "{refused:?}");
}
