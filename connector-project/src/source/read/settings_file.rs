//! Reads a file of the whole project, where every setting has a default.

use super::mapping::{self, Wanted};
use crate::document::{Block, Findings, Problems, Text, Tree, leaked_secrets};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// Reads the file. Without it, everything has its default. `checked` makes the settings, or adds what is wrong.
pub(super) fn settings<T: Default>(
    path: &Path,
    checked: impl FnOnce(&mut Findings<'_>) -> Option<T>,
) -> Result<T, Problems> {
    let text = match Text::read(path) {
        Ok(text) => text,
        Err(unreadable) if unreadable.missing => return Ok(T::default()),
        Err(unreadable) => return Err(Problems(vec![unreadable.at(path)])),
    };
    // A file with nothing but comments is valid here.
    if text.content().lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(T::default());
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

/// The value of the whole file, held against a schema, and the places whose faults are known. `None` if it is not a mapping.
pub(super) fn whole(findings: &mut Findings<'_>, wanted: &Wanted, schema: &Value) -> Option<(Value, BTreeSet<String>)> {
    let Some(value) = mapping::value(findings, wanted) else {
        leaked_secrets::in_lines(findings);
        return None;
    };
    let known_faults = leaked_secrets::in_values(findings, &leaked_secrets::by_ref);
    let block = Block { pointer: "", name: "the file", value: &value, schema, known_faults: &known_faults, homes: &[] };
    block.check(findings);
    Some((value, known_faults))
}
