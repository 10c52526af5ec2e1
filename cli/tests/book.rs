//! Promise: the settings on a connector's page of the book are those of its types.
//!
//! `tests/run book` writes the pages again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod binary;

use binary::{run, said};
use connector_project::source::{Setting, outline};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

const BEGIN: &str = "<!-- Written by tests/run book, from the types. -->\n";
const END: &str = "<!-- End of what is written from the types. -->";

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/{name}.md"))
}

fn table(connector: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let shown = run(folder.path(), &["connectors", "show", connector, "--output", "json"]);
    assert!(shown.status.success(), "{}", said(&shown));
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let mut text = String::from("\n| setting | | meaning |\n| --- | --- | --- |\n");
    for one in outline(&shown["settings"]) {
        // A bar ends a cell, and what looks like a tag is one.
        let cell = |text: &str| text.replace('|', "\\|").replace('<', "&lt;");
        writeln!(text, "| `{}` | {} | {} |", cell(&one.key), cell(&notes(&one)), cell(&one.description)).unwrap();
    }
    text.push('\n');
    text
}

fn notes(one: &Setting) -> String {
    let notes = [
        one.required.then(|| "required".to_owned()),
        (!one.values.is_empty()).then(|| one.values.clone()),
        one.default.as_ref().map(|default| format!("default `{default}`")),
        one.same_as.as_ref().map(|same| format!("as `{same}`")),
    ];
    notes.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// The page of a connector as it should be.
fn current(name: &str, page: &str) -> String {
    let (before, rest) = page.split_once(BEGIN).unwrap_or_else(|| panic!("{name}: there is no place for the settings"));
    let (_, after) = rest.split_once(END).unwrap();
    format!("{before}{BEGIN}{}{END}{after}", table(name))
}

#[test]
fn the_settings_in_the_book_are_those_of_the_types() {
    let folder = tempfile::tempdir().unwrap();
    let all = run(folder.path(), &["connectors", "--output", "json"]);
    let all: Vec<Value> = serde_json::from_slice(&all.stdout).unwrap();
    assert!(!all.is_empty());
    for connector in all {
        let name = connector["name"].as_str().unwrap();
        let text = fs::read_to_string(page(name)).unwrap_or_else(|_| panic!("{name} has no page in the book"));
        let wanted = current(name, &text);
        if env::var_os("WRITE_THE_BOOK").is_some() {
            fs::write(page(name), &wanted).unwrap();
        } else {
            assert!(text == wanted, "docs/{name}.md is out of date; run `tests/run book`");
        }
    }
}
