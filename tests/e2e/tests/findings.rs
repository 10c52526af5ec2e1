//! Promise: `findings` shows what an auditor would ask about, by which path, and nothing that the org does not say.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Project};
use connector_sandbox_salesforce::Options;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use std::fs;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

async fn project() -> Project {
    Project::start(BINARY, Options { users: 60, ..Options::default() }).await
}

/// The findings of a rule, with everything that is hidden by default.
fn findings(project: &Project, more: &[&str]) -> Vec<Value> {
    let arguments =
        [&["findings", "salesforce", "--output", "json", "--severity", "info", "--accepted"], more].concat();
    let mut lines = project.run(&arguments).expect_code(0).json_lines();
    assert!(lines.pop().unwrap().get("summary").is_some(), "the last line is the summary");
    lines
}

fn about<'f>(findings: &'f [Value], account: &str) -> Vec<&'f Value> {
    findings.iter().filter(|one| one["account"]["id"] == account || one["account"]["name"] == account).collect()
}

fn set(project: &Project, name: &str) -> String {
    let org = project.sandbox.org();
    let mut rows = (0..).map_while(|number| org.id_of("PermissionSet", number).ok());
    rows.find(|row| org.field(row, "Name").is_ok_and(|known| known == name)).unwrap()
}

fn assign_group(project: &Project, user: &str, group: u64) {
    let org = project.sandbox.org();
    let group = org.id_of("PermissionSetGroup", group).unwrap();
    let mut rows = (0..).map_while(|number| org.id_of("PermissionSet", number).ok());
    let behind = rows.find(|row| org.field(row, "PermissionSetGroupId").is_ok_and(|known| known == group)).unwrap();
    let fields = [
        ("AssigneeId", json!(user)),
        ("PermissionSetId", json!(behind)),
        ("PermissionSetGroupId", json!(group)),
        ("IsActive", json!(true)),
    ];
    org.insert("PermissionSetAssignment", &fields).unwrap();
}

/// Without the ends of lines.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn in_days(days: i64) -> String {
    let moment = Timestamp::now() + (days * 24).hours();
    moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn dangerous_access_is_found_with_every_path_and_what_is_muted_is_not() {
    let project = project().await;
    let (direct, muted, free) = (
        project.add_user("direct@acme.example"),
        project.add_user("muted@acme.example"),
        project.add_user("free@acme.example"),
    );
    let org = project.sandbox.org();
    org.assign_permission_set(&direct, &set(&project, "Data_Manage")).unwrap();
    // The group contains the same set, and mutes what it allows but for one permission.
    assign_group(&project, &muted, 11);
    org.assign_permission_set(&free, &set(&project, "Finance_Read")).unwrap();
    project.run(&["aggregate", "salesforce"]).expect_code(0);

    let found = findings(&project, &["--rule", "dangerous_access"]);
    let [direct] = about(&found, &direct)[..] else { panic!("one finding: {found:?}") };
    assert_eq!(direct["severity"], "critical");
    assert_eq!(
        direct["detail"],
        "it can Modify All Data, View All Data, Bulk API Hard Delete by permission_set Data: Manage"
    );
    let key = json!({"type": "permission_set", "id": set(&project, "Data_Manage")});
    assert_eq!(direct["evidence"][0]["path"], json!([key]));

    let [muted] = about(&found, &muted)[..] else { panic!("one finding: {found:?}") };
    let detail = "it can View All Data by permission_set_group Service bundle 11 > permission_set Data: Manage";
    assert_eq!((&muted["severity"], &muted["detail"]), (&json!("high"), &json!(detail)));
    let group = json!({"type": "permission_set_group", "id": org.id_of("PermissionSetGroup", 11).unwrap()});
    assert_eq!(muted["evidence"][0]["path"], json!([group, key]), "from what it holds to what gives it");
    assert_eq!(about(&found, &free), Vec::<&Value>::new());

    let admin = about(&found, "admin@acme.example");
    assert!(admin[0]["detail"].as_str().unwrap().contains("Author Apex"), "{admin:?}");
    // An inactive or ended assignment gives no power.
    let row = org.assign_permission_set(&free_id(&project), &set(&project, "Data_Manage")).unwrap();
    org.set(&row, "ExpirationDate", in_days(-1)).unwrap();
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    assert_eq!(about(&findings(&project, &["--rule", "dangerous_access"]), "free@acme.example"), Vec::<&Value>::new());
}

