//! Plans in one document: YAML and JSON.

use super::intake::Intake;
use super::item::{Items, secret_cure};
use super::operation::PlanOperation;
use super::words::meant_verb;
use crate::document::{Fault, Findings, Text, Tree, Unreadable, json, leaked_secrets, yaml};
use connector_core::{OperationKind, Problem, nearest};
use serde_json::{Map, Value};
use std::path::Path;

/// Larger than any handwritten plan. Programs can write NDJSON, which is read line by line.
pub(super) const LONGEST: u64 = 8 * 1024 * 1024;

pub(super) fn read_yaml(path: &Path, intake: &mut Intake<'_>) {
    read(path, intake, |text| Tree::parse(text.content(), text.mark_length()), yaml::value);
}

pub(super) fn read_json(path: &Path, intake: &mut Intake<'_>) {
    read(path, intake, json::tree, json::value);
}

fn read(
    path: &Path,
    intake: &mut Intake<'_>,
    places: fn(&Text) -> Tree,
    parse: fn(&mut Findings<'_>) -> Option<Value>,
) {
    let text = match Text::read_up_to(path, LONGEST) {
        Ok(text) => text,
        Err(cause) => return intake.problem(unreadable(cause, path)),
    };
    let tree = places(&text);
    let mut findings = Findings::new(&text, &tree);
    let mut read = Vec::new();
    match parse(&mut findings) {
        Some(value) => read = operations(&mut findings, &value, intake),
        None => leaked_secrets::in_lines(&mut findings),
    }
    intake.problems(findings.finish());
    for operation in read {
        intake.operation(operation);
    }
}

/// The problem of a plan that can't be read.
pub(super) fn unreadable(mut cause: Unreadable, path: &Path) -> Problem {
    match cause.rule {
        "unreadable_file" if cause.missing => {
            cause.help = Some("check the path; it is relative to the current folder, or to that of `-C`".into());
        }
        "file_too_large" => {
            cause.help =
                Some("write large plans as NDJSON (one operation per line) or CSV: these have no size limit".into());
        }
        _ => {}
    }
    cause.at(path)
}

fn operations(findings: &mut Findings<'_>, value: &Value, intake: &mut Intake<'_>) -> Vec<Option<PlanOperation>> {
    let mut known_faults = leaked_secrets::in_values(findings, &secret_cure);
    let (items, pointer) = match value {
        Value::Null => return Vec::new(),
        Value::Array(items) => (items, ""),
        Value::Object(members) => match listed(findings, members) {
            Some((items, pointer)) => (items, pointer),
            None => return Vec::new(),
        },
        _ => {
            let span = findings.beginning();
            findings.add(span, Fault::new("not_a_plan", "the file is not a plan", "expected a list", BEGIN));
            return Vec::new();
        }
    };
    if items.is_empty() {
        let fault = Fault::new(
            "empty_plan",
            "the plan has no operations",
            "the list is empty",
            "write at least one operation, such as `disable: {account: …}`",
        );
        findings.at_key(pointer, fault);
    }
    let commands = intake.commands;
    let mut check = Items { commands, findings, known_faults: &mut known_faults, created: intake.created() };
    items.iter().enumerate().map(|(index, item)| check.item(item, &format!("{pointer}/{index}"))).collect()
}

const BEGIN: &str = "begin with `operations:` and write each operation below it, such as `- disable: {account: …}`";

/// The list under `operations`, and its pointer.
fn listed<'a>(findings: &mut Findings<'_>, members: &'a Map<String, Value>) -> Option<(&'a Vec<Value>, &'static str)> {
    let operations = members.get("operations");
    for key in members.keys().filter(|key| *key != "operations") {
        findings.at_key(&crate::document::joined("", key), beside_operations(key, members));
    }
    match operations {
        Some(Value::Array(items)) => Some((items, "/operations")),
        Some(Value::Null) => {
            let help = "write each operation below it, such as `- disable: {account: …}`";
            findings.at_key(
                "/operations",
                Fault::new("empty_plan", "the plan has no operations", "nothing below it", help),
            );
            None
        }
        Some(Value::Object(_)) => {
            let help = "begin each operation with `- `, such as `- disable: {account: …}`";
            let title = "`operations` must be a list, not a block";
            findings.at_key("/operations", Fault::new("wrong_type", title, "expected a list", help));
            None
        }
        Some(_) => {
            let fault = Fault::new("wrong_type", "`operations` must be a list", "expected a list", BEGIN);
            findings.at_value("/operations", fault);
            None
        }
        None if members.is_empty() => {
            findings
                .at_key("", Fault::new("empty_plan", "the plan has no operations", "`operations` belongs here", BEGIN));
            None
        }
        // Each key of the file gets a report with a suggestion.
        None => None,
    }
}

/// A key at the top of the file that is not `operations`.
fn beside_operations(key: &str, members: &Map<String, Value>) -> Fault {
    let there = members.contains_key("operations");
    let meant = nearest(key, ["operations"]).is_some() || ["plan", "steps", "actions", "changes"].contains(&key);
    let is_verb = OperationKind::from_name(key).is_some() || !meant && meant_verb(key, false).is_some();
    let help = match key {
        "operations" => String::new(),
        "connector" | "auth" | "settings" if members.contains_key("connector") => {
            "this looks like a source file; a plan begins with `operations:`".to_owned()
        }
        _ if is_verb => format!("make it an item of the list: write `operations:` and below it `- {key}: …`"),
        _ if meant && !there => "did you mean `operations`?".to_owned(),
        _ => "a plan holds only `operations`: remove the key, or make it a comment with `#`".to_owned(),
    };
    Fault {
        rule: "unknown_key",
        title: format!("unknown key `{key}` in the plan"),
        detail: "unknown key".to_owned(),
        help: Some(help),
        secret: false,
    }
}
