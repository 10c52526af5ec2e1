//! The tools, one file for each thing that people ask about.

mod access;
mod accounts;
mod changes;
mod findings;
mod search;
mod sources;

use crate::reach::Reach;
use connector_core::{Error, Result};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// One tool.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    /// The JSON Schema of its arguments.
    pub(crate) schema: fn() -> Map<String, Value>,
    pub(crate) answer: fn(&Reach, Value) -> Result<Value>,
}

/// All of them, in the order in which an assistant needs them.
pub(crate) fn all() -> [Tool; 10] {
    [
        sources::LIST,
        search::SEARCH,
        accounts::LIST,
        accounts::ONE,
        access::EXPLAIN,
        access::WHO,
        access::ENTITLEMENTS,
        changes::DIFF,
        changes::RUNS,
        findings::FIND,
    ]
}

/// The schema of the arguments of a tool.
fn schema_of<T: JsonSchema>() -> Map<String, Value> {
    match schemars::schema_for!(T).to_value() {
        Value::Object(schema) => schema,
        _ => Map::new(),
    }
}

/// The arguments of a call.
fn read<T: DeserializeOwned>(arguments: Value) -> Result<T> {
    serde_json::from_value(arguments).map_err(|fault| Error::invalid(format!("the arguments are wrong: {fault}")))
}

/// A value as JSON.
fn json(value: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(|cause| Error::internal("the answer can't be written").with_cause(cause))
}

/// The first rows of a list, and whether there are more.
struct Rows {
    limit: usize,
    items: Vec<Value>,
    has_more: bool,
}

impl Rows {
    fn new(limit: Option<usize>) -> Self {
        Self { limit: crate::reach::rows(limit), items: Vec::new(), has_more: false }
    }

    /// Adds a row if there is room.
    fn add(&mut self, row: &impl serde::Serialize) -> Result<()> {
        if self.items.len() < self.limit {
            self.items.push(json(row)?);
        } else {
            self.has_more = true;
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.items.len() >= self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_says_what_it_does_and_what_its_arguments_are() {
        for tool in all() {
            assert!(tool.description.ends_with('.') && tool.description.len() > 40, "{}", tool.name);
            let schema = (tool.schema)();
            assert_eq!(schema["type"], "object", "{}", tool.name);
            for (name, argument) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
                assert!(argument["description"].is_string(), "{}: {name}", tool.name);
            }
        }
    }
}
