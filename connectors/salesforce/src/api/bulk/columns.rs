//! The columns of a result, and how a cell becomes the JSON that REST returns for the same value.

use crate::api::description::Description;
use crate::api::record::Cell;
use crate::api::soql::Select;
use serde_json::value::RawValue;

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

impl<'a> Column<'a> {
    /// The value of a cell; an empty one is null. `Err` says what the cell is not.
    pub(crate) fn read<'r>(&self, cell: &'r str) -> Result<Cell<'r>, &'static str>
    where
        'a: 'r,
    {
        if cell.is_empty() {
            return Ok(Cell::Null);
        }
        if let Some(field) = self.of_parent {
            return Ok(Cell::OfParent(field, cell));
        }
        match self.kind {
            Kind::Text => Ok(Cell::Text(cell.into())),
            Kind::Flag if cell == "true" => Ok(Cell::Json(RawValue::TRUE)),
            Kind::Flag if cell == "false" => Ok(Cell::Json(RawValue::FALSE)),
            Kind::Flag => Err("neither true nor false"),
            Kind::Number if cell.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => {
                serde_json::from_str(cell).map(Cell::Json).map_err(|_| "not a number")
            }
            Kind::Number => Err("not a number"),
            Kind::Moment => match cell.strip_suffix('Z').or_else(|| cell.strip_suffix("+0000")) {
                // REST writes an offset.
                Some(moment) if moment.bytes().all(|byte| byte.is_ascii_digit() || b"-:T.".contains(&byte)) => {
                    Ok(Cell::Text(format!("{moment}+0000").into()))
                }
                _ => Err("not a time"),
            },
        }
    }
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
        let column = column(name, field_type);
        let json = column.read(cell)?.json().into_owned();
        Ok(serde_json::from_str(&json).unwrap())
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
