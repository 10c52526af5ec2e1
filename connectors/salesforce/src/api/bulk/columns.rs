//! The columns of a result, and how a cell becomes the JSON that REST returns for the same value.

use crate::api::description::Description;
use crate::api::soql::Select;
use std::fmt::Write;

/// How the text of a cell becomes JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Flag,
    Number,
    Moment,
}

impl Kind {
    fn of(field_type: &str) -> Self {
        match field_type {
            "boolean" => Self::Flag,
            "int" | "long" | "double" | "currency" | "percent" => Self::Number,
            "datetime" => Self::Moment,
            _ => Self::Text,
        }
    }
}

/// A column.
#[derive(Clone, Debug)]
pub(crate) struct Column<'a> {
    /// As in the query and in the header, such as `Group.Type`.
    pub(crate) name: &'a str,
    /// The field of a parent.
    of_parent: Option<&'a str>,
    kind: Kind,
}

/// The columns of a query. Fields of parents are text.
pub(crate) fn of<'a>(select: &Select<'a>, description: &Description) -> Vec<Column<'a>> {
    let column = |name: &'a str| {
        let of_parent = name.split_once('.').map(|(_, field)| field);
        let field = if of_parent.is_none() { description.field(name) } else { None };
        Column { name, of_parent, kind: field.map_or(Kind::Text, |field| Kind::of(&field.field_type)) }
    };
    select.fields.iter().copied().map(column).collect()
}

impl Column<'_> {
    /// Appends a cell as JSON, and nothing for null. `Err` says what the cell is not.
    pub(crate) fn write(&self, cell: &str, json: &mut String) -> Result<(), &'static str> {
        if cell.is_empty() {
            return Ok(());
        }
        if let Some(field) = self.of_parent {
            json.push('{');
            quote(field, json);
            json.push(':');
        }
        match self.kind {
            Kind::Text => quote(cell, json),
            Kind::Flag if matches!(cell, "true" | "false") => json.push_str(cell),
            Kind::Flag => return Err("neither true nor false"),
            Kind::Number if cell.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => {
                json.push_str(cell);
            }
            Kind::Number => return Err("not a number"),
            Kind::Moment => match cell.strip_suffix('Z').or_else(|| cell.strip_suffix("+0000")) {
                // REST writes an offset.
                Some(moment) if moment.bytes().all(|byte| byte.is_ascii_digit() || b"-:T.".contains(&byte)) => {
                    json.push('"');
                    json.push_str(moment);
                    json.push_str("+0000\"");
                }
                _ => return Err("not a time"),
            },
        }
        if self.of_parent.is_some() {
            json.push('}');
        }
        Ok(())
    }
}

/// Appends text as JSON.
fn quote(text: &str, json: &mut String) {
    json.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        json.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => json.push_str("\\\""),
            b'\\' => json.push_str("\\\\"),
            b'\n' => json.push_str("\\n"),
            b'\r' => json.push_str("\\r"),
            b'\t' => json.push_str("\\t"),
            control => {
                // Writing to a text can't fail.
                let _ = write!(json, "\\u{control:04x}");
            }
        }
        rest = &rest[at + 1..];
    }
    json.push_str(rest);
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn column(name: &'static str, field_type: &str) -> Column<'static> {
        let description = json!({"name": "User", "fields": [{"name": name, "type": field_type}]});
        let select = Select { object: "User", fields: vec![name], filter: None };
        of(&select, &serde_json::from_value(description).unwrap()).remove(0)
    }

    fn written(name: &'static str, field_type: &str, cell: &str) -> Result<Value, &'static str> {
        let mut json = String::new();
        column(name, field_type).write(cell, &mut json)?;
        Ok(if json.is_empty() { Value::Null } else { serde_json::from_str(&json).unwrap() })
    }

    #[test]
    fn a_cell_becomes_what_rest_returns() {
        for (name, field_type, cell, value) in [
            ("IsActive", "boolean", "true", json!(true)),
            ("Cost__c", "double", "12.0", json!(12.0)),
            ("Cost__c", "currency", "1.6147805824397E13", json!(1.614_780_582_439_7e13)),
            ("NumberOfFailedLogins", "int", "3", json!(3)),
            ("EmployeeNumber", "string", "0042", json!("0042")),
            ("CreatedDate", "datetime", "2026-11-23T10:19:37.000Z", json!("2026-11-23T10:19:37.000+0000")),
            ("Start__c", "date", "2026-11-23", json!("2026-11-23")),
            ("Group.Type", "string", "Queue", json!({"Type": "Queue"})),
            ("Group.Type", "string", "", Value::Null),
            ("IsActive", "boolean", "", Value::Null),
        ] {
            assert_eq!(written(name, field_type, cell), Ok(value), "{name} {cell}");
        }
        for (field_type, cell) in
            [("boolean", "yes"), ("double", "many"), ("datetime", "yesterday"), ("datetime", "\"Z")]
        {
            assert!(written("X", field_type, cell).is_err(), "{cell}");
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_through(text in ".+") {
            prop_assert_eq!(written("Title", "string", &text), Ok(json!(text)));
        }
    }
}
