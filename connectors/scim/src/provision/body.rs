//! Users as JSON, changed attribute by attribute.

use crate::accounts::{Field, Fields};
use serde_json::{Map, Value, json};

/// The schema of PATCH.
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// The body of a PATCH.
pub(super) fn patch(operations: &[Value]) -> Value {
    json!({"schemas": [PATCH_OP], "Operations": operations})
}

/// The value of an attribute; null where a user has none.
pub(super) fn value<'a>(user: &'a Value, field: &Field) -> &'a Value {
    let mut at = user;
    if !field.extension.is_empty() {
        at = member(at, &field.extension);
    }
    at = member(at, &field.attribute);
    match &field.part {
        Some(part) => member(at, part),
        None => at,
    }
}

fn member<'a>(of: &'a Value, name: &str) -> &'a Value {
    let found = of.as_object().and_then(|object| object.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)));
    found.map_or(&Value::Null, |(_, value)| value)
}

/// Sets the value of an attribute; null removes it.
pub(super) fn set(user: &mut Map<String, Value>, field: &Field, value: Value) {
    let mut at = user;
    if !field.extension.is_empty() {
        at = object(at, &field.extension);
    }
    let name = match &field.part {
        Some(part) => {
            at = object(at, &field.attribute);
            part
        }
        None => &field.attribute,
    };
    let name = spelled(at, name);
    if value.is_null() {
        at.remove(&name);
    } else {
        at.insert(name, value);
    }
}

fn object<'a>(of: &'a mut Map<String, Value>, name: &str) -> &'a mut Map<String, Value> {
    let name = spelled(of, name);
    let value = of.entry(name).or_insert_with(|| json!({}));
    if !value.is_object() {
        *value = json!({});
    }
    match value {
        Value::Object(object) => object,
        _ => unreachable!("it was made an object"),
    }
}

/// The name as the object spells it.
fn spelled(object: &Map<String, Value>, name: &str) -> String {
    object.keys().find(|known| known.eq_ignore_ascii_case(name)).cloned().unwrap_or_else(|| name.to_owned())
}

/// Names the schemas of what the user has.
pub(super) fn with_schemas(user: &mut Map<String, Value>, own: &str) {
    let extensions = user.iter().filter(|(name, value)| name.starts_with("urn:") && !value.is_null());
    let schemas: Vec<Value> =
        std::iter::once(own.into()).chain(extensions.map(|(name, _)| name.as_str().into())).collect();
    user.insert("schemas".to_owned(), schemas.into());
}

/// A new user.
pub(super) fn new_user(
    fields: &Fields,
    name: &str,
    attributes: &Map<String, Value>,
    schema: &str,
) -> Map<String, Value> {
    let mut user = Map::new();
    user.insert("userName".to_owned(), name.into());
    user.insert("active".to_owned(), true.into());
    for (name, value) in attributes.iter().filter(|(_, value)| !value.is_null()) {
        set(&mut user, &fields.named(name), value.clone());
    }
    with_schemas(&mut user, schema);
    user
}

/// Whether a value is there as wanted. A server may have more about a value than a plan says, such as its `display`.
pub(super) fn is_same(there: &Value, wanted: &Value) -> bool {
    let is_nothing = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    match (there, wanted) {
        _ if is_nothing(wanted) => is_nothing(there),
        (Value::Array(there), Value::Array(wanted)) => {
            there.len() == wanted.len() && wanted.iter().all(|one| there.iter().any(|other| is_same(other, one)))
        }
        (Value::Object(_), Value::Object(wanted)) => {
            wanted.iter().all(|(name, value)| is_same(member(there, name), value))
        }
        _ => there == wanted,
    }
}
