//! Checks a block against its schema, and says what is wrong in words.

use super::findings::{Fault, Findings};
use super::literals::is_secret_name;
use super::nearest::nearest;
use super::tree::{Content, joined};
use connector_core::{Percentage, TimeSpan};
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;
use std::collections::BTreeSet;

/// A block of a file with the schema it must have.
#[derive(Debug)]
pub(super) struct Block<'a> {
    /// The JSON pointer of the block in the file.
    pub(super) pointer: &'a str,
    /// What the block is called: `auth`, `settings`, `the file`.
    pub(super) name: &'a str,
    /// Its value.
    pub(super) value: &'a Value,
    /// Its schema.
    pub(super) schema: &'a Value,
    /// Values that have been complained about.
    pub(super) known_faults: &'a BTreeSet<String>,
    /// The other blocks of the file and the keys they know.
    pub(super) homes: &'a [Home],
}

/// A block and the keys it knows, for keys that ended up in another one.
#[derive(Debug)]
pub(super) struct Home {
    pub(super) block: &'static str,
    pub(super) keys: Vec<String>,
}

impl Home {
    pub(super) fn new(block: &'static str, schema: &Value) -> Self {
        let keys = schema["properties"].as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect();
        Self { block, keys }
    }
}

impl Block<'_> {
    /// Adds every violation of the schema.
    pub(super) fn check(&self, findings: &mut Findings<'_>) {
        let validator = match jsonschema::draft202012::new(self.schema) {
            Ok(validator) => validator,
            Err(error) => return findings.at_key(self.pointer, broken_schema(self.name, &error.masked().to_string())),
        };
        self.report_all(&validator, findings);
    }

    fn report_all(&self, validator: &Validator, findings: &mut Findings<'_>) {
        for error in validator.iter_errors(self.value) {
            self.report(&error, findings);
        }
    }

    fn report(&self, error: &ValidationError<'_>, findings: &mut Findings<'_>) {
        let inner = error.instance_path().as_str();
        let pointer = format!("{}{inner}", self.pointer);
        if self.known_faults.contains(&pointer) {
            return;
        }
        let at_fault = self.value.pointer(inner).unwrap_or(&Value::Null);
        let called = self.called(inner);
        let key = called.as_str();
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                for name in unexpected {
                    let unknown = joined(&pointer, name);
                    if !self.known_faults.contains(&unknown) {
                        let fault = self.unknown_key(error, name, at_fault, &self.block_name(&pointer));
                        findings.at_key(&unknown, fault);
                    }
                }
            }
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                let near_miss = nearest(name, at_fault.as_object().into_iter().flatten().map(|(key, _)| key.as_str()));
                let properties = self.parent_of(error).and_then(|parent| parent.get("properties"));
                let misspelt = near_miss.filter(|key| properties.is_some_and(|known| known.get(*key).is_none()));
                // A misspelt key is one fault: it is reported as unknown, with this name as what was meant.
                if misspelt.is_none() {
                    let description = properties.and_then(|known| known.get(name)).and_then(first_sentence);
                    findings.at_key(&pointer, missing(name, &self.block_name(&pointer), description));
                }
            }
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                self.report_branches(context, &pointer, key, at_fault, findings);
            }
            ValidationErrorKind::Type { kind } => {
                let known_form = self.parent_of(error).and_then(|part| part["pattern"].as_str()).and_then(known_form);
                let mut fault = wrong_type(findings, &pointer, key, &wanted_types(kind), at_fault);
                if let (Some(form), Value::Number(number)) = (known_form, at_fault) {
                    fault.detail = format!("expected {}", lower_first(&form.words));
                    fault.help = Some(format!("write the unit too: `{key}: {number}{}`", form.unit));
                }
                findings.at_value(&pointer, fault);
            }
            // A ref that is none is reported with the cure for refs.
            ValidationErrorKind::Pattern { .. } if pointer.ends_with("_ref") => {}
            ValidationErrorKind::Pattern { pattern } => {
                let words = match known_form(pattern) {
                    Some(form) => format!("expected {}", lower_first(&form.words)),
                    None => self
                        .parent_of(error)
                        .and_then(first_sentence)
                        .unwrap_or_else(|| format!("expected text that matches {pattern}")),
                };
                findings.at_value(&pointer, wrong_form(key, words));
            }
            ValidationErrorKind::Enum { options } => {
                let options: Vec<_> = options.as_array().into_iter().flatten().collect();
                findings.at_value(&pointer, not_allowed(key, &options, at_fault));
            }
            ValidationErrorKind::Constant { expected_value } => {
                findings.at_value(&pointer, not_allowed(key, &[expected_value], at_fault));
            }
            kind => findings.at_value(&pointer, out_of_bounds(key, kind, error)),
        }
    }

    /// Of several possible forms, reports against the one that was meant.
    fn report_branches(
        &self,
        branches: &[Vec<ValidationError<'static>>],
        pointer: &str,
        key: &str,
        at_fault: &Value,
        findings: &mut Findings<'_>,
    ) {
        let here =
            |error: &ValidationError<'_>| format!("{}{}", self.pointer, error.instance_path().as_str()) == pointer;
        let mut options = Vec::new();
        let mut forms = Vec::new();
        let mut types = Vec::new();
        for errors in branches {
            let at_top: Vec<_> = errors.iter().filter(|error| here(error)).map(ValidationError::kind).collect();
            let values = at_top.iter().find_map(|kind| match kind {
                ValidationErrorKind::Constant { expected_value } => Some(vec![expected_value.as_ref()]),
                ValidationErrorKind::Enum { options } => Some(options.as_array().into_iter().flatten().collect()),
                _ => None,
            });
            let wanted = at_top.iter().find_map(|kind| match kind {
                ValidationErrorKind::Type { kind } => Some(wanted_types(kind)),
                _ => None,
            });
            match (values, wanted) {
                (Some(values), _) => options.extend(values),
                (None, Some(wanted)) => types.extend(wanted),
                (None, None) => forms.push(errors),
            }
        }
        let meant = forms.into_iter().min_by_key(|errors| {
            let other_variant = errors.iter().any(|error| {
                matches!(error.kind(), ValidationErrorKind::Constant { .. } | ValidationErrorKind::Enum { .. })
            });
            (other_variant, errors.len())
        });
        match meant {
            Some(errors) => errors.iter().for_each(|error| self.report(error, findings)),
            None if !options.is_empty() => findings.at_value(pointer, not_allowed(key, &options, at_fault)),
            None => {
                types.retain(|name| *name != "null");
                let fault = wrong_type(findings, pointer, key, &types, at_fault);
                findings.at_value(pointer, fault);
            }
        }
    }

    fn unknown_key(&self, error: &ValidationError<'_>, name: &str, siblings: &Value, block: &str) -> Fault {
        let properties = self.parent_of(error).and_then(|parent| parent.get("properties")).and_then(Value::as_object);
        let known: Vec<_> = properties.into_iter().flatten().map(|(key, _)| key.as_str()).collect();
        let free = known.iter().copied().filter(|key| siblings.get(*key).is_none());
        let guess = nearest(name, free).or_else(|| nearest(name, known.iter().copied()));
        let home = self
            .homes
            .iter()
            .find(|home| home.block != self.pointer.trim_start_matches('/') && home.keys.iter().any(|key| key == name));
        let help = match guess {
            _ if name == "<<" => Some("merge keys are not supported: write the fields out".into()),
            Some(guess) if siblings.get(guess).is_some() => {
                Some(format!("`{guess}` is there already: remove this one"))
            }
            Some(guess) => Some(format!("did you mean `{guess}`?")),
            None if home.is_some() => home.map(|home| format!("it belongs under `{}:`, indented", home.block)),
            None if known.is_empty() => Some(format!("{block} takes no keys")),
            None => Some(format!("known here: {}", known.join(", "))),
        };
        Fault {
            rule: "unknown_key",
            title: format!("unknown key `{name}` in {block}"),
            detail: "not known here".into(),
            help,
            secret: false,
        }
    }

    /// What the value at a pointer inside this block is called: its key, or its place in a list.
    fn called(&self, inner: &str) -> String {
        let Some((parent, last)) = inner.rsplit_once('/') else {
            return self.pointer.trim_start_matches('/').to_owned();
        };
        match (self.value.pointer(parent), last.parse::<usize>()) {
            (Some(Value::Array(_)), Ok(index)) => format!("item {} of {}", index + 1, self.called(parent)),
            _ => last.to_owned(),
        }
    }

    /// What the block at a pointer is called.
    fn block_name(&self, pointer: &str) -> String {
        match pointer.rsplit('/').next() {
            Some(key) if pointer != self.pointer => format!("`{key}`"),
            _ => self.name.to_owned(),
        }
    }

    /// The part of the schema that holds the rule.
    fn parent_of(&self, error: &ValidationError<'_>) -> Option<&Value> {
        let (parent, _) = error.schema_path().as_str().rsplit_once('/')?;
        self.schema.pointer(parent)
    }
}

