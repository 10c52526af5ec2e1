//! A commented source file, built from the schemas of its connector and its grant type.

use super::caps::ProvisioningSettings;
use super::definition::AggregationSettings;
use super::limits::LimitSettings;
use super::schema;
use connector_core::registry::{self, AuthRegistration, ConnectorRegistration};
use connector_core::{Error, ErrorKind, HttpOptions, Result, SourceDraft};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const WIDTH: usize = 110;

/// A commented source file for a connector and a grant type. `filled` has values by key: `token_url`, `description`.
///
/// Required keys without a value get the value of the registration's example. All other keys are commented out. Without a
/// grant type, it uses the first one of the connector. Fails with kind `definition` for a grant type that the connector
/// does not accept, and for values without a matching key.
pub fn source_template(
    connector: &ConnectorRegistration,
    grant_type: Option<&str>,
    filled: &BTreeMap<String, String>,
) -> Result<String> {
    template(connector, grant_type, filled, None)
}

/// As [`source_template`], but what stands below `settings:` is drafted.
pub(super) fn drafted_template(
    connector: &ConnectorRegistration,
    grant_type: Option<&str>,
    filled: &BTreeMap<String, String>,
    draft: &SourceDraft,
) -> Result<String> {
    template(connector, grant_type, filled, Some(draft))
}

fn template(
    connector: &ConnectorRegistration,
    grant_type: Option<&str>,
    filled: &BTreeMap<String, String>,
    draft: Option<&SourceDraft>,
) -> Result<String> {
    let strategy = strategy(connector, grant_type)?;
    let mut unused: BTreeMap<&str, &str> = filled.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let mut text = String::from("# yaml-language-server: $schema=../schemas/source.schema.json\n");
    wrapped(&mut text, "", &format!("{}: {}", connector.title, connector.description));
    _ = writeln!(text, "connector: {}", connector.name);
    match unused.remove("description") {
        Some(description) => _ = writeln!(text, "description: {}", scalar(description)),
        None => text.push_str("# description: a description of this source, for people\n"),
    }
    let example: Value = serde_yaml::from_str(&connector.example).unwrap_or_default();
    if let Some(strategy) = strategy {
        let own: Value = serde_yaml::from_str(strategy.example).unwrap_or_default();
        let own = own.get("auth").cloned().unwrap_or(own);
        let example = [&example["auth"], &own];
        text.push_str("\nauth:\n");
        wrapped(&mut text, "  ", strategy.description);
        _ = writeln!(text, "  grant_type: {}", strategy.grant_type);
        let block = schema::auth_fields_schema(strategy);
        Fields { schema: &block, examples: &example, indent: "  ", written: "" }.write(&mut text, &mut unused);
    }
    let settings = schema::connector_schema(connector);
    if let Some(draft) = draft {
        text.push_str("\nsettings:\n");
        for line in draft.settings.lines() {
            let indent = if line.is_empty() { "" } else { "  " };
            _ = writeln!(text, "{indent}{line}");
        }
    } else if settings["properties"].as_object().is_some_and(|properties| !properties.is_empty()) {
        text.push_str("\n# The connector's own settings.\n");
        let written = &connector.example;
        let block = Fields { schema: &settings, examples: &[&example["settings"]], indent: "  ", written };
        headed(&mut text, "settings", &block, &mut unused);
    }
    let empty = Value::Null;
    let http = schema::block::<HttpOptions>();
    if strategy.is_some() {
        text.push_str("\n# HTTP options. They are the same for every connector that uses HTTP.\n");
        headed(
            &mut text,
            "http",
            &Fields { schema: &http, examples: &[&empty], indent: "  ", written: "" },
            &mut unused,
        );
    }
    for (title, name, schema, example) in [
        ("How to read the source into the store.", "aggregation", schema::block::<AggregationSettings>(), &empty),
        (
            "How much one plan may take away.",
            "provisioning",
            schema::block::<ProvisioningSettings>(),
            &json!({"max_disable": "10%", "max_revoke": "20%", "max_delete": "10%", "protected": [], "approval": "optional"}),
        ),
        (
            "How much of what the source allows Connector may use.",
            "limits",
            schema::block::<LimitSettings>(),
            &json!({"reserve": "10%", "requests_per_second": 20}),
        ),
    ] {
        _ = writeln!(text, "\n# {title}");
        headed(
            &mut text,
            name,
            &Fields { schema: &schema, examples: &[example], indent: "  ", written: "" },
            &mut unused,
        );
    }
    match unused.keys().next() {
        Some(key) => Err(Error::new(ErrorKind::Definition, format!("such a source has no key `{key}`"))
            .with_help(format!("run `connector schema {}` to see the keys", connector.name))),
        None => Ok(text),
    }
}

fn strategy(connector: &ConnectorRegistration, grant_type: Option<&str>) -> Result<Option<&'static AuthRegistration>> {
    let Some(wanted) = grant_type.or(connector.grant_types.first().copied()) else { return Ok(None) };
    let strategy = registry::auth_strategy(wanted)?;
    if !connector.grant_types.contains(&strategy.grant_type) {
        let message = format!("the connector `{}` does not accept the grant type `{wanted}`", connector.name);
        let help = match &*connector.grant_types {
            [] => "it accepts no grant type".to_owned(),
            accepted => format!("it accepts {}", accepted.join(", ")),
        };
        return Err(Error::new(ErrorKind::Definition, message).with_help(help));
    }
    Ok(Some(strategy))
}

