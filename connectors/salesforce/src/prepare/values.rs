//! Values in the types that the org describes. A CSV file gives all of them as text.

use crate::api::description::FieldDescription;
use crate::api::ranges::RecordId;
use connector_core::nearest;
use connector_core::{Error, ErrorKind, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Number, Value};

/// The most values of a list that an error names.
const MAX_CHOICES_SHOWN: usize = 12;

/// A value as the field takes it. An empty text means no value.
pub(super) fn typed(field: &FieldDescription, value: &Value) -> Result<Value> {
    let kind = field.field_type.as_str();
    match value {
        Value::Null => Ok(Value::Null),
        Value::String(text) if text.trim().is_empty() => Ok(Value::Null),
        Value::Array(_) | Value::Object(_) => {
            Err(wrong(field, "takes one value, not a list or a map").with_help("write a single value"))
        }
        Value::Bool(given) if kind != "boolean" => {
            let help = format!("if you mean the text, put it in quotes: `\"{given}\"`");
            Err(wrong(field, &format!("takes {}, not true or false", takes(kind))).with_help(help))
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => plain(field, value),
    }
}

/// What a field of this type takes, for people.
fn takes(kind: &str) -> &'static str {
    match kind {
        "int" | "long" | "double" | "currency" | "percent" => "a number",
        "date" => "a date",
        "datetime" => "a date and time",
        "reference" | "id" => "an id",
        "email" => "an email address",
        _ => "text",
    }
}

fn plain(field: &FieldDescription, value: &Value) -> Result<Value> {
    let text = value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned());
    match field.field_type.as_str() {
        "boolean" => match text.to_lowercase().as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(wrong(field, "must be true or false").with_help("write `true` or `false`")),
        },
        "int" | "long" => text
            .parse::<i64>()
            .map(Value::from)
            .map_err(|_| wrong(field, "must be a whole number").with_help("write it like `12`")),
        "double" | "currency" | "percent" => text
            .parse::<f64>()
            .ok()
            .and_then(Number::from_f64)
            .map(Value::Number)
            .ok_or_else(|| wrong(field, "must be a number").with_help("write it like `12.5`")),
        "date" => text
            .parse::<Date>()
            .map(|date| Value::from(date.to_string()))
            .map_err(|_| wrong(field, "must be a date").with_help("write it like `2027-01-31`")),
        // As Salesforce writes it, so that the same moment is the same value.
        "datetime" => text
            .parse::<Timestamp>()
            .map(|moment| Value::from(moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string()))
            .map_err(|_| wrong(field, "must be a date and time").with_help("write it like `2027-01-31T08:00:00Z`")),
        "reference" | "id" => reference(field, &text),
        "picklist" if field.restricted_picklist => choice(field, &text).map(Value::from),
        "multipicklist" if field.restricted_picklist => {
            let chosen: Vec<_> = text.split(';').map(|one| choice(field, one.trim())).collect::<Result<_>>()?;
            // In the order of the list, as Salesforce keeps them.
            let in_order = field.choices().filter(|choice| chosen.contains(choice));
            Ok(Value::from(in_order.collect::<Vec<_>>().join(";")))
        }
        "email" if !is_email(&text) => {
            Err(wrong(field, "is not a valid email address").with_help("write it like `jane@acme.example`"))
        }
        // Salesforce keeps addresses in lowercase.
        "email" => short_enough(field, text.to_lowercase()).map(Value::from),
        _ => short_enough(field, text).map(Value::from),
    }
}

fn reference(field: &FieldDescription, text: &str) -> Result<Value> {
    match RecordId::read(text) {
        Some(id) => Ok(Value::from(id.as_str())),
        None => Err(wrong(field, &format!("must be an id of 15 or 18 characters, not `{text}`")).with_help(
            match field.name.as_str() {
                "ProfileId" => "to name the profile, write `Profile` instead of `ProfileId`",
                "UserRoleId" => "to name the role, write `Role` instead of `UserRoleId`",
                "ManagerId" => "to give the manager's username, write `Manager` instead of `ManagerId`",
                _ => "use the id of the record",
            },
        )),
    }
}

/// The value of the list in the org's spelling.
fn choice<'a>(field: &'a FieldDescription, text: &'a str) -> Result<&'a str> {
    let choices: Vec<_> = field.choices().collect();
    let exact = choices.iter().find(|choice| **choice == text);
    let found = exact.or_else(|| choices.iter().find(|choice| choice.eq_ignore_ascii_case(text)));
    match found {
        Some(found) => Ok(found),
        None if choices.is_empty() => Ok(text),
        None => {
            let help = match nearest(text, choices.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if choices.len() <= MAX_CHOICES_SHOWN => format!("use one of {}", choices.join(", ")),
                None => format!("use one of {}, …", choices[..MAX_CHOICES_SHOWN].join(", ")),
            };
            Err(wrong(field, &format!("has no value `{text}`")).with_help(help))
        }
    }
}

fn short_enough(field: &FieldDescription, text: String) -> Result<String> {
    let count = text.chars().count();
    if field.length == 0 || count <= field.length {
        return Ok(text);
    }
    let what = format!("is too long: it has {count} characters, and the field holds {}", field.length);
    Err(wrong(field, &what).with_help("shorten it"))
}

/// Whether a text has the form of an email address. It refuses only what certainly has not.
pub(super) fn is_email(text: &str) -> bool {
    let Some((before, after)) = text.rsplit_once('@') else { return false };
    !before.is_empty() && !before.contains('@') && !after.is_empty() && !text.contains(char::is_whitespace)
}

fn wrong(field: &FieldDescription, what: &str) -> Error {
    Error::new(ErrorKind::Invalid, format!("`{}` {what}", field.name))
}