/// A key that must be there and is not.
pub(super) fn missing(name: &str, block: &str, description: Option<String>) -> Fault {
    Fault {
        rule: "missing_key",
        title: format!("`{name}` is missing in {block}"),
        detail: format!("`{name}` belongs here"),
        help: Some(match description {
            Some(description) => format!("add `{name}: …`: {description}"),
            None => format!("add `{name}: …`"),
        }),
        secret: false,
    }
}

/// A value that is none of the known ones.
pub(super) fn not_allowed(key: &str, options: &[&Value], found: &Value) -> Fault {
    let words: Vec<_> = options.iter().filter(|option| !option.is_null()).map(|option| shown(option)).collect();
    let guess = found.as_str().and_then(|found| nearest(found, words.iter().map(String::as_str)));
    Fault {
        rule: "not_allowed",
        title: match found.as_str() {
            // Grant types and the like: a text of this length is no key or password.
            Some(found) if found.len() <= 24 && !is_secret_name(key) => format!("`{key}` can't be `{found}`"),
            _ => format!("`{key}` has a value that is not known"),
        },
        detail: format!("expected {}", one_of(&words)),
        help: guess.map(|guess| format!("did you mean `{guess}`?")),
        secret: false,
    }
}

fn broken_schema(name: &str, cause: &str) -> Fault {
    Fault {
        rule: "broken_schema",
        title: format!("the schema of {name} is broken: {cause}"),
        detail: "cannot be checked".into(),
        help: Some("this is a fault of the connector, not of the file".into()),
        secret: false,
    }
}

