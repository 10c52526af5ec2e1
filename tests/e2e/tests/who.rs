//! Promise: `diff --who` says who made a change as far as the org's own trail does, and says so where it does not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Project};
use connector_sandbox_salesforce::{Options, Rights};
use serde_json::{Value, json};

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

async fn project() -> Project {
    Project::start(BINARY, Options { users: 40, ..Options::default() }).await
}

fn set(project: &Project, name: &str) -> String {
    let org = project.sandbox.org();
    let mut rows = (0..).map_while(|number| org.id_of("PermissionSet", number).ok());
    rows.find(|row| org.field(row, "Name").is_ok_and(|known| known == name)).unwrap()
}

/// The differences, each with who made it; and the last line.
fn who(project: &Project, more: &[&str]) -> (Vec<Value>, Value) {
    let arguments = [&["diff", "salesforce", "--who", "--output", "json"], more].concat();
    let mut lines = project.run(&arguments).expect_code(0).json_lines();
    let summary = lines.pop().unwrap();
    (lines, summary)
}

fn about<'d>(lines: &'d [Value], account: &str) -> &'d Value {
    let of = |line: &&Value| line["id"] == account && line["what"] == "account";
    lines.iter().find(of).unwrap_or_else(|| panic!("nothing about {account}: {lines:#?}"))
}

fn actions(line: &Value) -> Vec<&str> {
    line["who"].as_array().unwrap().iter().map(|event| event["action"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_names_who_made_it_and_what_no_trail_tells_is_shown_as_such() {
    let project = project().await;
    let org = project.sandbox.org();
    let [frozen, moved, quiet, held, joined] =
        ["ann", "ben", "cat", "dan", "eva"].map(|name| project.add_user(&format!("{name}@acme.example")));
    org.insert(
        "LoginHistory",
        &[
            ("UserId", json!(org.user_named("admin@acme.example").unwrap())),
            ("LoginTime", json!("2026-01-01T00:00:00.000+0000")),
            ("Status", json!("Success")),
            ("SourceIp", json!("198.51.100.9")),
        ],
    )
    .unwrap();
    let login = [
        ("UserId", json!(org.user_named("admin@acme.example").unwrap())),
        ("LoginTime", json!(jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string())),
        ("Status", json!("Success")),
        ("SourceIp", json!("203.0.113.7")),
        ("Application", json!("Browser")),
    ];
    org.insert("LoginHistory", &login).unwrap();
    project.run(&["aggregate", "salesforce"]).expect_code(0);

    org.freeze(&frozen, true).unwrap();
    org.set(&moved, "UserRoleId", org.id_of("UserRole", 3).unwrap()).unwrap();
    org.set(&moved, "Department", "Finance").unwrap();
    org.set(&quiet, "Department", "Legal").unwrap();
    org.assign_permission_set(&held, &set(&project, "Data_Manage")).unwrap();
    let group = org.id_of("Group", 0).unwrap();
    org.insert("GroupMember", &[("GroupId", json!(group)), ("UserOrGroupId", json!(joined))]).unwrap();
    project.run(&["aggregate", "salesforce", "--full"]).expect_code(0);

    let (lines, summary) = who(&project, &[]);
    let frozen = about(&lines, &frozen);
    assert_eq!(actions(frozen), ["frozeuser"]);
    let event = &frozen["who"][0];
    assert_eq!((&event["by"], &event["from"]), (&json!("admin@acme.example"), &json!("203.0.113.7 (Browser)")));
    assert_eq!(event["detail"], "Froze user ann");

    // The trail tells of the role, and never of departments.
    let moved = about(&lines, &moved);
    assert_eq!(actions(moved), ["changedroleforuser"]);
    let unexplained: Vec<_> =
        moved["unexplained"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert!(unexplained.contains(&"Department") && !unexplained.contains(&"UserRoleId"), "{moved}");
    assert_eq!(actions(about(&lines, &quiet)), Vec::<&str>::new());

    let assignment = |account: &str, kind: &str| {
        let mut found = lines.iter().filter(|line| line["what"] == "assignment" && line["account"] == account);
        found.find(|line| line["entitlement"]["type"] == kind).unwrap_or_else(|| panic!("{lines:#?}"))
    };
    let granted = assignment(&held, "permission_set");
    assert_eq!(actions(granted), ["PermSetAssign"]);
    assert!(granted["who"][0]["detail"].as_str().unwrap().contains("Data: Manage"), "{granted}");
    assert_eq!(actions(assignment(&joined, "group")), Vec::<&str>::new(), "memberships leave no trace");
    assert!(summary["unmatched"].as_u64().unwrap() >= 3, "{summary}");

    let shown = project.run(&["diff", "salesforce", "--who"]).expect_code(0);
    assert!(shown.stdout.contains("by admin@acme.example from 203.0.113.7 (Browser)"), "{}", shown.stdout);
    assert!(shown.stdout.contains("not in the audit trail: "), "{}", shown.stdout);
    assert!(shown.stdout.contains("not in the audit trail\n"), "{}", shown.stdout);
    let rows = project
        .run(&["diff", "salesforce", "--who", "--columns", "account_name,who", "--output", "csv"])
        .expect_code(0);
    assert!(rows.stdout.contains("ann@acme.example,admin@acme.example"), "{}", rows.stdout);
    // Without the question, nothing is asked and nothing is said.
    let before = project.sandbox.requests().total;
    let plain = project.run(&["diff", "salesforce", "--output", "json"]).expect_code(0).stdout;
    assert!(!plain.contains("\"who\"") && project.sandbox.requests().total == before, "{plain}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_by_a_plan_is_the_service_account_s() {
    let project = project().await;
    project.add_user("ann@acme.example");
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    std::fs::write(project.path("plan.yaml"), "operations:\n  - disable: {account: ann@acme.example}\n").unwrap();
    project.run(&["provision", "salesforce", "plan.yaml", "--yes"]).expect_code(0);
    project.run(&["aggregate", "salesforce", "--full"]).expect_code(0);
    let (lines, _) = who(&project, &[]);
    let ann = project.sandbox.org().user_named("ann@acme.example").unwrap();
    let event = &about(&lines, &ann)["who"][0];
    assert_eq!((&event["action"], &event["by"]), (&json!("deactivateduser"), &json!("integration@acme.example")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_answered_is_said() {
    let project = project().await;
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let first = project.run(&["diff", "salesforce", "--who"]).expect_code(1);
    assert!(first.stderr.contains("there is no earlier run"), "{}", first.stderr);
    let org = project.sandbox.org();
    org.freeze(&org.user_id(9), true).unwrap();
    project.run(&["aggregate", "salesforce", "--full"]).expect_code(0);
    org.set_available("LoginHistory", false).unwrap();
    let ended = project.run(&["diff", "salesforce", "--who"]).expect_code(0);
    assert!(ended.stderr.contains("LoginHistory") && ended.stdout.contains("by admin@acme.example,"), "{ended:?}");
    org.set_rights(Rights { view_setup: false, ..Rights::default() });
    let refused = project.run(&["diff", "salesforce", "--who"]).expect_code(1);
    assert!(refused.stderr.contains("View Setup and Configuration"), "{}", refused.stderr);
}
