//! Checks a block against its schema, and explains each violation.

use super::findings::{Fault, Findings};
use super::messages::{
    broken_schema, first_sentence, known_form, lower_first, missing, not_allowed, out_of_bounds, wanted_types,
    wrong_form, wrong_type,
};
use super::tree::joined;
use connector_core::nearest;
use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;
use std::collections::BTreeSet;

/// A block with more unknown keys than this is probably a different kind of file. More reports would not help.
const MOST_UNKNOWN_KEYS: usize = 100;

/// A block of a file with the schema that it must match.
#[derive(Debug)]
pub(crate) struct Block<'a> {
    /// The JSON pointer of the block in the file.
    pub(crate) pointer: &'a str,
    /// The name of the block: `auth`, `settings`, `the file`.
    pub(crate) name: &'a str,
    /// Its value.
    pub(crate) value: &'a Value,
    /// Its schema.
    pub(crate) schema: &'a Value,
    /// Values that already have a problem.
    pub(crate) known_faults: &'a BTreeSet<String>,
    /// The other blocks of the file and their keys.
    pub(crate) homes: &'a [Home],
}

/// A block and its keys, to find the right block for a misplaced key.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) block: &'static str,
    pub(crate) keys: Vec<String>,
}

impl Home {
    pub(crate) fn new(block: &'static str, schema: &Value) -> Self {
        let keys = schema["properties"].as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect();
        Self { block, keys }
    }
}

impl Block<'_> {
    /// Adds every violation of the schema.
    pub(crate) fn check(&self, findings: &mut Findings<'_>) {
        let validator = match jsonschema::draft202012::new(self.schema) {
            Ok(validator) => validator,
            Err(error) => return findings.at_key(self.pointer, broken_schema(self.name, &error.masked().to_string())),
        };
        self.check_by(&validator, findings);
    }

    /// Adds every violation, with a validator that was built from the schema earlier.
    pub(crate) fn check_by(&self, validator: &Validator, findings: &mut Findings<'_>) {
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
                for name in unexpected.iter().take(MOST_UNKNOWN_KEYS) {
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
                let misspelled = near_miss.filter(|key| properties.is_some_and(|known| known.get(*key).is_none()));
                // A misspelled key is one fault: the report on the unknown key suggests this name.
                if misspelled.is_none() {
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
            // The check of refs reports an invalid ref, with its own help.
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

    /// If a value can have several forms, reports against the form that was probably meant.
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
            _ if name == "<<" => Some("merge keys are not supported; copy the fields here".into()),
            Some(guess) if siblings.get(guess).is_some() => {
                Some(format!("remove this key: the block already has `{guess}`"))
            }
            Some(guess) => Some(format!("did you mean `{guess}`?")),
            None if home.is_some() => home.map(|home| format!("move it under `{}:` and indent it", home.block)),
            None if known.is_empty() => Some(format!("{block} has no keys")),
            None => Some(format!("known keys: {}", known.join(", "))),
        };
        Fault {
            rule: "unknown_key",
            title: format!("unknown key `{name}` in {block}"),
            detail: "unknown key".into(),
            help,
            secret: false,
        }
    }

    /// The name of the value at a pointer inside this block: its key, or its position in a list.
    fn called(&self, inner: &str) -> String {
        let Some((parent, last)) = inner.rsplit_once('/') else {
            return self.pointer.trim_start_matches('/').to_owned();
        };
        match (self.value.pointer(parent), last.parse::<usize>()) {
            (Some(Value::Array(_)), Ok(index)) => format!("item {} of {}", index + 1, self.called(parent)),
            _ => last.to_owned(),
        }
    }

    /// The name of the block at a pointer.
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
