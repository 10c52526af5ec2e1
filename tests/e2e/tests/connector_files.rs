//! A project with a connector of its own: every command uses it like a linked one.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Ended};
use std::fs;
use tempfile::TempDir;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

const ACME: &str = "format: roster\ntitle: Acme people\npeople: [ada, grace]\n";

/// A project with this connector file.
fn project(acme: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    BINARY.run(folder.path(), &["init"]).expect_code(0);
    fs::create_dir(folder.path().join("connectors")).unwrap();
    fs::write(folder.path().join("connectors/acme.yaml"), acme).unwrap();
    folder
}

fn run(folder: &TempDir, arguments: &[&str]) -> Ended {
    BINARY.run(folder.path(), arguments)
}

#[test]
fn a_connector_file_is_read_into_the_store_like_a_linked_connector() {
    let folder = project(ACME);
    run(&folder, &["source", "new", "acme", "east", "--set", "settings.floor=3"]).expect_code(0);
    let valid = run(&folder, &["validate"]).expect_code(0).stdout;
    assert!(valid.contains("connectors/acme.yaml is valid") && valid.contains("sources/east.yaml is valid"), "{valid}");
    let tested = run(&folder, &["test", "east", "--output", "json"]).expect_code(0).json();
    assert_eq!(tested["connector"], "acme");
    assert_eq!(tested["steps"][1]["detail"], "2 people");
    let report = run(&folder, &["aggregate", "east", "--output", "json"]).expect_code(0).json();
    assert_eq!(report["accounts"]["added"], 2);
    let shown = run(&folder, &["source", "show", "east", "--output", "json"]).expect_code(0).json();
    assert_eq!(shown["connector"], "acme");
}

#[test]
fn connectors_shows_which_ones_come_from_the_project() {
    let folder = project(ACME);
    let all = run(&folder, &["connectors", "--output", "json"]).expect_code(0).json();
    let files: Vec<_> = all.as_array().unwrap().iter().map(|one| (&one["name"], &one["file"])).collect();
    assert!(files.contains(&(&"acme".into(), &"connectors/acme.yaml".into())), "{files:?}");
    assert!(files.contains(&(&"salesforce".into(), &serde_json::Value::Null)), "{files:?}");
    let table = run(&folder, &["connectors"]).expect_code(0).stdout;
    assert!(table.contains("connectors/acme.yaml") && table.contains("Formats of connector files"), "{table}");
    let one = run(&folder, &["connectors", "show", "acme"]).expect_code(0).stdout;
    assert!(one.contains("connectors/acme.yaml") && one.contains("floor (required; a whole number)"), "{one}");
    let schema = run(&folder, &["schema"]).expect_code(0).stdout;
    assert!(schema.contains("\"acme\"") && schema.contains("The floor of the people."), "{schema}");
}

#[test]
fn the_problems_of_a_connector_file_are_shown_in_its_lines() {
    let folder = project("format: roster\ntitel: Acme\npeople: [ada, 7]\n");
    fs::write(folder.path().join("sources/east.yaml"), "connector: acme\nsettings: {floor: 3}\n").unwrap();
    for arguments in [&["validate"][..], &["validate", "east"]] {
        let shown = run(&folder, arguments).expect_code(2).stderr;
        for expected in
            ["connectors/acme.yaml:2:1", "connectors/acme.yaml:3:15", "sources/east.yaml:1:12", "did you mean `title`?"]
        {
            assert!(shown.contains(expected), "{expected}:\n{shown}");
        }
    }
    let shown = run(&folder, &["validate", "connectors/acme.yaml"]).expect_code(2).stderr;
    assert!(shown.contains("2 problems in `connectors/acme.yaml`"), "{shown}");
    let shown = run(&folder, &["connectors"]).expect_code(0).stderr;
    assert!(shown.contains("`connectors/acme.yaml` has problems"), "{shown}");
    let shown = run(&folder, &["source", "new", "acme", "west"]).expect_code(2).stderr;
    assert!(shown.contains("connectors/acme.yaml"), "{shown}");
}
