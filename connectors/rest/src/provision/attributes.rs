//! Which attributes an update changes.

use super::sending::Changed;
use crate::system::System;
use connector_core::{Account, Error, Result};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The values that differ from those of the account, by the names of the attributes.
pub(super) fn wanted(
    system: &System,
    account: &Account,
    set: &Map<String, Value>,
    add: &BTreeMap<String, Vec<Value>>,
    remove: &BTreeMap<String, Vec<Value>>,
) -> Result<Changed> {
    let now = |name: &str| account.attributes.get::<Value>(name).unwrap_or(Value::Null);
    let mut changed = Map::new();
    for (name, value) in set {
        known(system, name)?;
        if now(name) != *value {
            changed.insert(name.clone(), value.clone());
        }
    }
    for name in add.keys().chain(remove.keys()) {
        known(system, name)?;
        let before = now(name);
        let mut values = before.as_array().cloned().unwrap_or_default();
        values.retain(|value| !remove.get(name).is_some_and(|gone| gone.contains(value)));
        for value in add.get(name).into_iter().flatten() {
            if !values.contains(value) {
                values.push(value.clone());
            }
        }
        if before.as_array().is_none_or(|before| *before != values) && !(before.is_null() && values.is_empty()) {
            changed.insert(name.clone(), Value::Array(values));
        }
    }
    Ok(changed)
}

fn known(system: &System, name: &str) -> Result<()> {
    if system.accounts.attributes.iter().any(|one| one.schema.name == name) {
        return Ok(());
    }
    Err(Error::invalid(format!("accounts have no attribute `{name}`"))
        .with_help("add it to `accounts.map.attributes` with `writable: always`"))
}
