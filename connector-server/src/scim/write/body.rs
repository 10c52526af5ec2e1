//! What a client sends.

use super::super::fault::marked;
use connector_core::{Error, Result};
use scim_v2::filter::PatchPath;
use serde_json::{Map, Value};

/// The object in the body of a request.
pub(super) fn object(bytes: &[u8]) -> Result<Map<String, Value>> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(marked("invalidSyntax", "the body is no JSON object")),
        Err(fault) => Err(marked("invalidSyntax", format!("the body is no JSON: {fault}"))),
    }
}

/// A member of an object; names have any case (RFC 7643, 2.1).
pub(super) fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// What one operation of a PATCH does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Add,
    Replace,
    Remove,
}

/// One operation of a PATCH.
pub(super) struct PatchOperation<'a> {
    pub(super) verb: Verb,
    pub(super) path: Option<&'a str>,
    pub(super) value: &'a Value,
}

impl<'a> PatchOperation<'a> {
    /// The members of the value of an operation without a path.
    pub(super) fn object(&self) -> Result<&'a Map<String, Value>> {
        let object = self.value.as_object();
        object.ok_or_else(|| marked("invalidValue", "an operation without a `path` needs an object as its `value`"))
    }
}

/// Reads the path of an operation.
pub(super) fn path(text: &str) -> Result<PatchPath> {
    text.parse().map_err(|fault| marked("invalidPath", format!("`{text}` is no path: {fault}")))
}

/// The operations of a PATCH. Some clients write the verbs with capitals.
pub(super) fn operations(body: &Map<String, Value>) -> Result<Vec<PatchOperation<'_>>> {
    let listed = member(body, "Operations").and_then(Value::as_array).filter(|all| !all.is_empty());
    let listed = listed.ok_or_else(|| marked("invalidSyntax", "the body has no list `Operations`"))?;
    listed.iter().map(operation).collect()
}

fn operation(one: &Value) -> Result<PatchOperation<'_>> {
    let object = one.as_object().ok_or_else(|| marked("invalidSyntax", "an item of `Operations` is no object"))?;
    let verb = member(object, "op").and_then(Value::as_str).unwrap_or_default();
    let verb = match verb.to_ascii_lowercase().as_str() {
        "add" => Verb::Add,
        "replace" => Verb::Replace,
        "remove" => Verb::Remove,
        _ => return Err(marked("invalidSyntax", format!("`op` is `{verb}`, and not add, replace or remove"))),
    };
    let path = match member(object, "path") {
        None | Some(Value::Null) => None,
        Some(Value::String(path)) => Some(path.trim()).filter(|path| !path.is_empty()),
        Some(_) => return Err(marked("invalidPath", "`path` is not a text")),
    };
    let value = member(object, "value").unwrap_or(&Value::Null);
    if verb == Verb::Remove && path.is_none() {
        return Err(marked("noTarget", "an operation that removes something needs a `path`"));
    }
    if verb != Verb::Remove && member(object, "value").is_none() {
        return Err(marked("invalidValue", "an operation that adds or replaces something needs a `value`"));
    }
    Ok(PatchOperation { verb, path, value })
}

/// The error for something that clients can read and not write.
pub(super) fn read_only(what: &str) -> Error {
    marked("mutability", format!("`{what}` can't be written here"))
        .with_help("the schema under `/Schemas` says what can")
}
