//! How a plan ends on the command line: refused by a cap, carried out for a team, ended half done.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Project, Running};
use connector_sandbox_salesforce::{Moment, Options};
use serde_json::{Value, json};
use std::fs;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

async fn project() -> Project {
    Project::start(BINARY, Options { users: 60, ..Options::default() }).await
}

/// Without the blanks at which lines are wrapped.
fn flowing(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_beyond_its_cap_ends_with_exit_code_4_and_says_what_would_let_it_pass() {
    let project = project().await;
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let enabled = project.run(&["accounts", "salesforce", "--where", "enabled", "-o", "json"]).json_lines();
    let service = project.sandbox.username();
    let others: Vec<_> =
        enabled.iter().filter(|one| one["name"] != service && one["attributes"]["UserType"] == "Standard").collect();
    let plan = others.iter().map(|one| json!({"disable": {"account": one["id"]}}).to_string());
    fs::write(project.path("all.ndjson"), plan.collect::<Vec<_>>().join("\n")).unwrap();
    assert!(others.len() > 20, "{}", others.len());

    // A tenth, and at least ten accounts.
    for flag in ["--preview", "--yes"] {
        let refused = project.run(&["provision", "salesforce", "all.ndjson", flag]).expect_code(4);
        let said = flowing(&refused.stderr);
        assert!(
            said.contains(&format!("the plan disables, locks or signs out {} of {}", others.len(), enabled.len())),
            "{said}"
        );
        assert!(said.contains("allows (10)") && said.contains("nothing was sent"), "{said}");
        assert!(said.contains(&format!("`provisioning: {{max_disable: {}}}`", others.len())), "{said}");
    }
    let refused = project.run(&["provision", "salesforce", "all.ndjson", "--yes", "-o", "json"]).expect_code(4);
    let error: Value = serde_json::from_str(refused.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(error["error"]["kind"], "guard");
    assert_eq!(project.sandbox.org().writes(), []);

    // What the message says lets it pass, once it is written down.
    project.write_source(&format!("provisioning: {{max_disable: {}}}\n", others.len()));
    let applied = project.run(&["provision", "salesforce", "all.ndjson", "--yes", "-o", "json"]);
    let lines = applied.json_lines();
    let summary = &lines.last().unwrap()["summary"];
    assert!(summary["applied"].as_u64().unwrap() > 20, "{summary}");
    let warned = project.run(&["provision", "salesforce", "all.ndjson", "--preview"]);
    assert!(warned.stderr.contains("max_disable"), "a loosened cap is shown: {}", warned.stderr);

    project.write_source(&format!("provisioning: {{protected: [{}]}}\n", others[0]["name"].as_str().unwrap()));
    let plan = json!({"update": {"account": others[0]["id"], "set": {"Title": "x"}}}).to_string();
    fs::write(project.path("one.ndjson"), plan).unwrap();
    let refused = project.run(&["provision", "salesforce", "one.ndjson", "--yes"]).expect_code(4);
    assert!(refused.stderr.contains("protected"), "{}", refused.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_that_starts_on_one_day_gets_its_managers_from_the_same_plan() {
    let project = project().await;
    let person = |name: &str, manager: Option<&str>| {
        let mut attributes = json!({
            "LastName": name, "Email": format!("{name}@acme.example"), "Profile": "Standard User", "Alias": name,
        });
        if let Some(manager) = manager {
            attributes["Manager"] = json!(format!("{manager}@acme.example"));
        }
        json!({"create": {"name": format!("{name}@acme.example"), "attributes": attributes}})
    };
    // The reports come first.
    let plan = [person("clerk", Some("lead")), person("lead", Some("boss")), person("boss", None)];
    fs::write(project.path("team.json"), json!({"operations": plan}).to_string()).unwrap();
    let preview = project.run(&["provision", "salesforce", "team.json", "--preview"]).expect_code(0).stdout;
    assert!(preview.contains("boss@acme.example (created by operation 2)"), "{preview}");
    let applied = project.run(&["provision", "salesforce", "team.json", "--yes", "-o", "json"]).expect_code(0);
    assert_eq!(applied.json_lines().last().unwrap()["summary"]["applied"], 3);
    let org = project.sandbox.org();
    let id = |name: &str| org.user_named(&format!("{name}@acme.example")).unwrap();
    for (report, manager) in [("clerk", "lead"), ("lead", "boss")] {
        assert_eq!(org.field(&id(report), "ManagerId").unwrap(), json!(id(manager)), "{report}");
    }
    // And again: nothing is left to do.
    let again = project.run(&["provision", "salesforce", "team.json", "--yes", "-o", "json"]).expect_code(0);
    assert_eq!(again.json_lines().last().unwrap()["summary"]["unchanged"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_plan_that_is_ended_half_done_prints_no_line_without_content() {
    let project = project().await;
    let mut plan = Vec::new();
    for number in 0..300 {
        let name = format!("u{number}@acme.example");
        project.add_user(&name);
        plan.push(format!("- lock: {{account: {name}}}\n- update: {{account: {name}, set: {{Title: Clerk}}}}\n"));
    }
    fs::write(project.path("plan.yaml"), plan.concat()).unwrap();
    let yes = ["provision", "salesforce", "plan.yaml", "--yes"];
    let (running, _) = Running::held(project.command(&yes), &project.sandbox, Moment::Writes(1)).await;
    running.kill();
    project.sandbox.release();
    let ended = project.run(&["provision", "salesforce", "--abandon"]);
    let said = &ended.stdout;
    for line in said.lines() {
        assert!(!line.trim_end().ends_with(':'), "{line:?} in {said}");
    }
    let counts = said.lines().last().unwrap();
    assert!(counts.contains("abandoned") && !said.contains("to apply"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suggested_command_can_be_typed_as_it_is() {
    let project = project().await;
    let user = project.add_user("u@acme.example");
    fs::create_dir(project.path("my plans")).unwrap();
    let plan = "my plans/it's first.yaml";
    fs::write(project.path(plan), "- update: {account: u@acme.example, set: {Title: Clerk}}\n").unwrap();
    project.run(&["provision", "salesforce", plan, "--preview"]).expect_code(0);
    project.sandbox.org().set(&user, "Title", "Director").unwrap();
    let refused = project.run(&["provision", "salesforce", plan, "--yes"]).expect_code(4);
    let said = flowing(&refused.stderr);
    let suggested = said.split('`').find(|part| part.starts_with("connector provision")).unwrap();
    // A shell takes it apart into the same words.
    let echoed =
        std::process::Command::new("sh").args(["-c", &format!("printf '%s\\n' {suggested}")]).output().unwrap();
    let words = String::from_utf8(echoed.stdout).unwrap();
    assert_eq!(words.lines().collect::<Vec<_>>(), ["connector", "provision", "salesforce", plan, "--preview"]);
}
