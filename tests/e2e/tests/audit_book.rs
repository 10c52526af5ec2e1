//! Promise: each question of the chapter "Questions an auditor asks" is answered by its command, as the chapter shows it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Project};
use connector_sandbox_salesforce::Options;
use jiff::{Timestamp, ToSpan};
use serde_json::json;
use std::fs;
use std::path::Path;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));
/// The last day of the acceptance in the book, which a later test run still has to be before.
const UNTIL: &str = "2027-06-30";
const STILL_VALID: &str = "9999-12-31";

/// The console blocks: a command, and lines that its answer has.
fn questions(page: &str) -> Vec<(String, Vec<String>)> {
    let blocks = page.split("```console\n$ connector ").skip(1);
    blocks
        .map(|block| {
            let mut lines = block.split("\n```").next().unwrap().lines().map(str::to_owned);
            (lines.next().unwrap(), lines.collect())
        })
        .collect()
}

/// The words of a command, with quotes as a shell reads them.
fn words(command: &str) -> Vec<String> {
    let parts = command.split('\'').enumerate();
    let whole = parts.flat_map(|(number, part)| match number % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    whole.collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn in_days(days: i64) -> String {
    (Timestamp::now() + (days * 24).hours()).strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string()
}

/// An org with the people that the chapter speaks of.
async fn project() -> Project {
    let project = Project::start(BINARY, Options { users: 40, ..Options::default() }).await;
    let org = project.sandbox.org();
    let [bob, eve, max, fay] =
        ["bob", "eve", "max", "fay"].map(|name| project.add_user(&format!("{name}@acme.example")));
    let rows = || (0..).map_while(|number| org.id_of("PermissionSet", number).ok());
    let set = |name: &str| rows().find(|row| org.field(row, "Name").is_ok_and(|known| known == name)).unwrap();
    for name in ["Data_Manage", "Data_Import"] {
        org.assign_permission_set(&bob, &set(name)).unwrap();
    }
    let group = org.id_of("PermissionSetGroup", 11).unwrap();
    let behind = rows().find(|row| org.field(row, "PermissionSetGroupId").is_ok_and(|known| known == group)).unwrap();
    let held = [
        ("AssigneeId", json!(bob)),
        ("PermissionSetId", json!(behind)),
        ("PermissionSetGroupId", json!(group)),
        ("IsActive", json!(true)),
    ];
    org.insert("PermissionSetAssignment", &held).unwrap();
    let ended = org.assign_permission_set(&max, &set("Sales_Read")).unwrap();
    org.set(&ended, "ExpirationDate", in_days(-3)).unwrap();
    org.set(&max, "LastLoginDate", in_days(-120)).unwrap();
    let ending = org.assign_permission_set(&fay, &set("Sales_Edit")).unwrap();
    org.set(&ending, "ExpirationDate", in_days(10)).unwrap();
    org.freeze(&fay, true).unwrap();
    org.assign_permission_set(&eve, &set("Sales_Read")).unwrap();
    org.deactivate(&eve).unwrap();
    // Who made an app has left, and another app is not used.
    org.deactivate(&org.user_id(9)).unwrap();
    let token = [("UserId", json!(bob)), ("AppName", json!("Data Loader")), ("UseCount", json!(7))];
    let token = org.insert("OauthToken", &token).unwrap();
    org.set(&token, "LastUsedDate", in_days(-200)).unwrap();
    let read = "read: [users, apps, tokens, agents, named_credentials], permissions: [system, object, field]";
    project.write_source(&format!(
        "settings: {{api_version: \"55.0\", {read}}}\naggregation: {{delete_threshold: 100%}}\n"
    ));
    project
}

/// The people of the chapter, from another source. Max leaves.
fn add_people(project: &Project, page: &str) {
    let file = "connector: delimited\nsettings: {accounts: {file: hr.csv, id: number, name: mail}}\naggregation: {delete_threshold: 100%}\n";
    fs::write(project.path("sources/hr.yaml"), file).unwrap();
    let identities = page.split("```yaml\n# connector.yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let settings = fs::read_to_string(project.path("connector.yaml")).unwrap_or_default();
    fs::write(project.path("connector.yaml"), format!("{settings}\n{identities}")).unwrap();
    let bob = "number,mail\n1002,Bob@acme.example\n";
    for people in [format!("{bob}1003,max@acme.example\n"), bob.to_owned()] {
        fs::write(project.path("hr.csv"), people).unwrap();
        project.run(&["aggregate", "hr"]).expect_code(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_question_of_the_chapter_is_answered_by_its_command() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/audit.md")).unwrap();
    let project = project().await;
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    add_people(&project, &page);
    fs::write(project.path("plan.yaml"), "operations:\n  - unlock: {account: fay@acme.example}\n").unwrap();
    project.run(&["provision", "salesforce", "plan.yaml", "--yes"]).expect_code(0);
    project.sandbox.org().freeze(&project.sandbox.org().user_named("fay@acme.example").unwrap(), true).unwrap();
    let moved = project.sandbox.org().user_named("max@acme.example").unwrap();
    project.sandbox.org().set(&moved, "Department", "Finance").unwrap();
    project.sandbox.org().freeze(&moved, true).unwrap();
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let file = page.split("```yaml\n# findings.yaml\n").nth(1).unwrap().split("```").next().unwrap();
    fs::write(project.path("findings.yaml"), file.replace(UNTIL, STILL_VALID)).unwrap();
    project.run(&["validate"]).expect_code(0);

    let questions = questions(&page);
    assert!(questions.len() >= 20, "only {} questions", questions.len());
    assert_eq!(questions.len(), page.matches("\n## ").count() - 1, "each question has one command");
    for (command, shown) in questions {
        let mut typed = words(&command);
        // The first question is asked before anything is accepted.
        if !command.contains("--accepted") && command.contains("dangerous_access") {
            typed.push("--accepted".to_owned());
        }
        let typed: Vec<_> = typed.iter().map(String::as_str).collect();
        let code = i32::from(command.contains("--fail-on"));
        let ended = project.run(&typed).expect_code(code);
        assert!(!ended.stdout.trim().is_empty(), "{command}: no answer\n{}", ended.stderr);
        let lines: Vec<_> = ended.stdout.lines().map(one_line).collect();
        for line in shown {
            let line = line.replace(UNTIL, STILL_VALID);
            let parts: Vec<_> = line.split('…').map(one_line).collect();
            let has = |answer: &String| parts.iter().all(|part| answer.contains(part.as_str()));
            assert!(lines.iter().any(has), "{command}: no line is like `{line}`:\n{}", ended.stdout);
        }
    }
    assert!(fs::read_to_string(project.path("findings.sarif")).unwrap().contains("\"suppressions\""));
}
