//! The entries for text that nobody trusts.
//!
//! Each takes any bytes and must return: no panic, no stack overflow, no memory without bound. The fuzzer in `tests/fuzz` calls
//! them, and so does the test of this crate, with the corpus in `tests/fuzz/corpus` and mutations of it.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a fault of the test's own files ends the test"
)]

use connector_core::Attributes;
use connector_engine::query::Filter;
use connector_keys::{Certificate, KeyAndChain, PrivateKey, pem_from_der};
use connector_project::plan;
use connector_project::source::{Project, masked_text};
use connector_salesforce as _;
use connector_salesforce::entries;
use secrecy::SecretString;
use std::fs;

/// An entry and its name, which is that of its corpus and of its fuzz target.
pub type Entry = (&'static str, fn(&[u8]));

/// All entries.
pub const ENTRIES: [Entry; 9] = [
    ("source", source),
    ("plan_yaml", plan_yaml),
    ("plan_lines", plan_lines),
    ("plan_csv", plan_csv),
    ("condition", condition),
    ("soql", soql),
    ("page", page),
    ("xml", xml),
    ("key", key),
];

/// A source file, and what is shown of it.
pub fn source(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sources")).unwrap();
    fs::write(folder.path().join("sources/a.yaml"), bytes).unwrap();
    let problems = Project::at(folder.path()).check("a");
    let text = String::from_utf8_lossy(bytes);
    assert_eq!(masked_text(&text).len(), text.len(), "positions stay valid");
    for problem in problems {
        assert!(problem.place.line > 0 && problem.place.span.start <= problem.place.span.end);
        assert!(problem.place.span.end <= bytes.len().max(1), "{problem:?}");
    }
}

/// A plan in YAML, and the same text as JSON.
pub fn plan_yaml(bytes: &[u8]) {
    read_plan(bytes, "yaml");
    read_plan(bytes, "json");
}

/// A plan with an operation on each line.
pub fn plan_lines(bytes: &[u8]) {
    read_plan(bytes, "ndjson");
}

/// A plan with an operation in each row.
pub fn plan_csv(bytes: &[u8]) {
    read_plan(bytes, "csv");
}

fn read_plan(bytes: &[u8], ending: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan").with_extension(ending);
    fs::write(&path, bytes).unwrap();
    let mut commands = 0;
    let read = plan::read(&path, &mut |operation| {
        commands += usize::from(operation.change.password().is_some_and(|reference| reference.scheme() == "command"));
    });
    assert!(read.is_err() || commands == 0, "a plan runs no program");
}

/// What `--where` takes.
pub fn condition(bytes: &[u8]) {
    drop(Filter::parse(&String::from_utf8_lossy(bytes), &["email", "Title"]));
}

/// A text in a query of the source.
pub fn soql(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let literal = entries::quoted(&text);
    let inside = literal.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).expect("a literal has quotes");
    let mut characters = inside.chars();
    while let Some(c) = characters.next() {
        assert!(c != '\'' && !matches!(c, '\n' | '\r'), "{literal}");
        if c == '\\' {
            assert!(characters.next().is_some(), "{literal}");
        }
    }
}

/// The response to a query or a failed request, the results of a query job, and the attributes of a record.
pub fn page(bytes: &[u8]) {
    entries::page(bytes);
    entries::results(bytes);
    entries::refusal(bytes);
    if let Ok(attributes) = Attributes::parse(String::from_utf8_lossy(bytes).into_owned()) {
        assert!(!attributes.as_str().is_empty());
    }
}

/// The response of the Metadata API.
pub fn xml(bytes: &[u8]) {
    entries::xml(&String::from_utf8_lossy(bytes));
}

/// A key, a certificate or a PKCS#12 file.
pub fn key(bytes: &[u8]) {
    let text = SecretString::from(String::from_utf8_lossy(bytes).into_owned());
    let password = SecretString::from("password");
    drop(PrivateKey::from_pem(&text, None));
    drop(PrivateKey::from_pem(&text, Some(&password)));
    drop(Certificate::from_pem(&String::from_utf8_lossy(bytes)));
    drop(KeyAndChain::from_pkcs12(&text, Some(&password), None));
    drop(pem_from_der(bytes));
}
