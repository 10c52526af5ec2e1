//! Reads `findings.yaml`.

use super::super::findings_file::FindingsSettings;
use super::super::schema;
use super::mapping;
use crate::document::{Block, Fault, Findings, Problems, Text, Tree, leaked_secrets};
use std::path::Path;

/// Reads `findings.yaml`. Without that file, everything has its default.
pub(in super::super) fn findings_settings(path: &Path) -> Result<FindingsSettings, Problems> {
    let text = match Text::read(path) {
        Ok(text) => text,
        Err(unreadable) if unreadable.missing => return Ok(FindingsSettings::default()),
        Err(unreadable) => return Err(Problems(vec![unreadable.at(path)])),
    };
    // A file with nothing but comments is valid.
    if text.content().lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(FindingsSettings::default());
    }
    let tree = Tree::parse(text.content(), text.mark_length());
    let mut findings = Findings::new(&text, &tree);
    let settings = checked(&mut findings);
    let problems = findings.finish();
    match settings {
        Some(settings) if problems.is_empty() => Ok(settings),
        _ => Err(Problems(problems)),
    }
}

fn checked(findings: &mut Findings<'_>) -> Option<FindingsSettings> {
    let Some(value) = mapping::value(findings, &mapping::THE_FINDINGS) else {
        leaked_secrets::in_lines(findings);
        return None;
    };
    let known_faults = leaked_secrets::in_values(findings, &leaked_secrets::by_ref);
    let schema = schema::findings_schema();
    let block = Block {
        pointer: "",
        name: "the file",
        value: &value,
        schema: &schema,
        known_faults: &known_faults,
        homes: &[],
    };
    block.check(findings);
    // The schema can't say that a day is in the calendar.
    for (place, one) in value["accept"].as_array().into_iter().flatten().enumerate() {
        let Some(until) = one["until"].as_str().filter(|until| until.len() == "2027-01-31".len()) else { continue };
        if until.parse::<jiff::civil::Date>().is_err() {
            let title = format!("`{until}` is not a day");
            let fault = Fault::new("invalid_value", title, "not in the calendar", "write it as YYYY-MM-DD");
            findings.at_value(&format!("/accept/{place}/until"), fault);
        }
    }
    (!findings.any()).then_some(value).and_then(|value| findings.typed(&value, ""))
}
