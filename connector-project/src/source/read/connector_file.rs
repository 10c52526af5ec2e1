//! Reads one connector file.

use super::super::catalog::Catalog;
use super::super::{meaning, schema};
use super::source::{add_fault, not_openable, unknown};
use super::{mapping, refs};
use crate::document::{Block, Fault, Findings, Problems, Text, Tree, broken_schema, leaked_secrets, missing};
use connector_core::registry::{self, ConnectorFormat, ConnectorRegistration};
use serde_json::Value;
use std::path::Path;

const A_CONNECTOR: mapping::Wanted = mapping::Wanted {
    first_key: "format",
    first_value: "NAME",
    help: "`connector connectors` lists the formats of this program",
};

/// The connector `name` that a file defines, with a hash of what the file says; or all problems of its text.
pub(super) fn connector_file(
    path: &Path,
    name: &str,
    others: &Catalog,
) -> Result<(ConnectorRegistration, String), Problems> {
    let text = Text::read(path).map_err(|unreadable| Problems(vec![unreadable.at(path)]))?;
    let tree = Tree::parse(text.content(), text.mark_length());
    let mut findings = Findings::new(&text, &tree);
    let made = checked(&mut findings, name, others);
    let problems = findings.finish();
    made.filter(|_| problems.is_empty()).ok_or(Problems(problems))
}

fn checked(findings: &mut Findings<'_>, name: &str, others: &Catalog) -> Option<(ConnectorRegistration, String)> {
    check_name(findings, name, others);
    let Some(value) = mapping::value(findings, &A_CONNECTOR) else {
        leaked_secrets::in_lines(findings);
        return None;
    };
    let known_faults = leaked_secrets::in_values(findings, &leaked_secrets::by_ref);
    let format = format(findings, &value)?;
    let mut fields = value.as_object().cloned().unwrap_or_default();
    fields.shift_remove("format");
    let schema = schema::connector_fields_schema(format);
    // A URL with a value of the source in it is known only there, so its format checks it.
    let is_fixed = |(_, value): &(&String, &Value)| !value.as_str().is_some_and(|text| text.contains('{'));
    let fixed = fields.iter().filter(is_fixed).map(|(key, value)| (key.clone(), value.clone())).collect();
    refs::check_urls(findings, &fixed, &schema, "", true);
    let fields = Value::Object(fields);
    let block = Block {
        pointer: "",
        name: "the file",
        value: &fields,
        schema: &schema,
        known_faults: &known_faults,
        homes: &[],
    };
    block.check(findings);
    refs::check_refs(findings, &fields, "", &known_faults);
    if findings.any() {
        return None;
    }
    match (format.check)(fields.clone()) {
        Ok(faults) => faults.into_iter().for_each(|fault| add_fault(findings, "", fault)),
        Err(error) => findings.at_key("", not_openable(&error)),
    }
    if findings.any() {
        return None;
    }
    match (format.load)(fields, name) {
        Ok(mut made) => {
            made.name = name.to_owned().into();
            if let Err(error) = jsonschema::draft202012::new(&schema::connector_schema(&made)) {
                findings.at_key("", broken_schema("`settings`", &error.masked().to_string()));
            }
            Some((made, meaning::hash_of(&value)))
        }
        Err(error) => {
            findings.at_key("", not_openable(&error));
            None
        }
    }
}

/// The name of a connector stands in source files, and names its schema beside those of grant types and files.
fn check_name(findings: &mut Findings<'_>, name: &str, others: &Catalog) {
    let is_valid = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let taken = match others.find(name) {
        _ if !is_valid => {
            let title = format!("the file name `{name}` is not a valid connector name");
            let help = "rename the file: use lowercase letters, digits and `_`, and begin with a letter";
            return findings.add(0..0, Fault::new("connector_name", title, "", help));
        }
        Some(other) => match &other.file {
            Some(file) => format!("the file `{}` already defines the connector `{name}`", file.display()),
            None => format!("this program already has a connector `{name}`"),
        },
        None if schema::is_reserved(name) => format!("the name `{name}` already belongs to a grant type or schema"),
        None => return,
    };
    findings
        .add(0..0, Fault::new("connector_name", taken, "", "rename this file; its name is the name of the connector"));
}

fn format(findings: &mut Findings<'_>, value: &Value) -> Option<&'static ConnectorFormat> {
    let all = registry::connector_formats();
    let known: Vec<_> = all.iter().map(|one| one.name).collect();
    match &value["format"] {
        Value::String(name) => {
            let found = all.iter().copied().find(|one| one.name == name);
            if found.is_none() {
                findings.at_value("/format", unknown("unknown_format", "format", name, &known));
            }
            found
        }
        Value::Null if value.get("format").is_none() && value.get("connector").is_some() => {
            let title = "this is a source file, not a connector file";
            let help = "move the file to `sources/`; a connector file begins with `format:`";
            findings.at_key("/connector", Fault::new("source_file", title, "only source files have this key", help));
            None
        }
        Value::Null if value.get("format").is_none() => {
            findings.at_key("", missing("format", "the file", Some(words(&known))));
            None
        }
        _ => {
            let (title, detail) = ("`format` must be text", format!("expected {}", words(&known)));
            findings.at_value("/format", Fault { rule: "wrong_type", title: title.into(), detail, ..Fault::default() });
            None
        }
    }
}

fn words(known: &[&str]) -> String {
    if known.is_empty() { "this build has no format".to_owned() } else { known.join(" or ") }
}
