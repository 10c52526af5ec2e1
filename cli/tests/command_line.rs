//! What scripts rely on: streams, exit codes and JSON of commands that need no network.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod binary;

use binary::{command, run, text};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;

const INVALID: &str = "connector: salesforce\nauth:\n  grant_type: jwt_bearer\n  isuer: abc\n";

/// A project with an invalid source `bad`.
fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["init"]).status.success());
    fs::write(folder.path().join("sources/bad.yaml"), INVALID).unwrap();
    folder
}

#[test]
fn what_is_wrong_goes_to_stderr_and_as_json_to_stdout() {
    let folder = project();
    let human = run(folder.path(), &["validate"]);
    assert_eq!(human.status.code(), Some(2));
    assert_eq!(text(&human.stdout), "");
    assert!(text(&human.stderr).contains("sources/bad.yaml:4:3"), "{}", text(&human.stderr));

    let json = run(folder.path(), &["validate", "bad", "--output", "json"]);
    assert_eq!(json.status.code(), Some(2));
    let problems: Vec<Value> = serde_json::from_slice(&json.stdout).unwrap();
    assert!(problems.iter().any(|problem| problem["place"]["line"] == 4 && problem["rule"] == "unknown_key"));
}

#[test]
fn a_test_of_an_invalid_definition_still_names_all_steps() {
    let folder = project();
    let output = run(folder.path(), &["test", "bad", "--output", "json"]);
    assert_eq!(output.status.code(), Some(2));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["ok"], false);
    assert_eq!(report["connector"], "salesforce");
    let steps: Vec<_> =
        report["steps"].as_array().unwrap().iter().map(|step| (&step["name"], &step["status"])).collect();
    assert_eq!(steps[0], (&"definition".into(), &"failed".into()));
    assert_eq!(steps.len(), 8);
    assert!(steps[1..].iter().all(|(_, status)| *status == "skipped"));
}