fn free_id(project: &Project) -> String {
    project.sandbox.org().user_named("free@acme.example").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn assignments_that_ended_end_soon_or_have_no_effect_are_told_apart() {
    let project = project().await;
    let org = project.sandbox.org();
    let user = project.add_user("jane@acme.example");
    for (name, field, value) in [
        ("Sales_Read", "ExpirationDate", json!(in_days(-3))),
        ("Sales_Edit", "ExpirationDate", json!(in_days(5))),
        ("Sales_Ops", "ExpirationDate", json!(in_days(60))),
        ("Sales_Audit", "IsActive", json!(false)),
    ] {
        let row = org.assign_permission_set(&user, &set(&project, name)).unwrap();
        org.set(&row, field, value).unwrap();
    }
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let found = findings(&project, &["--account", "jane@acme.example"]);
    let mut told: Vec<_> = found
        .iter()
        .map(|one| format!("{} {}", one["rule"].as_str().unwrap(), one["detail"].as_str().unwrap()))
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            "ending_assignment its permission_set Sales: Edit ends in 5 days",
            "expired_assignment its permission_set Sales: Read ended 3 days ago",
            "inactive_assignment its permission_set Sales: Audit is inactive",
            "unused_account it has never signed in",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn unused_unowned_and_disabled_accounts_are_found_and_what_the_org_hides_is_not() {
    let project = project().await;
    let org = project.sandbox.org();
    let (old, fresh, gone) = (
        project.add_user("old@acme.example"),
        project.add_user("fresh@acme.example"),
        project.add_user("gone@acme.example"),
    );
    org.set(&old, "LastLoginDate", in_days(-100)).unwrap();
    org.set(&fresh, "LastLoginDate", in_days(-80)).unwrap();
    org.assign_permission_set(&gone, &set(&project, "Sales_Read")).unwrap();
    assign_group(&project, &gone, 2);
    org.deactivate(&gone).unwrap();
    project.run(&["aggregate", "salesforce"]).expect_code(0);

    let unused = findings(&project, &["--rule", "unused_account"]);
    assert_eq!(about(&unused, &old)[0]["detail"], "it last signed in 100 days ago");
    assert!(about(&unused, &fresh).is_empty() && about(&unused, &gone).is_empty(), "{unused:?}");
    let disabled = findings(&project, &["--rule", "disabled_account_access"]);
    assert_eq!(
        about(&disabled, &gone)[0]["detail"],
        "it is disabled and still holds permission_set Sales: Read, permission_set_group Finance bundle 2"
    );
    let unowned = findings(&project, &["--rule", "unowned_account"]);
    assert_eq!(about(&unowned, "integration@acme.example")[0]["detail"], "it belongs to a service and has no owner");

    fs::write(project.path("findings.yaml"), "unused_after: 70d\n").unwrap();
    assert_eq!(about(&findings(&project, &["--rule", "unused_account"]), &fresh).len(), 1);

    // Where the org shows no sign-in at all, nobody counts as unused.
    let rights = connector_sandbox_salesforce::Rights {
        hidden_fields: vec!["User.LastLoginDate".to_owned()],
        ..connector_sandbox_salesforce::Rights::default()
    };
    org.set_rights(rights);
    let fresh_store = |arguments: &[&str]| project.run(&[&["--store", "other.db"], arguments].concat());
    fresh_store(&["aggregate", "salesforce"]).expect_code(0);
    let lines = fresh_store(&["findings", "salesforce", "--rule", "unused_account", "--output", "json"]).expect_code(0);
    assert_eq!(lines.json_lines().len(), 1, "only the summary: {}", lines.stdout);
    assert_eq!(lines.json_lines()[0]["summary"]["not_checked"][0]["rule"], "unused_account");
    assert!(words(&lines.stderr).contains("shows the last sign-in of no account"), "{}", lines.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_without_permissions_is_no_proof_that_nobody_has_power() {
    let project = project().await;
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let known = project.run(&["findings", "salesforce", "--output", "json"]).expect_code(0);
    assert!(!known.stdout.contains("not_checked"), "{}", known.stdout);
    // As a version wrote it that read no permissions.
    let store = rusqlite::Connection::open(project.path(".connector/store.db")).unwrap();
    store.execute("UPDATE entitlements SET attributes = '{}'", []).unwrap();
    let blind = project.run(&["findings", "salesforce", "--rule", "dangerous_access"]).expect_code(0);
    assert!(
        words(&blind.stderr).contains("`dangerous_access` finds nothing: no entitlement in the store"),
        "{}",
        blind.stderr
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_grant_beside_a_group_that_gives_the_same_is_found() {
    let project = project().await;
    let (both, one) = (project.add_user("both@acme.example"), project.add_user("one@acme.example"));
    let org = project.sandbox.org();
    assign_group(&project, &both, 11);
    org.assign_permission_set(&both, &set(&project, "Data_Import")).unwrap();
    org.assign_permission_set(&one, &set(&project, "Data_Import")).unwrap();
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let found = findings(&project, &["--rule", "direct_beside_group"]);
    let [of_both] = about(&found, &both)[..] else { panic!("one finding: {found:?}") };
    assert_eq!(of_both["entitlement"]["name"], "Data: Import");
    assert!(of_both["detail"].as_str().unwrap().contains("permission_set_group Service bundle 11 gives the same"));
    assert!(about(&found, &one).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_views_of_the_store_have_what_the_rules_find() {
    let project = project().await;
    let org = project.sandbox.org();
    let [jane, eve, both] = ["jane", "eve", "both"].map(|name| project.add_user(&format!("{name}@acme.example")));
    for (name, field, value) in [
        ("Sales_Read", "ExpirationDate", json!(in_days(-3))),
        ("Sales_Edit", "ExpirationDate", json!(in_days(5))),
        ("Sales_Ops", "ExpirationDate", json!(in_days(60))),
        ("Sales_Audit", "IsActive", json!(false)),
    ] {
        let row = org.assign_permission_set(&jane, &set(&project, name)).unwrap();
        org.set(&row, field, value).unwrap();
    }
    org.assign_permission_set(&eve, &set(&project, "Sales_Read")).unwrap();
    org.deactivate(&eve).unwrap();
    assign_group(&project, &both, 11);
    org.assign_permission_set(&both, &set(&project, "Data_Import")).unwrap();
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let store = rusqlite::Connection::open(project.path(".connector/store.db")).unwrap();
    for rule in [
        "expired_assignment",
        "inactive_assignment",
        "ending_assignment",
        "unowned_account",
        "disabled_account_access",
        "direct_beside_group",
    ] {
        let query = format!("SELECT DISTINCT account_id FROM finding_{rule} WHERE source = 'salesforce' ORDER BY 1");
        let mut statement = store.prepare(&query).unwrap();
        let viewed: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let mut found: Vec<_> = findings(&project, &["--rule", rule])
            .iter()
            .map(|one| one["account"]["id"].as_str().unwrap().to_owned())
            .collect();
        found.sort();
        found.dedup();
        assert_eq!(viewed, found, "{rule}");
        assert!(!found.is_empty(), "{rule} finds nothing: the test shows nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_source_itself_is_looked_at_too() {
    let project = project().await;
    project.write_source(
        "settings: {api_version: \"55.0\"}\naggregation: {delete_threshold: 100%}\nprovisioning: {max_disable: 90%}\n",
    );
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let found = findings(&project, &[]);
    let of = |rule: &str| {
        let of_rule = found.iter().filter(|one| one["rule"] == rule && one.get("account").is_none());
        of_rule.map(|one| one["detail"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let guards = of("guard_off");
    assert!(
        guards.len() == 2 && guards[0].contains("delete_threshold") && guards[1].contains("max_disable"),
        "{guards:?}"
    );
    assert!(of("salesforce_api_version")[0].contains("55.0"), "{found:?}");
    assert_eq!(of("salesforce_group_not_current"), ["its status is Outdated"]);
    assert_eq!((of("certificate"), of("stale_store")), (vec![], vec![]), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_summary_counts_only_what_is_asked_about() {
    let project = project().await;
    let user = project.add_user("jane@acme.example");
    let row = project.sandbox.org().assign_permission_set(&user, &set(&project, "Sales_Edit")).unwrap();
    project.sandbox.org().set(&row, "ExpirationDate", in_days(5)).unwrap();
    project.sandbox.org().set(&user, "LastLoginDate", in_days(-1)).unwrap();
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let arguments = ["findings", "salesforce", "--account", "jane@acme.example", "--output", "json"];
    let summary = project.run(&arguments).expect_code(0).json_lines().pop().unwrap()["summary"].clone();
    assert_eq!(summary["worst"], "info", "other accounts have critical ones: {summary}");
    let tally = json!([{"rule": "ending_assignment", "found": 1, "accepted": 0, "severity": "info"}]);
    assert_eq!(summary["rules"], tally);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_findings_are_as_of_the_newest_run_that_succeeded() {
    let project = project().await;
    let read = project.run(&["aggregate", "salesforce", "--output", "json"]).expect_code(0).json();
    project.sandbox.org().set_available("Profile", false).unwrap();
    for _ in 0..2 {
        assert_ne!(project.run(&["aggregate", "salesforce", "--full"]).code, Some(0));
    }
    let summary = project.run(&["findings", "salesforce", "--output", "json"]).expect_code(0).json_lines();
    assert_eq!(summary.last().unwrap()["summary"]["run"], read["run"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_finding_is_marked_until_its_last_day() {
    let project = project().await;
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let fails = |severity: &str| project.run(&["findings", "salesforce", "--fail-on", severity]).code.unwrap();
    assert_eq!((fails("critical"), fails("high")), (1, 1));
    // Only these accounts are critical.
    let accept = |until: &str| {
        let names = ["admin@acme.example", "integration@acme.example"];
        let all = findings(&project, &["--rule", "dangerous_access"]);
        let names = names.map(str::to_owned).into_iter().chain(
            all.iter()
                .filter(|one| one["severity"] == "critical")
                .map(|one| one["account"]["id"].as_str().unwrap().to_owned()),
        );
        let items = names.map(|name| {
            format!("  - {{rule: dangerous_access, account: \"{name}\", reason: break-glass, until: {until}}}\n")
        });
        fs::write(project.path("findings.yaml"), format!("accept:\n{}", items.collect::<String>())).unwrap();
    };
    accept("9999-12-31");
    assert_eq!((fails("critical"), fails("low")), (0, 1));
    let shown =
        project.run(&["findings", "salesforce", "--rule", "dangerous_access", "--output", "json"]).expect_code(0);
    assert!(shown.json_lines().iter().all(|one| one["account"]["name"] != "admin@acme.example"), "{}", shown.stdout);
    let all = findings(&project, &["--rule", "dangerous_access"]);
    let admin = about(&all, "admin@acme.example");
    assert_eq!(admin[0]["accepted"], json!({"reason": "break-glass", "until": "9999-12-31"}));

    accept("2020-01-31");
    let ended = project.run(&["findings", "salesforce", "--fail-on", "critical"]).expect_code(1);
    assert!(words(&ended.stderr).contains("ended on 2020-01-31; the finding counts again"), "{}", ended.stderr);
    fs::write(
        project.path("findings.yaml"),
        "accept:\n  - {rule: dangerous_access, account: nobody@acme.example, reason: x, until: 9999-12-31}\n",
    )
    .unwrap();
    let unused = project.run(&["findings", "salesforce"]).expect_code(0);
    assert!(words(&unused.stderr).contains("for nobody@acme.example matches nothing: remove it"), "{}", unused.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_in_findings_yaml_is_told_with_its_place() {
    let project = project().await;
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let wrong = "unused_after: 90\naccept:\n  - {rule: dangerous-access, reason: x, until: 2027-13-01}\n  - {rule: guard_off, until: 2027-01-31, explanation: y}\n";
    fs::write(project.path("findings.yaml"), wrong).unwrap();
    for arguments in [&["validate"][..], &["validate", "findings.yaml"]] {
        let told = project.run(&[arguments, &["--output", "json"]].concat()).expect_code(2).json();
        let problems: Vec<_> = told
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["place"]["line"].as_u64().unwrap(), one["title"].as_str().unwrap().to_owned()))
            .collect();
        let has = |line: u64, text: &str| problems.iter().any(|(at, title)| *at == line && title.contains(text));
        assert!(has(1, "unused_after"), "{problems:?}");
        assert!(has(3, "dangerous-access") && has(3, "2027-13-01"), "{problems:?}");
        assert!(has(4, "explanation"), "{problems:?}");
    }
    project.run(&["findings", "salesforce"]).expect_code(2);
    project.run(&["findings", "salesforce", "--rule", "dangerous-access"]).expect_code(2);
    project.run(&["findings", "nowhere"]).expect_code(2);
    fs::write(project.path("findings.yaml"), "# nothing is accepted\naccept:\n").unwrap();
    project.run(&["validate"]).expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sarif_has_every_finding_once_with_its_rule_and_marks_what_is_accepted() {
    let project = project().await;
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let accepted =
        "accept:\n  - {rule: dangerous_access, account: admin@acme.example, reason: break-glass, until: 9999-12-31}\n";
    fs::write(project.path("findings.yaml"), accepted).unwrap();
    let all = findings(&project, &[]);
    // A second time replaces the first.
    for _ in 0..2 {
        project.run(&["findings", "salesforce", "--sarif", "found.sarif"]).expect_code(0);
    }
    let sarif: Value = serde_json::from_str(&fs::read_to_string(project.path("found.sarif")).unwrap()).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), all.len());
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let mut prints: Vec<_> =
        results.iter().map(|one| one["partialFingerprints"]["finding/v1"].as_str().unwrap()).collect();
    prints.sort_unstable();
    prints.dedup();
    assert_eq!(prints.len(), results.len(), "two findings have the same fingerprint");
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        for text in [&rule["shortDescription"], &rule["fullDescription"], &rule["help"], &result["message"]] {
            assert!(!text["text"].as_str().unwrap().is_empty(), "{rule}");
        }
        let level = result["level"].as_str().unwrap();
        assert!(["error", "warning", "note"].contains(&level), "{result}");
    }
    let suppressed: Vec<_> = results.iter().filter(|one| one.get("suppressions").is_some()).collect();
    assert_eq!(suppressed.len(), 1);
    assert!(suppressed[0]["message"]["text"].as_str().unwrap().starts_with("admin@acme.example: it can "));
    // On stdout, nothing else.
    let stdout = project.run(&["findings", "salesforce", "--sarif", "-"]).expect_code(0).json();
    assert_eq!(stdout["runs"][0]["results"].as_array().unwrap().len(), all.len());
    // Another file stays.
    fs::write(project.path("notes.txt"), "mine").unwrap();
    project.run(&["findings", "salesforce", "--sarif", "notes.txt"]).expect_code(1);
    assert_eq!(fs::read_to_string(project.path("notes.txt")).unwrap(), "mine");
}

#[test]
fn a_rule_of_a_third_party_is_used_for_the_sources_of_its_connector() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| BINARY.run(folder.path(), arguments);
    run(&["init"]).expect_code(0);
    fs::create_dir(folder.path().join("connectors")).unwrap();
    for name in ["acme", "other"] {
        let file = "format: roster\ntitle: People\npeople: [ada, grace]\n";
        fs::write(folder.path().join(format!("connectors/{name}.yaml")), file).unwrap();
        run(&["source", "new", name, name, "--set", "settings.floor=3"]).expect_code(0);
        run(&["aggregate", name]).expect_code(0);
    }
    let found = run(&["findings", "--output", "json"]).expect_code(0).json_lines();
    let found: Vec<_> = found
        .iter()
        .filter(|one| one.get("summary").is_none())
        .map(|one| {
            format!(
                "{} {} {}",
                one["rule"].as_str().unwrap(),
                one["source"].as_str().unwrap(),
                one["detail"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(found, ["acme_short_name acme its name has 3 letters"]);
    let rules = run(&["findings", "--rules", "--output", "json"]).expect_code(0).json();
    let names: Vec<_> = rules.as_array().unwrap().iter().map(|rule| rule["rule"].as_str().unwrap()).collect();
    for name in ["acme_short_name", "dangerous_access", "salesforce_api_version"] {
        assert!(names.contains(&name), "{names:?}");
    }
    for rule in rules.as_array().unwrap() {
        let is_said = |field: &str| !rule[field].as_str().unwrap().is_empty();
        assert!(is_said("title") && is_said("reason") && is_said("cure"), "{rule}");
    }
}
