//! Reads descriptions of APIs that others wrote, such as OpenAPI documents.

use super::project::Project;
use crate::document::{TooMuch, Tree};
use connector_core::{Error, Result};
use connector_files::Role;
use serde_json::{Map, Value};
use std::path::Path;

/// The largest description that is read. Those of the largest APIs have half of it.
const LARGEST: u64 = 64 * 1024 * 1024;

impl Project {
    /// Reads a JSON or YAML file that describes an API. Its path is as the user typed it.
    ///
    /// Fails with kind `definition` if it can't be read, is too large, or is nested so deeply that no description is.
    pub fn read_description(&self, path: &Path) -> Result<Value> {
        let bytes = connector_files::read(&self.typed(path), Role::Data, LARGEST)
            .map_err(|refusal| refusal.into_error(connector_core::ErrorKind::Definition))?;
        let shown = path.display();
        let text = String::from_utf8(bytes).map_err(|_| {
            Error::definition(format!("`{shown}` is not UTF-8 text")).with_help("save the description as UTF-8")
        })?;
        value(text.strip_prefix('\u{feff}').unwrap_or(&text)).map_err(|why| {
            Error::definition(format!("`{shown}` can't be read: {why}"))
                .with_help("download the description again, as JSON or YAML")
        })
    }
}

fn value(text: &str) -> std::result::Result<Value, String> {
    if text.trim_start().starts_with(['{', '[']) {
        return serde_json::from_str(text).map_err(|fault| fault.to_string());
    }
    // The parser of values takes minutes and all memory for such a text before it refuses it.
    match Tree::parse(text, 0).too_much {
        Some(TooMuch::Depth(_)) => return Err("its blocks are nested too deeply".to_owned()),
        Some(TooMuch::Aliases) => return Err("its aliases make it far too large".to_owned()),
        None => {}
    }
    let value = serde_yaml::from_str(text).map_err(|fault| fault.to_string())?;
    Ok(with_text_keys(value))
}

/// The same as JSON. Descriptions often have numbers as keys, such as the statuses of responses.
fn with_text_keys(value: serde_yaml::Value) -> Value {
    match value {
        serde_yaml::Value::Mapping(members) => {
            let members = members.into_iter().filter_map(|(key, value)| Some((key_text(key)?, with_text_keys(value))));
            Value::Object(members.collect::<Map<_, _>>())
        }
        serde_yaml::Value::Sequence(items) => Value::Array(items.into_iter().map(with_text_keys).collect()),
        serde_yaml::Value::Tagged(tagged) => with_text_keys(tagged.value),
        serde_yaml::Value::Null => Value::Null,
        serde_yaml::Value::Bool(truth) => Value::Bool(truth),
        serde_yaml::Value::Number(number) => serde_json::to_value(number).unwrap_or_default(),
        serde_yaml::Value::String(text) => Value::String(text),
    }
}

fn key_text(key: serde_yaml::Value) -> Option<String> {
    match key {
        serde_yaml::Value::String(text) => Some(text),
        serde_yaml::Value::Number(number) => Some(number.to_string()),
        serde_yaml::Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}
