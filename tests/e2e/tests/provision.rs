//! What a plan does to the org, as a user sees it: each kind of operation, each form of file, and what can't be done.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use connector_e2e::{Bare, Binary, Ended, Project};
use connector_sandbox_salesforce::{Blocker, Options, Rights, WriteAction};
use serde_json::{Value, json};
use std::fs;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

async fn project() -> Project {
    Project::start(BINARY, Options { users: 60, territories: true, ..Options::default() }).await
}

fn provision(project: &Project, plan: &str, options: &[&str]) -> Ended {
    project.run(&[&["provision", "salesforce", plan, "--output", "json"], options].concat())
}

/// Applies a plan that is written as YAML, and says what became of each operation.
#[track_caller]
fn apply(project: &Project, plan: &str, code: i32) -> Vec<Value> {
    fs::write(project.path("plan.yaml"), plan).unwrap();
    provision(project, "plan.yaml", &["--yes"]).expect_code(code).json_lines()
}

#[track_caller]
fn assert_summary(lines: &[Value], expected: &Value) {
    assert_eq!(&lines.last().unwrap()["summary"], expected, "{lines:#?}");
}

const MIXED: &str = "
operations:
  - create:
      name: jane@acme.example
      attributes: {FirstName: Jane, LastName: Roe, Email: jane.roe@mail.example, Profile: Standard User, Alias: jroe}
      entitlements: [permission_set/Sales_Ops, group/Sales_Team_0]
  - update: {account: bob@acme.example, set: {Department: Finance, Title: null}}
  - grant: {account: bob@acme.example, entitlement: permission_set/Sales_Ops}
  - revoke: {account: bob@acme.example, entitlement: group/Sales_Team_0}
  - disable: {account: eve@acme.example}
  - enable: {account: ann@acme.example}
  - lock: {account: mia@acme.example}
  - unlock: {account: tim@acme.example}
";

