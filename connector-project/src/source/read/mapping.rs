//! Reads a file that consists of `key: value` lines.

use crate::document::{Fault, Findings, yaml};
use serde_json::Value;

/// What a file without any keys should have.
pub(super) struct Wanted {
    pub(super) first_key: &'static str,
    pub(super) first_value: &'static str,
    pub(super) help: &'static str,
}

/// A file that should be a source.
pub(super) const A_SOURCE: Wanted = Wanted {
    first_key: "connector",
    first_value: "NAME",
    help: "run `connector source new` to write a commented file",
};

/// The file with the settings of the project.
pub(super) const THE_SETTINGS: Wanted = Wanted {
    first_key: "store",
    first_value: ".connector/store.db",
    help: "remove the file, or keep only comments in it: every setting has a default",
};

/// The file that says which findings are accepted.
pub(super) const THE_FINDINGS: Wanted = Wanted {
    first_key: "accept",
    first_value: "[]",
    help: "remove the file, or keep only comments in it: everything has a default",
};

/// The mapping in the text.
///
/// If the text is not a mapping, reports that and returns `None`, because nothing else can be checked.
pub(super) fn value(findings: &mut Findings<'_>, wanted: &Wanted) -> Option<Value> {
    let Wanted { first_key, first_value, help } = wanted;
    let (span, fault) = match yaml::value(findings)? {
        Value::Object(object) => return Some(Value::Object(object)),
        Value::Null => {
            (0..0, Fault::new("empty_file", "the file is empty", &format!("expected at least `{first_key}:`"), help))
        }
        _ => {
            let title = "the file must consist of `key: value` lines";
            let help = format!("begin with a line such as `{first_key}: {first_value}`");
            (findings.beginning(), Fault::new("not_a_mapping", title, "expected a key and a colon", &help))
        }
    };
    findings.add(span, fault);
    None
}
