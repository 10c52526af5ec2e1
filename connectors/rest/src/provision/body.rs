//! The body of an operation.

use super::sending::{Changed, Sending};
use crate::api::undone;
use crate::expression::{Vars, put};
use crate::system::{Edit, System};
use connector_core::{Error, Result};
use serde_json::{Map, Value};

/// The body to send; `None` if there is none. `base` is what the system has now.
pub(super) fn body(system: &System, sending: &Sending<'_>, base: Option<Value>) -> Result<Option<Value>> {
    let request = sending.request;
    let vars = sending.vars(system);
    let own = match &request.body {
        Some(body) => body.json(&vars).map_err(|fault| undone("`body`", &fault))?,
        None => None,
    };
    let mut all = match (base, own) {
        (Some(mut base), Some(own)) => {
            merge(&mut base, own);
            Some(base)
        }
        (base, own) => base.or(own),
    };
    if let Some(place) = &request.attributes
        && !sending.attributes.is_empty()
    {
        let mut inside = all.unwrap_or_else(|| Value::Object(Map::new()));
        put_attributes(system, &mut inside, place, &sending.attributes)?;
        all = Some(inside);
    }
    if sends_edits(sending) {
        edit(&mut all, sending, &vars)?;
    }
    Ok(all)
}

/// Whether the edited object is the body.
fn sends_edits(sending: &Sending<'_>) -> bool {
    sending.request.read.as_ref().is_none_or(|read| read.send_back)
}

/// What was read, with a value added or removed.
pub(super) fn edited(system: &System, sending: &Sending<'_>, base: Value) -> Result<Value> {
    let mut all = Some(base);
    edit(&mut all, sending, &sending.vars(system))?;
    Ok(all.unwrap_or_default())
}

fn edit(all: &mut Option<Value>, sending: &Sending<'_>, vars: &Vars<'_>) -> Result<()> {
    if let Some(edit) = &sending.request.add {
        list_of(all, edit, vars, |list, value| {
            if !list.iter().any(|one| matches(one, &value)) {
                list.push(value);
            }
        })?;
    }
    if let Some(edit) = &sending.request.remove {
        list_of(all, edit, vars, |list, value| list.retain(|one| !matches(one, &value)))?;
    }
    Ok(())
}

/// Puts each attribute at its place.
fn put_attributes(system: &System, body: &mut Value, place: &str, attributes: &Changed) -> Result<()> {
    for (name, value) in attributes {
        let known = system.accounts.attributes.iter().find(|one| one.schema.name == *name);
        let write = known.map(|one| one.write.as_str()).ok_or_else(|| {
            Error::invalid(format!("accounts have no attribute `{name}`"))
                .with_help("add it to `accounts.map.attributes` with `writable: on_create` or `always`")
        })?;
        put(body, &format!("{place}{write}"), value.clone());
    }
    Ok(())
}

/// Puts the members of one object over those of another.
fn merge(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (name, value) in over {
                merge(base.entry(name).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}

/// A list is changed only where it is: one that is missing is no empty list.
fn list_of(
    body: &mut Option<Value>,
    edit: &Edit,
    vars: &Vars<'_>,
    change: impl FnOnce(&mut Vec<Value>, Value),
) -> Result<()> {
    let value = edit.value.json(vars).map_err(|fault| undone("`value`", &fault))?;
    let value = value.ok_or_else(|| Error::protocol("the value for the list is missing"))?;
    match body.as_mut().and_then(|body| body.pointer_mut(&edit.list)) {
        Some(Value::Array(list)) => {
            change(list, value);
            Ok(())
        }
        _ => Err(Error::protocol(format!("what the system has now shows no list at `{}`", edit.list))
            .with_help("nothing was sent, so that no members are lost; check `read` and the list in the settings")),
    }
}

/// Whether a value of a list is the one that is meant: an object names the members that must be equal.
fn matches(one: &Value, wanted: &Value) -> bool {
    match (one, wanted) {
        (Value::Object(one), Value::Object(wanted)) => {
            wanted.iter().all(|(name, value)| one.get(name).is_some_and(|has| matches(has, value)))
        }
        (Value::Number(number), Value::String(text)) | (Value::String(text), Value::Number(number)) => {
            number.to_string() == *text
        }
        (one, wanted) => one == wanted,
    }
}