#[tokio::test(flavor = "multi_thread")]
async fn each_operation_changes_the_org_as_asked_and_nothing_the_second_time() {
    let project = project().await;
    let org = project.sandbox.org();
    let [bob, eve, ann, mia, tim] =
        ["bob", "eve", "ann", "mia", "tim"].map(|name| project.add_user(&format!("{name}@acme.example")));
    org.set(&bob, "Title", "Clerk").unwrap();
    let team = org.id_of("Group", 0).unwrap();
    org.insert("GroupMember", &[("GroupId", json!(team)), ("UserOrGroupId", json!(bob))]).unwrap();
    org.deactivate(&ann).unwrap();
    org.freeze(&tim, true).unwrap();
    org.lock_password(&tim, true).unwrap();
    let bare = Bare::sign_in(&project).await;
    let sets = bare.rows("SELECT Id FROM PermissionSet WHERE Name = 'Sales_Ops'").await;
    let set = sets[0]["Id"].as_str().unwrap();

    let lines = apply(&project, MIXED, 0);
    let jane = org.user_named("jane@acme.example").unwrap();
    let done = |operation: u64, kind: &str, account: &str, changes: Value| {
        let mut line = json!({"operation": operation, "kind": kind, "account": account, "outcome": "applied"});
        line["changes"] = changes;
        line
    };
    let switched = |attribute: &str, to: bool| json!([{"attribute": attribute, "from": !to, "to": to}]);
    let department = json!([{"attribute": "Department", "from": null, "to": "Finance"},
                            {"attribute": "Title", "from": "Clerk", "to": null}]);
    let holds = |kind: &str, id: &str, name: &str, to: bool| json!([{"entitlement": {"type": kind, "id": id}, "name": name, "from": !to, "to": to}]);
    assert_eq!(lines[1], done(1, "update", &bob, department));
    assert_eq!(lines[2], done(2, "grant", &bob, holds("permission_set", set, "Sales: Ops", true)));
    assert_eq!(lines[3], done(3, "revoke", &bob, holds("group", &team, "Sales Team 0", false)));
    assert_eq!(lines[4], done(4, "disable", &eve, switched("enabled", false)));
    assert_eq!(lines[5], done(5, "enable", &ann, switched("enabled", true)));
    assert_eq!(lines[6], done(6, "lock", &mia, switched("locked", true)));
    assert_eq!(lines[7], done(7, "unlock", &tim, switched("locked", false)));
    assert_eq!((&lines[0]["outcome"], &lines[0]["account"]), (&json!("applied"), &json!(jane)));
    assert_eq!(lines.len(), 9);
    assert_summary(&lines, &json!({"applied": 8, "unchanged": 0, "failed": 0, "pending": 0}));

    for (id, field, value) in [
        (&jane, "FirstName", json!("Jane")),
        (&jane, "Email", json!("jane.roe@mail.example")),
        (&jane, "Alias", json!("jroe")),
        (&jane, "ProfileId", json!(org.id_of("Profile", 1).unwrap())),
        (&jane, "IsActive", json!(true)),
        (&bob, "Department", json!("Finance")),
        (&bob, "Title", json!(null)),
        (&eve, "IsActive", json!(false)),
        (&ann, "IsActive", json!(true)),
    ] {
        assert_eq!(org.field(id, field).unwrap(), value, "{id} {field}");
    }
    for (id, field, value) in [
        (&mia, "IsFrozen", true),
        (&tim, "IsFrozen", false),
        (&tim, "IsPasswordLocked", false),
        (&bob, "IsFrozen", false),
    ] {
        assert_eq!(org.field(&org.login_of(id).unwrap(), field).unwrap(), json!(value), "{id} {field}");
    }
    // A bare client counts what jane and bob hold.
    let held = format!("SELECT AssigneeId FROM PermissionSetAssignment WHERE PermissionSetId = '{set}'");
    let holders: Vec<_> = bare.rows(&held).await.iter().map(|row| row["AssigneeId"].clone()).collect();
    assert!(holders.contains(&json!(jane)) && holders.contains(&json!(bob)), "{holders:?}");
    assert_eq!(org.holdings(&jane).unwrap().len(), 2);
    assert_eq!(org.holdings(&bob).unwrap().len(), 1);

    org.clear_writes();
    let again = apply(&project, MIXED, 0);
    assert_summary(&again, &json!({"applied": 0, "unchanged": 8, "failed": 0, "pending": 0}));
    assert_eq!(
        again[3],
        json!({"operation": 3, "kind": "revoke", "account": bob, "outcome": "unchanged", "detail": "does not hold it"})
    );
    assert_eq!(org.writes(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_of_entitlement_is_granted_and_revoked_once() {
    let project = project().await;
    let org = project.sandbox.org();
    let pat = project.add_user("pat@acme.example");
    let written = [
        "permission_set/Sales_Ops",
        "permission_set_group/Sales_Bundle_0",
        "group/Sales Team 0",
        "queue/Service_Queue_1",
        "permission_set_license/Finance Cloud Add-on",
        "package_license/sbqq",
        "territory/Territory_3",
        "role/Sales_10",
    ];
    let plan = |verb: &str| {
        let lines = written.map(|one| format!("- {verb}: {{account: pat@acme.example, entitlement: {one}}}\n"));
        lines.concat()
    };
    let all = written.len();
    for (verb, held, role) in [("grant", all - 1, true), ("revoke", 0, false)] {
        org.clear_writes();
        let lines = apply(&project, &plan(verb), 0);
        assert_summary(&lines, &json!({"applied": all, "unchanged": 0, "failed": 0, "pending": 0}));
        assert_eq!(org.holdings(&pat).unwrap().len(), held, "{verb}");
        assert_eq!(org.field(&pat, "UserRoleId").unwrap().is_string(), role);
        assert_eq!(org.writes().iter().filter(|write| write.changed).count(), all, "{verb}");
        let lines = apply(&project, &plan(verb), 0);
        assert_summary(&lines, &json!({"applied": 0, "unchanged": all, "failed": 0, "pending": 0}));
        assert_eq!(org.writes().len(), all, "{verb}");
    }
    // A profile can only be replaced.
    let profile = org.id_of("Profile", 6).unwrap();
    apply(&project, "- grant: {account: pat@acme.example, entitlement: profile/Sales EMEA}", 0);
    assert_eq!(org.field(&pat, "ProfileId").unwrap(), json!(profile));
    let lines = apply(&project, "- revoke: {account: pat@acme.example, entitlement: profile/Sales EMEA}", 1);
    assert_eq!(lines[0]["outcome"], "failed", "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_is_held_is_unchanged_also_for_a_disabled_user() {
    let project = project().await;
    project.add_user("pat@acme.example");
    let plan = "
- grant: {account: pat@acme.example, entitlement: permission_set/Sales_Ops}
- disable: {account: pat@acme.example}
";
    apply(&project, plan, 0);
    let again = apply(&project, plan, 0);
    assert_summary(&again, &json!({"applied": 0, "unchanged": 2, "failed": 0, "pending": 0}));
    let other = "- grant: {account: pat@acme.example, entitlement: permission_set/Sales_Read}";
    assert_eq!(apply(&project, other, 1)[0]["error"]["kind"], "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_set_from_where_they_are_kept_and_reset() {
    let project = project().await;
    let org = project.sandbox.org();
    let [bob, eve] = ["bob", "eve"].map(|name| project.add_user(&format!("{name}@acme.example")));
    project.write_secret("new.txt", "Sunny.Weather.4711\n");
    let plan = "
- set_password: {account: bob@acme.example, password_ref: file:secrets/new.txt}
- set_password: {account: eve@acme.example, reset: true}
- set_password: {account: eve@acme.example, password_ref: env:NO_SUCH_PASSWORD}
";
    let lines = apply(&project, plan, 1);
    assert_eq!(lines[0]["outcome"], "applied", "{lines:#?}");
    assert_eq!(lines[1]["outcome"], "applied", "{lines:#?}");
    assert_eq!((&lines[2]["outcome"], &lines[2]["error"]["kind"]), (&json!("failed"), &json!("secret")), "{lines:#?}");
    let writes: Vec<_> = org.writes().into_iter().map(|write| (write.action, write.id)).collect();
    assert_eq!(writes.len(), 2, "{writes:?}");
    assert!(writes.contains(&(WriteAction::SetPassword, bob)) && writes.contains(&(WriteAction::ResetPassword, eve)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_done_fails_with_kind_and_cure_and_keeps_nothing_else_from_being_done() {
    let project = project().await;
    let org = project.sandbox.org();
    let [bob, eve, _] = ["bob", "eve", "old"].map(|name| project.add_user(&format!("{name}@acme.example")));
    for number in ["One", "Two"] {
        let name = json!(format!("Twins_{number}"));
        org.insert("Group", &[("Name", json!("Twins")), ("DeveloperName", name), ("Type", json!("Regular"))]).unwrap();
    }
    org.set_free_seats(&org.id_of("PermissionSetLicense", 2).unwrap(), 0).unwrap();
    org.block_deactivation(&eve, Some(Blocker::DefaultCaseOwner)).unwrap();
    let plan = "
- lock: {account: nobody@acme.example}
- grant: {account: bob@acme.example, entitlement: group/Twins}
- grant: {account: bob@acme.example, entitlement: permission_set/No_Such_Set}
- grant: {account: bob@acme.example, entitlement: permission_set_license/Finance Cloud Add-on}
- disable: {account: eve@acme.example}
- delete: {account: old@acme.example}
- update: {account: bob@acme.example, set: {Departmnet: Finance}}
- update: {account: bob@acme.example, set: {Title: Clerk}}
";
    let lines = apply(&project, plan, 1);
    let failed = [
        (0, "not_found", "nobody@acme.example", "connector accounts salesforce"),
        (1, "invalid", "group/Twins", "use an id"),
        (2, "not_found", "permission_set/No_Such_Set", "connector entitlements salesforce --type permission_set"),
        (3, "quota", "Finance Cloud Add-on", "free a seat"),
        (4, "conflict", "default owner of cases", "lock"),
        (5, "unsupported", "deleting", "disable"),
        (6, "invalid", "Departmnet", "Department"),
    ];
    for (operation, kind, message, help) in failed {
        let line = &lines[operation];
        assert_eq!((&line["outcome"], &line["error"]["kind"]), (&json!("failed"), &json!(kind)), "{line:#}");
        for (field, part) in [("message", message), ("help", help)] {
            let text = line["error"][field].as_str().unwrap().to_lowercase();
            assert!(text.contains(&part.to_lowercase()), "{field} without `{part}`: {line:#}");
        }
    }
    assert_eq!(lines[7]["outcome"], "applied");
    assert_summary(&lines, &json!({"applied": 1, "unchanged": 0, "failed": 7, "pending": 0}));
    assert_eq!(org.field(&bob, "Title").unwrap(), json!("Clerk"));
    assert_eq!(org.field(&eve, "IsActive").unwrap(), json!(true));
    assert_eq!(org.writes().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_right_is_named() {
    let project = project().await;
    let org = project.sandbox.org();
    project.add_user("bob@acme.example");
    org.set_rights(Rights { manage_users: false, ..Rights::default() });
    let lines = apply(&project, "- lock: {account: bob@acme.example}", 1);
    let error = &lines[0]["error"];
    assert_eq!(error["kind"], "permission", "{error}");
    assert!(error["help"].as_str().unwrap().contains("Manage Users"), "{error}");
    assert_eq!(org.writes(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_may_be_yaml_json_ndjson_or_csv() {
    let project = project().await;
    let org = project.sandbox.org();
    let bob = project.add_user("bob@acme.example");
    let plans = [
        ("plan.yaml", "operations:\n- update: {account: bob@acme.example, set: {Title: yaml}}\n"),
        ("plan.json", r#"{"operations":[{"update":{"account":"bob@acme.example","set":{"Title":"json"}}}]}"#),
        ("plan.ndjson", "{\"update\":{\"account\":\"bob@acme.example\",\"set\":{\"Title\":\"ndjson\"}}}\n"),
        ("plan.csv", "operation,account,attributes.Title\nupdate,bob@acme.example,csv\n"),
    ];
    for (file, text) in plans {
        fs::write(project.path(file), text).unwrap();
        provision(&project, file, &["--yes"]).expect_code(0);
        assert_eq!(org.field(&bob, "Title").unwrap(), json!(file.split_once('.').unwrap().1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_nothing_can_have_fail_alone() {
    let project = project().await;
    let [bob, eve] = ["bob", "eve"].map(|name| project.add_user(&format!("{name}@acme.example")));
    let lower = bob.to_lowercase();
    assert_ne!(lower, bob);
    let set = Bare::sign_in(&project).await.rows("SELECT Id FROM PermissionSet WHERE Name = 'Sales_Ops'").await;
    let set = set[0]["Id"].as_str().unwrap();
    let plan = [
        format!("- update: {{account: {bob}, set: {{Title: Clerk}}}}"),
        format!("- update: {{account: {lower}, set: {{Title: Clerk}}}}"),
        "- update: {account: 005000000000000XYZ, set: {Title: Clerk}}".to_owned(),
        format!("- disable: {{account: {}}}", "x".repeat(20_000)),
        format!("- grant: {{account: {eve}, entitlement: permission_set/{}}}", set.to_lowercase()),
        format!("- revoke: {{account: {eve}, entitlement: permission_set/{}}}", "y".repeat(20_000)),
        format!("- update: {{account: {eve}, set: {{Title: Clerk}}}}"),
        "- update: {account: bob@acme.example, set: {ManagerId: 005000000000000XYZ}}".to_owned(),
    ];
    fs::write(project.path("plan.yaml"), plan.join("\n")).unwrap();
    let ended = provision(&project, "plan.yaml", &["--yes"]).expect_code(1);
    assert_eq!(ended.stderr, "");
    let lines = ended.json_lines();
    let outcomes: Vec<_> = lines[..plan.len()].iter().map(|line| line["outcome"].as_str().unwrap()).collect();
    assert_eq!(
        outcomes,
        ["applied", "failed", "failed", "failed", "failed", "failed", "applied", "failed"],
        "{lines:#?}"
    );
    for line in &lines[1..4] {
        assert_eq!(line["error"]["kind"], "not_found", "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_keeps_what_was_asked_and_answered() {
    let project = project().await;
    let bob = project.add_user("bob@acme.example");
    project.run(&["operations", "salesforce", "--output", "json"]).expect_code(0);
    let plan = "
- update: {account: bob@acme.example, set: {Title: Clerk}}
- lock: {account: nobody@acme.example}
";
    let lines = apply(&project, plan, 1);
    let journal = project.run(&["operations", "salesforce", "--output", "json"]).expect_code(0).json_lines();
    assert_eq!(journal.len(), 2);
    assert_eq!(journal[0]["plan"], lines.last().unwrap()["plan"]);
    assert_eq!(journal[0]["file"], "plan.yaml");
    assert_eq!((&journal[0]["account"], &journal[0]["outcome"]), (&json!(bob), &json!("applied")));
    assert_eq!(journal[0]["asked"]["attributes"], json!({"Title": "Clerk"}));
    assert_eq!(journal[0]["tries"], 1);
    assert_eq!((&journal[1]["outcome"], &journal[1]["tries"]), (&json!("failed"), &json!(0)));
    let failed = ["operations", "salesforce", "--outcome", "failed", "--output", "json"];
    assert_eq!(project.run(&failed).expect_code(0).json_lines().len(), 1);
    let table = project.run(&["operations", "salesforce"]).expect_code(0).stdout;
    assert!(table.contains("bob@acme.example") && table.contains("nobody@acme.example"), "{table}");
}

/// Whoever approves a plan must see who gets access, also behind many harmless changes.
#[tokio::test(flavor = "multi_thread")]
async fn a_grant_and_a_password_behind_many_updates_are_in_the_preview() {
    let project = project().await;
    let bob = project.add_user("bob@acme.example");
    let update = |number| json!({"update": {"account": bob, "set": {"Title": format!("T{number}")}}}).to_string();
    let mut lines: Vec<String> = (0..120).map(update).collect();
    lines.push(json!({"grant": {"account": bob, "entitlement": "permission_set/Sales_Ops"}}).to_string());
    lines.push(json!({"set_password": {"account": bob, "password_ref": "env:HOME"}}).to_string());
    fs::write(project.path("plan.ndjson"), lines.join("\n")).unwrap();
    let shown = project.run(&["provision", "salesforce", "plan.ndjson", "--preview"]).expect_code(0).stdout;
    assert_eq!(shown.matches("~ update").count(), 100, "{shown}");
    assert!(shown.contains("+ grant") && shown.contains("set_password"), "{shown}");
    assert!(shown.contains("and 20 more"), "{shown}");

    let grant = json!({"grant": {"account": bob, "entitlement": "permission_set/Sales_Ops"}}).to_string();
    fs::write(project.path("grants.ndjson"), vec![grant; 1_150].join("\n")).unwrap();
    let shown = project.run(&["provision", "salesforce", "grants.ndjson", "--preview"]).expect_code(0).stdout;
    assert_eq!(shown.lines().filter(|line| line.contains(" grant ") && line.contains(&bob)).count(), 1_000, "{shown}");
    assert!(shown.contains("and 150 more"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_long_preview_leaves_out_is_named_by_what_it_gives() {
    let project = project().await;
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let sets = project.run(&["entitlements", "salesforce", "--type", "permission_set", "-o", "json"]).json_lines();
    let sets: Vec<_> = sets.iter().filter(|set| set["name"] != "Finance: Approve").take(110).collect();
    let users: Vec<_> = (0..10).map(|number| project.add_user(&format!("u{number}@acme.example"))).collect();
    let bob = project.add_user("bob@acme.example");
    let grant = |user: &str, set: &Value| {
        let entitlement = format!("permission_set/{}", set.as_str().unwrap());
        json!({"grant": {"account": user, "entitlement": entitlement}}).to_string()
    };
    let update = |set: Value| json!({"update": {"account": bob, "set": set}}).to_string();
    let mut lines: Vec<_> = users.iter().flat_map(|user| sets.iter().map(|set| grant(user, &set["id"]))).collect();
    lines.extend((0..150).map(|number| update(json!({"Title": format!("T{number}")}))));
    lines.push(update(json!({"Profile": "System Administrator"})));
    lines.push(grant(&bob, &json!("Finance_Approve")));
    lines.push(json!({"disable": {"account": bob}}).to_string());
    fs::write(project.path("plan.ndjson"), lines.join("\n")).unwrap();
    let shown = project.run(&["provision", "salesforce", "plan.ndjson", "--preview"]).stdout;
    let left_out = shown.split_once(" more; ").unwrap().1;
    let last = format!("+ permission_set {}", sets[109]["name"].as_str().unwrap());
    for (change, times) in [
        (last.as_str(), 1),
        ("+ permission_set Finance: Approve", 1),
        ("Title", 150),
        ("System Administrator", 1),
        ("enabled", 1),
    ] {
        let line =
            left_out.lines().find(|line| line.contains(change)).unwrap_or_else(|| panic!("{change}: {left_out}"));
        assert!(line.ends_with(&format!("× {times}")), "{line}");
    }
}
