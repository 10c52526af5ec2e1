//! Values of clients, as the source has them.

use super::super::fault::marked;
use super::super::places::{Shape, Slot};
use super::body::member;
use connector_core::{AttributeType, Error, Result};
use serde_json::{Number, Value};

/// A value for an attribute; null where it gets none. Some clients write switches and numbers as texts.
pub(super) fn fit(slot: &Slot, value: &Value) -> Result<Value> {
    if slot.shape == Shape::Email {
        return fit_one(slot, address(value));
    }
    if !slot.attribute.multi {
        return fit_one(slot, value);
    }
    let items = match value {
        Value::Null => return Ok(Value::Null),
        Value::Array(items) => items.iter().map(|item| fit_one(slot, item)).collect::<Result<Vec<_>>>()?,
        one => vec![fit_one(slot, one)?],
    };
    Ok(if items.is_empty() { Value::Null } else { items.into() })
}

/// The address of a list of addresses: that for work, or the primary one, or the first without a type. A private one is none.
fn address(value: &Value) -> &Value {
    let of_item = |item: &'_ Value| item.as_object().and_then(|object| member(object, "value")).is_some();
    let chosen = match value {
        Value::Array(items) => {
            let has = |item: &&Value, name: &str, wanted: &Value| {
                item.as_object().and_then(|object| member(object, name)) == Some(wanted)
            };
            let work = items.iter().find(|item| has(item, "type", &"work".into()));
            let primary = || items.iter().find(|item| has(item, "primary", &true.into()));
            let untyped =
                || items.iter().find(|item| item.as_object().is_none_or(|object| member(object, "type").is_none()));
            work.or_else(primary).or_else(untyped).unwrap_or(&Value::Null)
        }
        one => one,
    };
    match chosen {
        Value::Object(object) if of_item(chosen) => member(object, "value").unwrap_or(&Value::Null),
        Value::Object(_) => &Value::Null,
        text => text,
    }
}

fn fit_one(slot: &Slot, value: &Value) -> Result<Value> {
    let unfit = |wanted: &str| Err(unfit(slot, wanted));
    match (slot.attribute.attribute_type, value) {
        (_, Value::Null) => Ok(Value::Null),
        (AttributeType::Boolean, value) => switch(value).map_or_else(|| unfit("true or false"), |is| Ok(is.into())),
        (AttributeType::Integer, Value::Number(number)) if !number.is_f64() => Ok(value.clone()),
        (AttributeType::Integer, Value::String(text)) => {
            text.trim().parse::<i64>().map_or_else(|_| unfit("a whole number"), |number| Ok(number.into()))
        }
        (AttributeType::Integer, _) => unfit("a whole number"),
        (AttributeType::Number, Value::Number(_)) => Ok(value.clone()),
        (AttributeType::Number, Value::String(text)) => {
            let number = text.trim().parse().ok().and_then(Number::from_f64);
            number.map_or_else(|| unfit("a number"), |number| Ok(number.into()))
        }
        (AttributeType::Number, _) => unfit("a number"),
        (_, Value::String(_)) => Ok(value.clone()),
        (_, Value::Object(object)) if matches!(member(object, "value"), Some(Value::String(_))) => {
            Ok(member(object, "value").cloned().unwrap_or_default())
        }
        _ => unfit("a text"),
    }
}

/// True or false, also as clients write it.
pub(super) fn switch(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(is) => Some(*is),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn unfit(slot: &Slot, wanted: &str) -> Error {
    let each = if slot.attribute.multi { "each value of " } else { "" };
    marked("invalidValue", format!("{each}`{}` must be {wanted}", slot.name))
}
