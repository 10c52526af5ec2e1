//! A project whose source is a folder of files, from `init` to an applied plan.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Ended};
use serde_json::json;
use std::fmt::Write;
use std::fs;
use tempfile::TempDir;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

const SOURCE: &str = r#"
connector: delimited
settings:
  format: {delimiter: ";"}
  accounts:
    file: hr/people.csv
    id: no
    name: login
    alias: login
    enabled: {column: status, is: [A], is_not: [T]}
    entitlements:
      role: {column: roles, split: "|"}
  entitlements:
    role: {title: Role, file: hr/roles.csv, id: code, name: title}
    team: {title: Team, holders: {file: hr/teams.tsv, format: {delimiter: tab}, alias: login, entitlement: team}}
  writable: true
"#;

const PEOPLE: &str = "no;login;status;roles;city\n001;jane;A;r1|Support;Bonn\n002;jo;T;;\n003;max;A;r2;\"Rome; old\"\n";

fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    run(&folder, &["init"]).expect_code(0);
    fs::create_dir(folder.path().join("hr")).unwrap();
    write(&folder, "hr/people.csv", PEOPLE);
    write(&folder, "hr/roles.csv", "code;title\nr1;Sales\nr2;Support\n");
    write(&folder, "hr/teams.tsv", "login\tteam\njane\tt1\nmax\tt1\n");
    write(&folder, "sources/people.yaml", SOURCE);
    folder
}

fn write(folder: &TempDir, name: &str, text: &str) {
    fs::write(folder.path().join(name), text).unwrap();
}

fn text(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

fn run(folder: &TempDir, arguments: &[&str]) -> Ended {
    BINARY.run(folder.path(), arguments)
}

#[test]
fn the_source_file_that_is_made_is_valid_and_its_test_names_the_missing_file() {
    let folder = tempfile::tempdir().unwrap();
    run(&folder, &["init"]).expect_code(0);
    run(&folder, &["source", "new", "delimited", "people"]).expect_code(0);
    run(&folder, &["validate", "people"]).expect_code(0);
    let shown = run(&folder, &["connectors", "show", "delimited"]).expect_code(0).stdout;
    assert!(shown.contains("accounts") && shown.contains("writable"), "{shown}");
    let tested = run(&folder, &["test", "people"]);
    assert_ne!(tested.code, Some(0));
    assert!(tested.stdout.contains("`hr/people.csv` does not exist"), "{tested:?}");
}

#[test]
fn files_are_tested_read_and_changed_like_any_other_system() {
    let folder = project();
    let tested = run(&folder, &["test", "people", "--output", "json"]).expect_code(0).json();
    let steps: Vec<_> = tested["steps"].as_array().unwrap().iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(steps, ["definition", "files", "accounts", "entitlements", "members", "writing"]);
    assert_eq!(tested["steps"][2]["detail"], "hr/people.csv has 3 rows, 5 columns, UTF-8");

    let report = run(&folder, &["aggregate", "people", "--output", "json"]).expect_code(0).json();
    let added = |report: &serde_json::Value, what: &str| report[what]["added"].clone();
    assert_eq!([added(&report, "accounts"), added(&report, "entitlements")], [json!(3), json!(3)]);
    assert_eq!(added(&report, "assignments"), json!(5), "three roles and two teams: {report}");
    let again = run(&folder, &["aggregate", "people", "--output", "json"]).expect_code(0).json();
    assert_eq!((&again["mode"], &again["accounts"]["changed"]), (&json!("delta"), &json!(0)), "{again}");

    let plan = "
operations:
  - create: {name: ann, attributes: {no: '004', city: Köln}, entitlements: [role/Sales, team/t1]}
  - update: {account: jane, set: {city: Berlin}}
  - enable: {account: jo}
  - revoke: {account: max, entitlement: role/Support}
  - grant: {account: jo, entitlement: team/t1}
";
    write(&folder, "plans/plan.yaml", plan);
    let applied = run(&folder, &["provision", "people", "plans/plan.yaml", "--yes", "--output", "json"]).expect_code(0);
    let outcomes: Vec<_> =
        applied.json_lines().iter().filter_map(|line| line["outcome"].as_str().map(str::to_owned)).collect();
    assert_eq!(outcomes, vec!["applied"; 5], "{applied:?}");
    assert_eq!(
        text(&folder, "hr/people.csv"),
        "no;login;status;roles;city\n001;jane;A;r1|Support;Berlin\n002;jo;A;;\n003;max;A;;\"Rome; old\"\n\
         004;ann;A;r1;Köln\n"
    );
    let mut members: Vec<_> = text(&folder, "hr/teams.tsv").lines().skip(1).map(str::to_owned).collect();
    members.sort_unstable();
    assert_eq!(members, ["ann\tt1", "jane\tt1", "jo\tt1", "max\tt1"]);

    let applied = run(&folder, &["provision", "people", "plans/plan.yaml", "--yes", "--output", "json"]).expect_code(0);
    let again = applied.json_lines();
    assert!(
        again.iter().all(|line| line["outcome"].as_str().is_none_or(|outcome| outcome == "unchanged")),
        "{again:?}"
    );
    let report = run(&folder, &["aggregate", "people", "--output", "json"]).expect_code(0).json();
    assert_eq!((&report["mode"], added(&report, "accounts")), (&json!("full"), json!(1)), "{report}");
    run(&folder, &["store", "check"]).expect_code(0);
}

#[test]
fn a_broken_file_removes_nothing_and_the_mended_one_is_read_by_the_next_run() {
    let folder = project();
    let mut people = String::from("no;login;status;roles;city\n");
    for number in 0..9000 {
        let _ = writeln!(people, "{number:05};p{number};A;r1;Bonn");
    }
    write(&folder, "hr/people.csv", &people);
    run(&folder, &["aggregate", "people"]).expect_code(0);
    // Cut in the middle, and a value of no list in the third page.
    for (broken, report) in [
        (people[..people.len() / 2].to_owned(), "hr/people.csv"),
        ("no;login;status;roles;city\n".to_owned(), "has a header but no rows"),
        (people.replace("08500;p8500;A", "08500;p8500;X"), "line 8502, column 3 (`status`)"),
    ] {
        write(&folder, "hr/people.csv", &broken);
        let ended = run(&folder, &["aggregate", "people", "--full"]);
        assert!(ended.code != Some(0) && ended.stderr.contains(report), "{ended:?}");
        let listed = run(&folder, &["accounts", "people", "--output", "json"]).expect_code(0).json_lines();
        assert_eq!(listed.len(), 9000);
    }
    // The run that failed continues at a position in the broken file, which means nothing in the mended one.
    write(&folder, "hr/people.csv", &people.replace("p7;A", "p7;T"));
    let report = run(&folder, &["aggregate", "people", "--output", "json"]).expect_code(0).json();
    assert_eq!((&report["accounts"]["changed"], &report["accounts"]["removed"]), (&json!(1), &json!(0)), "{report}");
}
