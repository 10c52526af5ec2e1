//! Reads `connector.yaml`.

use super::super::definition::ProjectSettings;
use super::super::schema;
use super::{mapping, refs};
use crate::document::{Block, Fault, Findings, Problems, Text, Tree, leaked_secrets};
use std::path::{Path, PathBuf};

/// Reads `connector.yaml`. Without that file, everything has its default.
pub(in super::super) fn project_settings(path: &Path) -> Result<ProjectSettings, Problems> {
    let text = match Text::read(path) {
        Ok(text) => text,
        Err(unreadable) if unreadable.missing => return Ok(ProjectSettings::default()),
        Err(unreadable) => return Err(Problems(vec![unreadable.at(path)])),
    };
    let tree = Tree::parse(text.content(), text.mark_length());
    // A file with nothing but comments is valid here.
    if text.content().lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(ProjectSettings::default());
    }
    let mut findings = Findings::new(&text, &tree);
    let settings = checked_settings(&mut findings);
    let problems = findings.finish();
    match settings {
        Some(settings) if problems.is_empty() => Ok(settings),
        _ => Err(Problems(problems)),
    }
}

fn checked_settings(findings: &mut Findings<'_>) -> Option<ProjectSettings> {
    let Some(mut value) = mapping::value(findings, &mapping::THE_SETTINGS) else {
        leaked_secrets::in_lines(findings);
        return None;
    };
    let known_faults = leaked_secrets::in_values(findings, &leaked_secrets::by_ref);
    let schema = schema::project_schema();
    let block = Block {
        pointer: "",
        name: "the file",
        value: &value,
        schema: &schema,
        known_faults: &known_faults,
        homes: &[],
    };
    block.check(findings);
    refs::check_proxy(findings, &value["http"]);
    refs::check_schedule(findings, &value["aggregation"]);
    refs::check_time_zone(findings, &value["time_zone"]);
    refs::check_refs(findings, &value["http"], "/http", &known_faults);
    if let Some(Err(message)) = value["store"].as_str().map(store_file) {
        let help = Some("write a path, or `sqlite:PATH`".to_owned());
        let detail = "expected a path".to_owned();
        findings.at_value("/store", Fault { rule: "unsupported_store", title: message, detail, help, secret: false });
    }
    let problems = findings.any();
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, member| !member.is_null());
    }
    (!problems).then_some(value).and_then(|value| findings.typed(&value, ""))
}

/// The path of a store, if this build supports its kind.
pub(in super::super) fn store_file(location: &str) -> Result<PathBuf, String> {
    match location.split_once(':') {
        Some(("sqlite", path)) => match path.strip_prefix("//").unwrap_or(path) {
            "" => Err("the path of the store is missing".to_owned()),
            // Each command opens the store, so it would begin empty each time.
            ":memory:" => Err("the store must be a file: a store in memory ends with each command".to_owned()),
            path => Ok(path.into()),
        },
        Some(("", "memory:")) => Err("the store must be a file: a store in memory ends with each command".to_owned()),
        // A ref, not a store: SQLite would take it as a URL.
        Some(("file", _)) => Err("a store is written without `file:`".to_owned()),
        Some((scheme, rest)) if rest.starts_with("//") => {
            Err(format!("this version does not support `{scheme}` stores"))
        }
        _ => Ok(location.into()),
    }
}
