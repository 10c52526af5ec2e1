//! Plans with one operation per line: NDJSON.

use super::intake::Intake;
use super::item::{Items, secret_cure};
use super::pieces::{LONGEST_PIECE, open};
use super::yaml_json::unreadable;
use crate::document::{Fault, Findings, Start, Text, Unreadable, json, leaked_secrets};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

pub(super) fn read(path: &Path, intake: &mut Intake<'_>) {
    if let Err(cause) = read_lines(path, intake) {
        intake.problem(unreadable(Unreadable::because(path, &cause), path));
    }
}

fn read_lines(path: &Path, intake: &mut Intake<'_>) -> std::io::Result<()> {
    let mut file = BufReader::new(open(path)?);
    let mut start = Start::default();
    loop {
        let mut line = Vec::new();
        let read = file.by_ref().take(LONGEST_PIECE as u64).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        let is_cut = read == LONGEST_PIECE && line.last() != Some(&b'\n');
        while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            line.pop();
        }
        if is_cut {
            intake.problem(too_long(path, start));
            return Ok(());
        }
        let goes_on = match Text::part(path, line, start) {
            Ok(text) => text.content().trim().is_empty() || read_line(&text, intake),
            // After one line that is not UTF-8, the rest is not, either.
            Err(cause) => {
                intake.problem(unreadable(cause, path));
                false
            }
        };
        if !goes_on {
            return Ok(());
        }
        start.lines += 1;
        start.bytes += read;
    }
}

/// Reads the operation of a line. Returns whether reading further makes sense.
fn read_line(text: &Text, intake: &mut Intake<'_>) -> bool {
    let tree = json::tree(text);
    let mut findings = Findings::new(text, &tree);
    let content = text.content().trim();
    let begins = text.content().len() - text.content().trim_start().len() + text.mark_length();
    // The first line of a document with several lines.
    if matches!(content, "[" | "{" | "[{") {
        findings.add(begins..begins + content.len(), several_lines());
        intake.problems(findings.finish());
        return false;
    }
    let mut operation = None;
    match json::value(&mut findings) {
        None => leaked_secrets::in_lines(&mut findings),
        Some(Value::Object(members)) if members.contains_key("operations") => {
            findings.at_key("/operations", whole_document());
        }
        Some(Value::Array(_)) => findings.at_value("", whole_document()),
        Some(item) => {
            let mut known_faults = leaked_secrets::in_values(&mut findings, &secret_cure);
            let commands = intake.commands;
            let mut items =
                Items { commands, findings: &mut findings, known_faults: &mut known_faults, created: intake.created() };
            operation = items.item(&item, "");
        }
    }
    intake.problems(findings.finish());
    intake.operation(operation);
    true
}

fn several_lines() -> Fault {
    Fault {
        rule: "several_lines",
        title: "one value spans several lines".to_owned(),
        detail: "expected a complete operation on each line".to_owned(),
        help: Some("write each operation on its own line, or rename the file to `.json`".to_owned()),
        secret: false,
    }
}

fn whole_document() -> Fault {
    Fault {
        rule: "whole_document",
        title: "a list of operations on one line".to_owned(),
        detail: "expected one operation".to_owned(),
        help: Some("write each operation on its own line, or rename the file to `.json`".to_owned()),
        secret: false,
    }
}

fn too_long(path: &Path, start: Start) -> connector_core::Problem {
    let mut problem = crate::document::at_start(
        path.to_owned(),
        "line_too_long",
        format!("the line has more than {LONGEST_PIECE} bytes"),
        Some("write each operation on its own line".to_owned()),
    );
    problem.place.line += start.lines;
    problem.place.span = start.bytes..start.bytes;
    problem
}
