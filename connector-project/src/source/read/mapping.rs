//! Reads a file that consists of `key: value` lines.

use crate::document::{Fault, Findings, yaml};
use serde_json::Value;

/// The mapping in the text.
///
/// If the text is not a mapping, reports that and returns `None`, because nothing else can be checked.
pub(super) fn value(findings: &mut Findings<'_>) -> Option<Value> {
    let (span, rule, title, detail, help) = match yaml::value(findings)? {
        Value::Object(object) => return Some(Value::Object(object)),
        Value::Null => (
            0..0,
            "empty_file",
            "the file is empty",
            "expected at least `connector:`",
            "run `connector source new` to write a commented file",
        ),
        _ => (
            findings.beginning(),
            "not_a_mapping",
            "the file must consist of `key: value` lines",
            "expected a key and a colon",
            "begin with a line such as `connector: NAME`",
        ),
    };
    let fault = Fault { rule, title: title.into(), detail: detail.into(), help: Some(help.into()), secret: false };
    findings.add(span, fault);
    None
}
