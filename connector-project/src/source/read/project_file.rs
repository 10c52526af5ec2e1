//! Reads `connector.yaml`.

use super::super::definition::ProjectSettings;
use super::super::schema;
use super::{mapping, refs, settings_file};
use crate::document::{Fault, Findings, Problems};
use std::path::{Path, PathBuf};

/// Reads `connector.yaml`. Without that file, everything has its default.
pub(in super::super) fn project_settings(path: &Path) -> Result<ProjectSettings, Problems> {
    settings_file::settings(path, checked_settings)
}

fn checked_settings(findings: &mut Findings<'_>) -> Option<ProjectSettings> {
    let (mut value, known_faults) = settings_file::whole(findings, &mapping::THE_SETTINGS, &schema::project_schema())?;
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
