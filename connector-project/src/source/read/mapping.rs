//! The value of a file that consists of `key: value` lines.

use crate::document::{Fault, Findings, yaml};
use serde_json::Value;

/// The mapping that the text is.
///
/// When it is none, says so and gives nothing: there is nothing to check further.
pub(super) fn value(findings: &mut Findings<'_>) -> Option<Value> {
    let (span, rule, title, detail, help) = match yaml::value(findings)? {
        Value::Object(object) => return Some(Value::Object(object)),
        Value::Null => (
            0..0,
            "empty_file",
            "the file is empty",
            "at least `connector:` must be there",
            "`connector source new` writes a commented one",
        ),
        _ => (
            findings.beginning(),
            "not_a_mapping",
            "the file does not consist of `key: value` lines",
            "expected a key and a colon",
            "begin with a line such as `connector: NAME`",
        ),
    };
    let fault = Fault { rule, title: title.into(), detail: detail.into(), help: Some(help.into()), secret: false };
    findings.add(span, fault);
    None
}
