//! Lists: the same rows as a table, as JSON, as YAML and as CSV, with the columns and in the order that the user wants.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod binary;

use binary::{command, run, said, text};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What a command that succeeds prints.
fn printed(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// A project that was aggregated and provisioned.
fn tour() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["quickstart", "tour"]).status.success());
    let tour = folder.path().join("tour");
    (folder, tour)
}

/// Every list, with a column to sort by.
const LISTS: [(&[&str], &str); 9] = [
    (&["accounts", "salesforce"], "name"),
    (&["entitlements", "salesforce"], "holders"),
    (&["entitlement", "salesforce", "profile/Standard User"], "name"),
    (&["runs"], "duration_ms"),
    (&["operations", "salesforce"], "kind"),
    (&["diff", "salesforce"], "change"),
    (&["source", "list"], "name"),
    (&["connectors"], "title"),
    (&["cert", "check"], "days_left"),
];

#[test]
fn every_list_has_columns_an_order_and_csv_and_refuses_unknown_columns() {
    let (_folder, tour) = tour();
    for (list, column) in LISTS {
        let descending = format!("-{column}");
        let csv = printed(&tour, &[list, &["-o", "csv", "--columns", column, "--sort", &descending]].concat());
        let mut lines = csv.lines();
        assert_eq!(lines.next(), Some(column), "{list:?}");
        let values: Vec<_> = lines.collect();
        assert!(!values.is_empty(), "{list:?}");
        let ascending = printed(&tour, &[list, &["-o", "csv", "--columns", column, "--sort", column]].concat());
        let mut reversed: Vec<_> = ascending.lines().skip(1).collect();
        reversed.reverse();
        assert_eq!(reversed, values, "{list:?}");

        let table = printed(&tour, &[list, &["-o", "table", "--columns", column]].concat());
        assert_eq!(table, printed(&tour, &[list, &["--columns", column]].concat()), "{list:?}: table is human");

        let wrong = format!("{column}_");
        for option in ["--columns", "--sort"] {
            let output = run(&tour, &[list, &["-o", "json", option, &wrong]].concat());
            assert_eq!(output.status.code(), Some(2), "{list:?} {option}");
            assert_eq!(text(&output.stdout), "", "{list:?} {option}");
            let said = text(&output.stderr);
            assert!(said.contains(&format!("did you mean `{column}`?")) && said.contains("known columns:"), "{said}");
        }
        let help = printed(&tour, &[&list[..list.len().min(1)], &["--help"]].concat());
        assert!(list.len() < 2 || help.contains("olumns") || help.contains("list"), "{list:?}: {help}");
    }
}

#[test]
fn yaml_has_the_documents_of_json() {
    let (_folder, tour) = tour();
    for (list, _) in LISTS {
        let json = printed(&tour, &[list, &["-o", "json"]].concat());
        let yaml = printed(&tour, &[list, &["-o", "yaml"]].concat());
        let documents: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let same: Vec<Value> =
            yaml.split("---\n").skip(1).map(|document| serde_yaml::from_str(document).unwrap()).collect();
        assert_eq!(same, documents, "{list:?}");
    }
}

#[test]
fn accounts_are_sorted_by_attributes_before_they_are_limited() {
    let (_folder, tour) = tour();
    let all = printed(&tour, &["accounts", "salesforce", "-o", "json"]);
    let mut names: Vec<String> = all
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["attributes"]["LastName"].as_str().unwrap().to_owned())
        .collect();
    names.sort_by_key(|name| name.to_lowercase());
    let first: Vec<_> = names.iter().rev().take(3).map(String::as_str).collect();
    let arguments = ["accounts", "salesforce", "--sort", "-lastname", "--limit", "3", "--columns", "LastName"];
    let table = printed(&tour, &arguments);
    assert_eq!(table.lines().skip(1).map(str::trim_end).collect::<Vec<_>>(), first);
    let json = printed(&tour, &[&arguments[..6], &["-o", "json"]].concat());
    let shown: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(shown.iter().map(|one| one["attributes"]["LastName"].as_str().unwrap()).collect::<Vec<_>>(), first);
    let runs: Vec<Value> =
        serde_json::from_str(&printed(&tour, &["runs", "--sort", "started_at", "--limit", "1", "-o", "json"])).unwrap();
    let oldest: Vec<Value> = serde_json::from_str(&printed(&tour, &["runs", "-o", "json"])).unwrap();
    assert_eq!(Some(&runs[0]), oldest.last(), "the limit counts after the order");
}

#[test]
fn csv_is_only_for_lists_and_no_cell_is_a_formula() {
    let (_folder, tour) = tour();
    for arguments in [&["test", "salesforce"][..], &["run", "show"], &["connectors", "show", "salesforce"]] {
        let output = run(&tour, &[arguments, &["-o", "csv"]].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains("only lists can be CSV"), "{}", text(&output.stderr));
    }
    let source = tour.join("sources/salesforce.yaml");
    let definition = fs::read_to_string(&source).unwrap();
    let without: Vec<_> = definition.lines().filter(|line| !line.starts_with("description:")).collect();
    fs::write(&source, format!("{}\ndescription: '=1+1'\n", without.join("\n"))).unwrap();
    let csv = printed(&tour, &["source", "list", "-o", "csv", "--columns", "description"]);
    assert_eq!(csv, "description\n'=1+1\n");
}

