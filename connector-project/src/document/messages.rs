//! The messages for each way in which a value can violate its schema.

use super::findings::{Fault, Findings};
use super::leaked_secrets::is_secret_name;
use super::tree::Content;
use connector_core::{Percentage, TimeSpan, nearest};
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;

/// A required key that is missing.
pub(crate) fn missing(name: &str, block: &str, description: Option<String>) -> Fault {
    Fault {
        rule: "missing_key",
        title: format!("`{name}` is missing from {block}"),
        detail: format!("`{name}` belongs here"),
        help: Some(match description {
            Some(description) => format!("add `{name}: …`: {description}"),
            None => format!("add `{name}: …`"),
        }),
        secret: false,
    }
}

/// A value that is not one of the allowed values.
pub(crate) fn not_allowed(key: &str, options: &[&Value], found: &Value) -> Fault {
    let words: Vec<_> = options.iter().filter(|option| !option.is_null()).map(|option| shown(option)).collect();
    let guess = found.as_str().and_then(|found| nearest(found, words.iter().map(String::as_str)));
    Fault {
        rule: "not_allowed",
        title: match found.as_str() {
            // Grant types and the like: a text this short is neither a key nor a password.
            Some(found) if found.len() <= 24 && !is_secret_name(key) => format!("`{key}` can't be `{found}`"),
            _ => format!("`{key}` has an unknown value"),
        },
        detail: format!("expected {}", one_of(&words)),
        help: guess.map(|guess| format!("did you mean `{guess}`?")),
        secret: false,
    }
}

pub(crate) fn broken_schema(name: &str, cause: &str) -> Fault {
    Fault {
        rule: "broken_schema",
        title: format!("the schema of {name} is invalid: {cause}"),
        detail: "Connector can't check this".into(),
        help: Some("report this to the author of the connector: the file is not the cause".into()),
        secret: false,
    }
}

pub(crate) fn wrong_form(key: &str, words: String) -> Fault {
    Fault {
        rule: "wrong_form",
        title: format!("`{key}` has the wrong format"),
        detail: words,
        help: None,
        secret: false,
    }
}

pub(crate) fn wrong_type(
    findings: &Findings<'_>,
    pointer: &str,
    key: &str,
    wanted: &[&'static str],
    found: &Value,
) -> Fault {
    let expected = wanted.iter().filter(|name| **name != "null").map(|name| in_words(name)).collect::<Vec<_>>();
    let wants = |name| wanted.contains(&name);
    let plain = findings.tree.value(pointer).and_then(|node| match &node.content {
        Content::Scalar { text, quoted: false } => Some(text.as_str()),
        _ => None,
    });
    let help = match found {
        Value::Null => Some("write a value, or remove the key if it is optional".to_owned()),
        Value::Number(_) | Value::Bool(_) if wants("string") && !wants("array") => {
            match plain.filter(|text| text.len() <= 40) {
                Some(text) if !pointer.starts_with("/auth") && !key.contains(' ') => {
                    Some(format!("put it in quotes: `{key}: \"{text}\"`"))
                }
                _ => Some("put it in quotes".to_owned()),
            }
        }
        Value::String(text) if wants("boolean") => match text.to_lowercase().as_str() {
            "yes" | "on" | "y" | "true" => Some(format!("write `{key}: true`")),
            "no" | "off" | "n" | "false" => Some(format!("write `{key}: false`")),
            _ => Some("write `true` or `false`".to_owned()),
        },
        Value::String(text) if (wants("integer") || wants("number")) && text.parse::<f64>().is_ok() => {
            Some("remove the quotes and any leading zeros".to_owned())
        }
        Value::String(_) if wants("object") => Some(format!("write `{key}:` and indent its entries below it")),
        _ => None,
    };
    let title = if found.is_null() {
        format!("`{key}` is empty")
    } else {
        format!("`{key}` must be {}, not {}", expected.join(" or "), kind_in_words(found))
    };
    Fault { rule: "wrong_type", title, detail: format!("expected {}", expected.join(" or ")), help, secret: false }
}

pub(crate) fn out_of_bounds(key: &str, kind: &ValidationErrorKind, error: &ValidationError<'_>) -> Fault {
    let expected = match kind {
        ValidationErrorKind::Minimum { limit } => format!("at least {limit}"),
        ValidationErrorKind::Maximum { limit } => format!("at most {limit}"),
        ValidationErrorKind::ExclusiveMinimum { limit } => format!("more than {limit}"),
        ValidationErrorKind::ExclusiveMaximum { limit } => format!("less than {limit}"),
        ValidationErrorKind::MinLength { limit: 1 } => "non-empty text".to_owned(),
        ValidationErrorKind::MinLength { limit } => format!("at least {limit} characters long"),
        ValidationErrorKind::MaxLength { limit } => format!("at most {limit} characters long"),
        ValidationErrorKind::MinItems { limit } => format!("at least {limit} items"),
        ValidationErrorKind::MaxItems { limit } => format!("at most {limit} items"),
        ValidationErrorKind::UniqueItems => "a list without duplicates".to_owned(),
        _ => {
            return Fault {
                rule: "invalid_value",
                title: format!("`{key}` is not valid"),
                detail: error.masked().to_string(),
                ..Fault::default()
            };
        }
    };
    Fault {
        rule: "out_of_bounds",
        title: format!("`{key}` must be {expected}"),
        detail: format!("expected {expected}"),
        ..Fault::default()
    }
}

pub(crate) fn wanted_types(kind: &TypeKind) -> Vec<&'static str> {
    const NAMES: [&str; 7] = ["null", "boolean", "integer", "number", "string", "array", "object"];
    match kind {
        TypeKind::Single(one) => NAMES.into_iter().filter(|name| *name == one.to_string()).collect(),
        TypeKind::Multiple(set) => {
            let wanted: Vec<_> = set.iter().map(|one| one.to_string()).collect();
            NAMES.into_iter().filter(|name| wanted.iter().any(|one| one == name)).collect()
        }
    }
}

fn in_words(type_name: &str) -> &'static str {
    match type_name {
        "boolean" => "`true` or `false`",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "text",
        "array" => "a list",
        "object" => "a block of `key: value` lines",
        _ => "nothing",
    }
}

fn kind_in_words(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "`true` or `false`",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a block",
    }
}

/// What a well-known pattern expects.
pub(crate) struct KnownForm {
    pub(crate) words: String,
    /// The unit that people forget after a number.
    pub(crate) unit: &'static str,
}

/// The readable form of a pattern in the contract. A field's own description says only what the field is for.
pub(crate) fn known_form(pattern: &str) -> Option<KnownForm> {
    [(described::<TimeSpan>(), "s"), (described::<Percentage>(), "%")]
        .into_iter()
        .find(|(schema, _)| schema["pattern"] == pattern)
        .and_then(|(schema, unit)| Some(KnownForm { words: first_sentence(&schema)?, unit }))
}

fn described<T: JsonSchema>() -> Value {
    Value::from(T::json_schema(&mut SchemaGenerator::default()))
}

/// The first paragraph of a description, without a period at its end.
pub(crate) fn first_sentence(schema: &Value) -> Option<String> {
    let description = schema.get("description")?.as_str()?;
    let paragraph = description.split("\n\n").next().unwrap_or(description).replace('\n', " ");
    Some(paragraph.trim().trim_end_matches('.').to_owned())
}

pub(crate) fn lower_first(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn one_of(words: &[String]) -> String {
    match words {
        [only] => format!("`{only}`"),
        [most @ .., last] => {
            format!("one of {} or `{last}`", most.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "))
        }
        [] => "nothing".to_owned(),
    }
}
