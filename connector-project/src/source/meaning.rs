//! What a source's file means, as a hash.

use super::definition::Source;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_128;

/// A hash of what in a source's file decides what is read and changed: connector, `auth:` except where its secrets are and
/// when they are renewed, and `settings:`. If the connector comes from a file of the project, the content of that file too.
///
/// A key that moves to another place, another app for the same user (they take turns when a certificate is replaced), a
/// block whose lines change places, or another day to renew a certificate leaves it the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The hash of the canonical JSON.
    pub hash: String,
    /// The hash that earlier versions made of the same file. Their unfinished runs and plans have it.
    pub former: String,
}

impl Definition {
    pub(super) fn of(source: &Source) -> Self {
        let fields = source.auth.iter().filter_map(|auth| auth.settings.as_object()).flatten();
        let auth: BTreeMap<_, _> = fields
            .filter(|(name, _)| !name.ends_with("_ref") && *name != "rotation" && *name != "issuer")
            .map(|(name, value)| (name.as_str(), value))
            .collect();
        let mut whole = json!({ "connector": source.connector.name, "auth": auth, "settings": source.settings });
        if let Some(content) = &source.connector_content {
            whole["connector_file"] = json!(content);
        }
        if !source.attributes.is_empty() {
            // Accounts are other accounts with other attributes.
            whole["attributes"] = json!(format!("{:?}", source.attributes));
        }
        let texts: BTreeMap<_, _> = auth.iter().map(|(name, value)| (*name, as_text(value))).collect();
        let former = format!("{} {texts:?} {}", source.connector.name, as_text(&source.settings));
        Self { hash: hash_of(&whole), former: hash(&former) }
    }
}

/// A hash of a value that is the same for every order of its keys.
pub(super) fn hash_of(value: &Value) -> String {
    hash(&canonical(value).to_string())
}

fn hash(text: &str) -> String {
    format!("{:032x}", xxh3_128(text.as_bytes()))
}

/// The value with the members of its objects in order.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<_, _> = members.iter().map(|(name, value)| (name, canonical(value))).collect();
            Value::Object(sorted.into_iter().map(|(name, value)| (name.clone(), value)).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(canonical).collect(),
        plain => plain.clone(),
    }
}

/// The text that earlier versions hashed.
fn as_text(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<_, _> = members.iter().map(|(name, value)| (name, as_text(value))).collect();
            format!("{members:?}")
        }
        Value::Array(items) => format!("{:?}", items.iter().map(as_text).collect::<Vec<_>>()),
        plain => plain.to_string(),
    }
}
