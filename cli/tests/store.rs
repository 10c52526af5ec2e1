//! The store as a file that other programs use, too.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod binary;

use binary::{command, run, said};
use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Stdio};
use tempfile::TempDir;

const STORE: &str = ".connector/store.db";

/// A project with a store and a source that was never read.
fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["init"][..],
        &["source", "new", "salesforce", "org"],
        &["cert", "new", "org"],
        &["provision", "org", "--resume"],
    ] {
        let output = run(folder.path(), arguments);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    }
    folder
}

/// A command that needs to write to a store which another program holds, and the first line that it said.
fn waiting(folder: &Path) -> (Connection, Child, BufReader<impl Read + use<>>, String) {
    let other = Connection::open(folder.join(STORE)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut child = command(folder, &["provision", "org", "--resume"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut first = String::new();
    while !first.contains(STORE) {
        assert_ne!(stderr.read_line(&mut first).unwrap(), 0, "{first}");
    }
    (other, child, stderr, first)
}

#[test]
fn a_store_that_another_program_holds_is_named_and_the_command_goes_on_when_it_is_free() {
    let folder = project();
    let (other, mut child, mut stderr, first) = waiting(folder.path());
    assert!(first.contains("warning: another program"), "{first}");
    other.execute_batch("ROLLBACK").unwrap();
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert!(child.wait().unwrap().success() && rest.contains("no interrupted plan"), "{rest}");
}

#[test]
fn ctrl_c_ends_the_wait_for_a_store_that_another_program_holds() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let folder = project();
        let (_other, mut child, mut stderr, _) = waiting(folder.path());
        kill_process(Pid::from_child(&child), signal).unwrap();
        let mut rest = String::new();
        stderr.read_to_string(&mut rest).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{rest}");
        assert!(rest.contains("stopped while another program held the store"), "{rest}");
    }
}

#[test]
fn a_store_is_checked_for_people_and_for_programs() {
    let folder = project();
    let sound = run(folder.path(), &["store", "check"]);
    assert!(sound.status.success() && said(&sound).contains("has no problems"), "{}", said(&sound));
    let json_of = |code: i32| {
        let output = run(folder.path(), &["store", "check", "--output", "json"]);
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let checked = json_of(0);
    assert_eq!((&checked["ok"], &checked["problems"]), (&json!(true), &json!([])));
    assert!(checked["store"].as_str().unwrap().ends_with(STORE), "{checked}");

    let store = Connection::open(folder.path().join(STORE)).unwrap();
    store.execute_batch("PRAGMA foreign_keys = OFF; INSERT INTO warnings (run, text) VALUES (7, 'x')").unwrap();
    let checked = json_of(1);
    assert_eq!((&checked["ok"], &checked["problems"][0]["rule"]), (&json!(false), &json!("reference")));
    let shown = run(folder.path(), &["store", "check"]);
    assert_eq!(shown.status.code(), Some(1));
    for part in ["`warnings`", "1 problem", "keep a copy"] {
        assert!(said(&shown).contains(part), "{part}: {}", said(&shown));
    }

    fs::write(folder.path().join("other.db"), "this is no store, but long enough to look at".repeat(100)).unwrap();
    for (store, part) in [("other.db", "damaged or is not a store"), ("missing.db", "does not exist")] {
        let refused = run(folder.path(), &["store", "check", "--store", store]);
        assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
        assert!(said(&refused).contains(part), "{}", said(&refused));
    }
    assert!(!folder.path().join("missing.db").exists());
}
