//! An account or entitlement, as requests and expressions use it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// An account or entitlement, as requests and expressions use it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Subject {
    pub(crate) id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) alias: Option<String>,
    /// The members of the item that the settings use.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) item: Map<String, Value>,
}

impl Subject {
    /// One of which only the id is known.
    pub(crate) fn of_id(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }

    /// Keeps these members of an item.
    pub(crate) fn with_members(mut self, item: &Value, wanted: &BTreeSet<String>) -> Self {
        let found = wanted.iter().filter_map(|name| Some((name.clone(), item.get(name)?.clone())));
        self.item = found.collect();
        self
    }

    /// Keeps the whole item.
    pub(crate) fn with_item(mut self, item: &Value) -> Self {
        self.item = item.as_object().cloned().unwrap_or_default();
        self
    }

    /// The value for expressions.
    pub(crate) fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("id".to_owned(), self.id.clone().into());
        if !self.name.is_empty() {
            object.insert("name".to_owned(), self.name.clone().into());
        }
        if let Some(alias) = &self.alias {
            object.insert("alias".to_owned(), alias.clone().into());
        }
        object.insert("item".to_owned(), Value::Object(self.item.clone()));
        Value::Object(object)
    }
}