fn wrong_form(key: &str, words: String) -> Fault {
    Fault {
        rule: "wrong_form",
        title: format!("`{key}` is not written as it must be"),
        detail: words,
        help: None,
        secret: false,
    }
}

fn wrong_type(findings: &Findings<'_>, pointer: &str, key: &str, wanted: &[&'static str], found: &Value) -> Fault {
    let expected = wanted.iter().filter(|name| **name != "null").map(|name| in_words(name)).collect::<Vec<_>>();
    let wants = |name| wanted.contains(&name);
    let plain = findings.tree.value(pointer).and_then(|node| match &node.content {
        Content::Scalar { text, quoted: false } => Some(text.as_str()),
        _ => None,
    });
    let help = match found {
        Value::Null => Some("write a value, or remove the key where it is optional".to_owned()),
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
            Some("leave the quotes out, and any zeros in front".to_owned())
        }
        Value::String(_) if wants("object") => Some(format!("write `{key}:` and the entries below it, indented")),
        _ => None,
    };
    let title = if found.is_null() {
        format!("`{key}` is empty")
    } else {
        format!("`{key}` must be {}, not {}", expected.join(" or "), kind_in_words(found))
    };
    Fault { rule: "wrong_type", title, detail: format!("expected {}", expected.join(" or ")), help, secret: false }
}

fn out_of_bounds(key: &str, kind: &ValidationErrorKind, error: &ValidationError<'_>) -> Fault {
    let expected = match kind {
        ValidationErrorKind::Minimum { limit } => format!("at least {limit}"),
        ValidationErrorKind::Maximum { limit } => format!("at most {limit}"),
        ValidationErrorKind::ExclusiveMinimum { limit } => format!("more than {limit}"),
        ValidationErrorKind::ExclusiveMaximum { limit } => format!("less than {limit}"),
        ValidationErrorKind::MinLength { limit: 1 } => "a text that is not empty".to_owned(),
        ValidationErrorKind::MinLength { limit } => format!("at least {limit} characters"),
        ValidationErrorKind::MaxLength { limit } => format!("at most {limit} characters"),
        ValidationErrorKind::MinItems { limit } => format!("at least {limit} items"),
        ValidationErrorKind::MaxItems { limit } => format!("at most {limit} items"),
        ValidationErrorKind::UniqueItems => "each item only once".to_owned(),
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

fn wanted_types(kind: &TypeKind) -> Vec<&'static str> {
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

/// What a well-known pattern asks for.
struct KnownForm {
    words: String,
    /// What is forgotten behind a bare number.
    unit: &'static str,
}

/// The form behind a pattern of the contract; the description of its field says what it is for, not how to write it.
fn known_form(pattern: &str) -> Option<KnownForm> {
    [(described::<TimeSpan>(), "s"), (described::<Percentage>(), "%")]
        .into_iter()
        .find(|(schema, _)| schema["pattern"] == pattern)
        .and_then(|(schema, unit)| Some(KnownForm { words: first_sentence(&schema)?, unit }))
}

fn described<T: JsonSchema>() -> Value {
    Value::from(T::json_schema(&mut SchemaGenerator::default()))
}

/// The first line of a description, without a full stop at its end.
pub(super) fn first_sentence(schema: &Value) -> Option<String> {
    let description = schema.get("description")?.as_str()?;
    let paragraph = description.split("\n\n").next().unwrap_or(description).replace('\n', " ");
    Some(paragraph.trim().trim_end_matches('.').to_owned())
}

fn lower_first(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

pub(super) fn one_of(words: &[String]) -> String {
    match words {
        [only] => format!("`{only}`"),
        [most @ .., last] => {
            format!("one of {} or `{last}`", most.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "))
        }
        [] => "nothing".to_owned(),
    }
}