#[test]
fn a_failure_with_json_is_one_line_on_stderr_and_nothing_on_stdout() {
    let folder = project();
    for (arguments, code, kind) in [
        (&["accounts", "bad"][..], 1, "not_found"),
        (&["aggregate", "bad"], 2, "definition"),
        (&["frobnicate"], 2, "definition"),
    ] {
        let arguments = [arguments, &["--output", "json"]].concat();
        let output = run(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        let error: Value = serde_json::from_slice(&output.stderr).unwrap();
        assert_eq!(error["error"]["kind"], kind, "{arguments:?}");
        assert!(error["error"]["help"].is_string(), "{arguments:?}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let folder = project();
    for arguments in [&["schema"][..], &["completions", "bash"], &["connectors"]] {
        let mut child =
            command(folder.path(), arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(text(&output.stderr).lines().filter(|line| line.contains("error")).count(), 0, "{arguments:?}");
    }
}

#[test]
fn color_is_for_terminals_and_for_those_who_ask() {
    let folder = project();
    let has_color = |arguments: &[&str]| run(folder.path(), arguments).stdout.contains(&0x1b);
    assert!(!has_color(&["connectors"]));
    assert!(has_color(&["connectors", "--color", "always"]));
    let output =
        command(folder.path(), &["connectors"]).env("NO_COLOR", "1").env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(!output.stdout.contains(&0x1b));
}

#[test]
fn a_new_source_with_its_new_key_is_valid_and_no_key_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let steps = [&["init"][..], &["cert", "new", "prod"], &["source", "new", "salesforce", "prod"], &["validate"]];
    for arguments in steps {
        let output = run(folder.path(), arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    }
    let key = fs::read(folder.path().join("secrets/prod.key")).unwrap();
    assert_eq!(run(folder.path(), &["cert", "new", "prod"]).status.code(), Some(1));
    assert_eq!(fs::read(folder.path().join("secrets/prod.key")).unwrap(), key);
}

#[test]
fn a_key_with_a_password_is_encrypted_and_fits_its_certificate() {
    let folder = project();
    let made = command(folder.path(), &["cert", "new", "prod", "--key-password-ref", "env:KEY_PASSWORD"])
        .env("KEY_PASSWORD", "made at test time")
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", text(&made.stderr));
    let key = fs::read_to_string(folder.path().join("secrets/prod.key")).unwrap();
    assert!(key.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    let source = ["source", "new", "salesforce", "prod", "--set", "auth.key_password_ref=env:KEY_PASSWORD"];
    assert!(run(folder.path(), &source).status.success());
    let shown = command(folder.path(), &["cert", "show", "prod", "--output", "json"])
        .env("KEY_PASSWORD", "made at test time")
        .output()
        .unwrap();
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["fits_key"], true);
}

/// The exit code and what was written to stderr; nothing was written to stdout.
fn refused(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = run(folder, arguments);
    assert_eq!(text(&output.stdout), "", "{arguments:?}");
    (output.status.code(), text(&output.stderr))
}

#[test]
fn a_question_about_a_source_that_does_not_exist_is_bad_usage() {
    let folder = project();
    for question in [&["accounts", "bda"][..], &["entitlements", "bda"], &["diff", "bda"], &["runs", "bda"]] {
        let (code, said) = refused(folder.path(), question);
        assert_eq!(code, Some(2), "{question:?}: {said}");
        assert!(
            said.contains("the source `bda` does not exist") && said.contains("the sources are: bad"),
            "{question:?}: {said}"
        );
    }
    let (_, said) = refused(folder.path(), &["aggregate", "bda", "--output", "json"]);
    let error: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(error["error"]["help"], "the sources are: bad", "a single problem has its own help");
    let (code, said) = refused(folder.path(), &["accounts", "bad"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("`bad` was never aggregated") && said.contains("connector aggregate bad"), "{said}");
}

#[test]
fn a_project_without_runs_has_an_empty_list_of_them() {
    let folder = project();
    let output = run(folder.path(), &["runs", "--output", "json"]);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), "[]\n"));
    assert!(!folder.path().join(".connector").exists(), "a question makes no store");
}

#[test]
fn what_is_wrong_in_several_sources_is_reported_in_one_go() {
    let folder = project();
    fs::write(folder.path().join("sources/worse.yaml"), "connector: salesfroce\n").unwrap();
    let (code, said) = refused(folder.path(), &["aggregate", "bad", "worse"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("sources/bad.yaml:4:3") && said.contains("sources/worse.yaml:1:12"), "{said}");
}

#[test]
fn a_key_that_cannot_be_read_ends_an_aggregation_before_anything_is_sent() {
    let folder = project();
    let set =
        ["auth.token_url=https://localhost:1/token", "auth.issuer=a", "auth.subject=b", "auth.audience=https://c"];
    let arguments = ["source", "new", "salesforce", "org"].into_iter();
    let arguments: Vec<_> = arguments.chain(set.into_iter().flat_map(|one| ["--set", one])).collect();
    assert!(run(folder.path(), &arguments).status.success());
    let output = run(folder.path(), &["aggregate", "org", "--output", "json"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["status"], &report["error"]["kind"]), (&"failed".into(), &"secret".into()));
    assert_eq!(report["api_calls"], 0);
}

#[test]
fn a_name_that_no_account_or_entitlement_has_is_refused_and_not_an_empty_answer() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["quickstart", "tour"]).status.success());
    let tour = folder.path().join("tour");
    for (question, expected) in [
        (&["accounts", "salesforce", "--columns", "name,Departmnet"][..], ["`Departmnet`", "Department"]),
        (&["accounts", "salesforce", "--holding", "queu/x"], ["`queu/x`", "queue"]),
        (&["entitlements", "salesforce", "--type", "queu"], ["`queu`", "queue"]),
        (&["entitlements", "salesforce", "--type", "queu", "--output", "json"], ["`queu`", "queue"]),
    ] {
        let (code, said) = refused(&tour, question);
        assert_ne!(code, Some(0), "{question:?}");
        assert!(expected.iter().all(|part| said.contains(part)), "{question:?}: {said}");
    }
    let output = run(&tour, &["accounts", "salesforce", "--columns", "name,department", "--limit", "5"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let none = run(&tour, &["entitlements", "salesforce", "--type", "territory"]);
    assert!(none.status.success(), "{}", text(&none.stderr));
}

#[test]
fn the_tour_changes_accounts_and_reads_the_change_back() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["quickstart", "tour"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("$ connector provision salesforce plans/first.yaml --yes"));
    let tour = folder.path().join("tour");
    let journal = text(&run(&tour, &["operations", "salesforce", "--output", "json"]).stdout);
    assert_eq!(journal.matches("\"outcome\":\"applied\"").count(), 5, "{journal}");
    let jane = ["accounts", "salesforce", "--where", "name = \"jane.roe@acme.example\"", "--output", "json"];
    assert!(text(&run(&tour, &jane).stdout).contains("\"Department\":\"Sales\""));
}

#[test]
fn an_export_replaces_a_file_whole_and_leaves_links_and_devices_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["quickstart", "tour"]).status.success());
    let tour = folder.path().join("tour");
    let export = |to: &str| run(&tour, &["export", "salesforce", "--what", "accounts", "--to", to]);
    fs::write(tour.join("accounts.ndjson"), "{\"id\":\"older\"}\n").unwrap();
    std::os::unix::fs::symlink("accounts.ndjson", tour.join("link")).unwrap();

    assert!(export("link").status.success());
    assert!(fs::symlink_metadata(tour.join("link")).unwrap().is_symlink());
    let lines = fs::read_to_string(tour.join("accounts.ndjson")).unwrap();
    assert!(lines.lines().count() > 1 && !lines.contains("older"), "{} lines", lines.lines().count());

    let output = export("/dev/stdout");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), lines);

    let nowhere = export("no-such-folder/accounts.ndjson");
    assert_eq!(nowhere.status.code(), Some(1));
    let said = text(&nowhere.stderr);
    assert!(said.contains("`no-such-folder/accounts.ndjson`") && said.contains("help: "), "{said}");
}

#[test]
fn what_to_do_next_names_the_project_that_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let made = run(folder.path(), &["-C", "my iga", "init"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    assert!(
        text(&made.stderr).contains("  connector -C 'my iga' source new salesforce NAME"),
        "{}",
        text(&made.stderr)
    );
    let next = run(folder.path(), &["-C", "my iga", "source", "new", "salesforce", "org"]);
    assert!(text(&next.stderr).contains("  connector -C 'my iga' test org"), "{}", text(&next.stderr));
    let entered = run(folder.path(), &["init", "other"]);
    assert!(text(&entered.stderr).contains("  cd other\n  connector source new"), "{}", text(&entered.stderr));
    let elsewhere = run(folder.path(), &["-C", "my iga", "--store", "other store.db", "runs"]);
    let next = "  connector -C 'my iga' --store 'other store.db' aggregate NAME";
    assert!(text(&elsewhere.stderr).contains(next), "{}", text(&elsewhere.stderr));
}
