//! Which file a name or a path means, and whose history it continues.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod binary;

use binary::{run, said, text};
use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use tempfile::TempDir;

const SOURCE: &str = "connector: salesforce\nauth:\n  grant_type: jwt_bearer\n  token_url: https://localhost:1/services/oauth2/token\n  \
                      issuer: a\n  subject: b\n  audience: https://localhost:1\n  key_ref: file:secrets/crm.key\n";

/// A project with a source `crm` in a folder `iga`.
fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["init", "iga"]).status.success());
    let iga = folder.path().join("iga");
    assert!(run(&iga, &["cert", "new", "crm"]).status.success());
    fs::write(iga.join("sources/crm.yaml"), SOURCE).unwrap();
    folder
}

#[track_caller]
fn ends(folder: &Path, arguments: &[&str], code: i32, part: &str) -> String {
    let output = run(folder, arguments);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(said.contains(part), "{arguments:?}: {part}: {said}");
    said
}

#[test]
fn a_second_file_of_one_name_never_mixes_with_the_history_of_the_first() {
    let folder = project();
    let iga = folder.path().join("iga");
    fs::create_dir(iga.join("other")).unwrap();
    fs::write(iga.join("other/crm.yaml"), SOURCE).unwrap();
    for command in [
        &["aggregate", "other/crm.yaml"][..],
        &["test", "other/crm.yaml"],
        &["cert", "rotate", "other/crm.yaml", "--yes"],
    ] {
        ends(&iga, command, 2, "the project has another source `crm`: `sources/crm.yaml`");
    }
    assert_eq!(text(&run(&iga, &["runs", "crm", "-o", "json"]).stdout).trim(), "[]", "nothing was begun");
    // The file of the project may be named by its path.
    ends(&iga, &["aggregate", "./sources/../sources/crm.yaml"], 3, "localhost");

    // Without one in the project, the history that such a file continues is named.
    fs::rename(iga.join("sources/crm.yaml"), iga.join("crm.yaml")).unwrap();
    ends(&iga, &["aggregate", "crm.yaml"], 3, "`crm.yaml` continues the history of `crm`");
    let both = ends(&iga, &["aggregate", "crm.yaml", "other/crm.yaml"], 2, "have the same name `crm`");
    assert!(both.contains("`crm.yaml` and `other/crm.yaml`"), "{both}");
}

#[test]
fn a_typed_path_begins_in_the_folder_that_the_user_named() {
    let folder = project();
    let here = folder.path();
    fs::write(here.join("iga/plans/move.yaml"), "operations:\n- disable: {account: a, set: b}\n").unwrap();
    for (arguments, part) in [
        (&["validate", "sources/crm.yaml"][..], "iga/sources/crm.yaml is valid"),
        (&["cert", "show", "secrets/crm.crt"], "matches key"),
        (&["source", "show", "sources/crm.yaml"], "crm"),
    ] {
        ends(here, &[&["-C", "iga"], arguments].concat(), 0, part);
        // Before there were such paths, one from here was meant.
        let from_here: Vec<String> = arguments
            .iter()
            .map(|word| if word.contains('/') { format!("iga/{word}") } else { (*word).to_owned() })
            .collect();
        let from_here: Vec<&str> = from_here.iter().map(String::as_str).collect();
        ends(here, &[&["-C", "iga"], &from_here[..]].concat(), 0, part);
    }
    ends(here, &["-C", "iga", "validate", "plans/move.yaml"], 2, "iga/plans/move.yaml");
    ends(here, &["-C", "iga", "provision", "crm", "plans/move.yaml", "--preview"], 2, "iga/plans/move.yaml");
    // A project that was only found changes nothing: a path begins where the user is.
    ends(&here.join("iga/plans"), &["validate", "move.yaml"], 2, "move.yaml");
    ends(&here.join("iga/plans"), &["validate", "plans/move.yaml"], 2, "does not exist");
}

#[test]
fn the_refs_that_every_connector_takes_are_in_machine_output_too() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["connectors", "--output", "json"]);
    let listed: Vec<Value> = serde_json::from_str(&text(&output.stdout)).unwrap();
    let human = said(&run(folder.path(), &["connectors"]));
    let forms: Vec<&str> = listed[0]["secret_refs"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(forms.contains(&"file:PATH") && forms.contains(&"env:NAME"), "{forms:?}");
    let keys = listed[0]["key_refs"].as_array().unwrap();
    for form in forms.iter().copied().chain(keys.iter().filter_map(Value::as_str)) {
        assert!(human.contains(form), "{form}: {human}");
    }
    let shown = run(folder.path(), &["connectors", "show", "salesforce", "--output", "json"]);
    let shown: Value = serde_json::from_str(&text(&shown.stdout)).unwrap();
    assert_eq!((&shown["secret_refs"], &shown["key_refs"]), (&listed[0]["secret_refs"], &listed[0]["key_refs"]));
}

#[test]
fn a_port_in_use_is_a_fault_of_the_command_line_and_not_of_a_source() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said =
        ends(folder.path(), &["sandbox", "salesforce", "--users", "2", "--port", &port], 2, &format!("port {port}"));
    assert!(said.contains("choose another port"), "{said}");
}