/// Writes a block. A block without any set field is commented out as a whole.
fn headed(text: &mut String, name: &str, fields: &Fields<'_>, unused: &mut BTreeMap<&str, &str>) {
    let mut body = String::new();
    let sets_any = fields.write(&mut body, unused);
    _ = writeln!(text, "{}{name}:", if sets_any { "" } else { "# " });
    text.push_str(&body);
}

/// The fields of one block.
struct Fields<'a> {
    schema: &'a Value,
    examples: &'a [&'a Value],
    indent: &'a str,
    /// A source file with `settings:`, whose lines are shown where a value has several of them.
    written: &'a str,
}

impl Fields<'_> {
    /// Writes the required fields first. Returns whether any field is set.
    fn write(&self, text: &mut String, unused: &mut BTreeMap<&str, &str>) -> bool {
        let required: Vec<_> =
            self.schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut fields: Vec<_> = self.schema["properties"].as_object().into_iter().flatten().collect();
        fields.sort_by_key(|(name, _)| !required.contains(&name.as_str()));
        let mut sets_any = false;
        for (name, field) in fields {
            let given = unused.remove(name.as_str());
            if let Some(description) = field["description"].as_str() {
                wrapped(text, self.indent, description);
            }
            let example = self.examples.iter().map(|example| &example[name]).find(|value| !value.is_null());
            let is_set = given.is_some() || required.contains(&name.as_str());
            let comment = if is_set { "" } else { "# " };
            sets_any |= is_set;
            let lines = lines_of(self.written, name);
            if given.is_none() && lines.len() > 1 {
                for line in lines {
                    _ = writeln!(text, "{}{comment}{line}", self.indent);
                }
                continue;
            }
            let value = given.map_or_else(|| shown(name, field, example), |given| typed(field, given));
            _ = writeln!(text, "{}{comment}{name}: {value}", self.indent);
        }
        sets_any
    }
}

/// The lines of a setting in a source file, as its author wrote them.
fn lines_of<'a>(written: &'a str, name: &str) -> Vec<&'a str> {
    let settings = written.lines().skip_while(|line| *line != "settings:").skip(1);
    let mut lines = settings.take_while(|line| line.starts_with("  ")).filter_map(|line| line.strip_prefix("  "));
    let Some(first) = lines.find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'))) else {
        return Vec::new();
    };
    std::iter::once(first).chain(lines.take_while(|line| line.starts_with(' '))).collect()
}

/// The placeholder for a field until the user writes a value.
fn shown(name: &str, field: &Value, example: Option<&Value>) -> String {
    let known = example.or_else(|| field.get("default").filter(|default| !default.is_null()));
    let forms = || std::iter::once(field).chain(field["anyOf"].as_array().into_iter().flatten());
    let members = forms().find_map(|form| form["properties"].as_object());
    match known {
        Some(Value::String(text)) => scalar(text),
        Some(Value::Object(members)) => {
            let members = members.iter().map(|(key, value)| match value {
                Value::String(text) => format!("{key}: {}", scalar(text)),
                // JSON is YAML in flow style.
                value => format!("{key}: {value}"),
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        Some(value) => value.to_string(),
        None if field["enum"].is_array() => field["enum"][0].as_str().map(scalar).unwrap_or_default(),
        None if name.ends_with("_ref") => "env:NAME".to_owned(),
        None => match members {
            Some(members) => {
                format!("{{{}}}", members.keys().map(|key| format!("{key}: …")).collect::<Vec<_>>().join(", "))
            }
            None => "…".to_owned(),
        },
    }
}

/// Converts a value from text to the field's type.
fn typed(field: &Value, given: &str) -> String {
    let takes_text = match &field["type"] {
        Value::String(name) => name == "string",
        Value::Array(names) => names.iter().any(|name| name == "string"),
        // References and choices are text in every schema so far, unless the value is JSON.
        _ => !given.starts_with(['{', '[']),
    };
    if takes_text { scalar(given) } else { given.to_owned() }
}

/// A text as a YAML scalar, in quotes if YAML would read it as something else.
pub(super) fn scalar(text: &str) -> String {
    let value = serde_yaml::from_str::<Value>(text);
    let is_plain = value.is_ok_and(|value| value == Value::String(text.to_owned()))
        && !text.contains(['#', '\n', '"', '\''])
        && !text.contains(": ")
        && !text.starts_with(['[', '{', '&', '*', '!', '|', '>', '@', '`', '?', '-', ',', '%']);
    // A JSON string is also a YAML string in double quotes.
    if is_plain { text.to_owned() } else { Value::from(text).to_string() }
}

/// Writes a comment, wrapped.
fn wrapped(text: &mut String, indent: &str, comment: &str) {
    for paragraph in comment.split("\n\n") {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.len() + word.len() + indent.len() > WIDTH {
                _ = writeln!(text, "{indent}# {line}");
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        if !line.is_empty() {
            _ = writeln!(text, "{indent}# {line}");
        }
    }
}