#[test]
fn an_account_shows_names_beside_ids_and_the_last_events_of_its_history() {
    let (_folder, tour) = tour();
    let shown = printed(&tour, &["account", "salesforce", "JANE.ROE@acme.example"]);
    let profile = shown.lines().find(|line| line.starts_with("ProfileId")).unwrap();
    assert!(profile.contains('(') && profile.contains("00e"), "{profile}");
    let history = shown.split("History\n").nth(1).unwrap();
    assert!(history.contains("profile/") && !history.contains("profile/00e"), "{history}");
    let events = |arguments: &[&str]| {
        let shown =
            printed(&tour, &[&["account", "salesforce", "jane.roe@acme.example", "-o", "json"], arguments].concat());
        serde_json::from_str::<Value>(&shown).unwrap()["history"].as_array().unwrap().clone()
    };
    let all = events(&[]);
    assert!(all.len() > 2);
    assert_eq!(events(&["--limit", "2"]), all[all.len() - 2..]);
}

#[test]
fn lists_keep_what_matters_on_narrow_terminals() {
    let (_folder, tour) = tour();
    let at = |width: &str, arguments: &[&str]| {
        let output = command(&tour, arguments).env("COLUMNS", width).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let runs = at("80", &["runs"]);
    let heading = runs.lines().next().unwrap();
    assert!(["took", "changes", "started"].iter().all(|title| heading.contains(title)), "{runs}");
    assert!(runs.contains("just now") || runs.contains(" ago"), "{runs}");
    let id = runs.lines().nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    assert!(id.len() < 26 && run(&tour, &["run", "show", &id]).status.success(), "{runs}");

    let operations = at("80", &["operations", "salesforce", "--limit", "50"]);
    let journal = printed(&tour, &["operations", "salesforce", "-o", "json"]);
    for line in journal.lines() {
        let operation: Value = serde_json::from_str(line).unwrap();
        let account = operation["asked"].to_string();
        let name = account.split('"').find(|part| part.contains('@')).unwrap_or_default();
        assert!(operations.contains(name), "{name} is broken in {operations}");
    }
    for width in ["80", "40"] {
        let limit: usize = width.parse().unwrap();
        let lists: [&[&str]; 8] = [
            &["runs"],
            &["operations", "salesforce", "--limit", "50"],
            &["source", "list"],
            &["cert", "show", "salesforce"],
            &["entitlements", "salesforce"],
            &["accounts", "salesforce", "--limit", "1"],
            &["account", "salesforce", "jane.roe@acme.example"],
            &["entitlement", "salesforce", "permission_set/Sales_Ops", "--limit", "1"],
        ];
        for list in lists {
            let output = command(&tour, list).env("COLUMNS", width).output().unwrap();
            let messages = text(&output.stderr);
            for line in at(width, list).lines().chain(messages.lines()) {
                assert!(line.chars().count() <= limit, "{list:?} at {width}: {line}");
            }
        }
    }
    // Programs get the times and ids themselves.
    let piped = printed(&tour, &["runs"]);
    assert!(!piped.contains("ago") && piped.lines().nth(1).unwrap().split_whitespace().next().unwrap().len() == 26);
}

/// Both binaries are tested: the usual one names the feature that it lacks.
#[test]
fn parquet_is_written_where_the_program_has_it_and_otherwise_refused_with_the_way_to_get_it() {
    let (_folder, tour) = tour();
    let file = tour.join("accounts.parquet");
    let arguments = ["export", "salesforce", "--format", "parquet", "--to", "accounts.parquet"];
    let output = run(&tour, &arguments);
    if cfg!(feature = "parquet") {
        // An earlier export is replaced, as with other formats.
        for output in [output, run(&tour, &arguments)] {
            assert!(output.status.success(), "{}", said(&output));
            let bytes = fs::read(&file).unwrap();
            assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
        }
    } else {
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains("cargo install connector-cli --features parquet"), "{}", said(&output));
        assert!(!file.exists());
    }
}

#[test]
fn no_list_takes_a_limit_that_would_say_there_is_nothing() {
    let (_folder, tour) = tour();
    for list in [
        &["runs"][..],
        &["operations", "salesforce"],
        &["accounts", "salesforce"],
        &["account", "salesforce", "jane.roe@acme.example"],
        &["entitlements", "salesforce"],
        &["entitlement", "salesforce", "permission_set/Sales_Ops"],
        &["diff", "salesforce"],
    ] {
        let ended = run(&tour, &[list, &["--limit", "0"]].concat());
        let said = String::from_utf8_lossy(&[&ended.stdout[..], &ended.stderr].concat()).into_owned();
        assert_eq!(ended.status.code(), Some(2), "{list:?}: {said}");
        assert!(said.contains("--limit") && !said.contains("no runs") && !said.contains("no operations"), "{said}");
    }
}
