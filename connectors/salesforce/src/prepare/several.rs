//! Adding and removing values of attributes that hold several.

use crate::api::description::Description;
use connector_core::{Account, Change, Error, ErrorKind, Result, SecretRef};
use serde_json::{Map, Value};

/// The type of the fields that hold several values; Salesforce takes them as one text, with `;` between.
const SEVERAL: &str = "multipicklist";

/// An update as values to set. Salesforce has no request that adds or removes a value, so what is added to and removed
/// from is the value that the user has now.
pub(super) fn as_set(user: &Description, account: &Account, change: &Change<SecretRef>) -> Result<Map<String, Value>> {
    let Change::Update { set, add, remove, .. } = change else { return Ok(Map::new()) };
    let mut set = set.clone();
    for name in add.keys().chain(remove.keys()) {
        let field = user.field(name);
        if field.is_some_and(|field| field.field_type != SEVERAL) {
            let message = format!("`{name}` holds one value, so none can be added to it or removed from it");
            return Err(Error::new(ErrorKind::Unsupported, message).with_help("use `set`"));
        }
        if set.contains_key(name) && add.contains_key(name) != remove.contains_key(name) {
            let message = format!("`{name}` is set, and changed by `add` or `remove` as well");
            return Err(Error::new(ErrorKind::Invalid, message).with_help("keep one of them"));
        }
        let field = field.map_or(name.as_str(), |field| &field.name);
        let now: Option<String> = account.attributes.get(field);
        let mut values: Vec<String> =
            now.iter().flat_map(|now| now.split(';')).filter(|one| !one.is_empty()).map(str::to_owned).collect();
        let texts = |values: Option<&Vec<Value>>| values.into_iter().flatten().map(text).collect::<Vec<_>>();
        let removed = texts(remove.get(name));
        values.retain(|value| !removed.contains(value));
        for value in texts(add.get(name)) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        set.insert(name.clone(), Value::from(values.join(";")));
    }
    Ok(set)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned())
}
