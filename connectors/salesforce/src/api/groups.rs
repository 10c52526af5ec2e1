//! Answers to aggregate queries.

use super::record;
use connector_core::Result;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The most groups in an answer; no cursor leads to more.
pub(crate) const MOST_GROUPS: usize = 2_000;

/// A group of rows.
#[derive(Debug)]
pub(crate) struct Group {
    /// The value that they have in common; `None` for null.
    pub(crate) key: Option<String>,
    /// How many there are.
    pub(crate) count: u64,
    members: Map<String, Value>,
}

impl Group {
    /// A number of the group.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.members.get(name).and_then(Value::as_u64)
    }

    /// Another text of the group.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.members.get(name).and_then(Value::as_str).map(str::to_owned)
    }
}

/// The groups of an answer: `key` is the field that they are grouped by, and `number` the column with the number of rows.
pub(crate) fn read(object: &str, body: &[u8], key: &str, number: &str) -> Result<Vec<Group>> {
    #[derive(Deserialize)]
    struct Answer {
        done: bool,
        records: Vec<Map<String, Value>>,
    }
    let odd = |what: &str| record::odd(object, what);
    let answer: Answer = serde_json::from_slice(body).map_err(|_| odd("is not the answer to an aggregate query"))?;
    if !answer.done {
        return Err(odd("does not have all groups"));
    }
    let groups = answer.records.into_iter().map(|members| {
        let key = match members.get(key) {
            Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            _ => return Err(odd("has a group without its value")),
        };
        let count = members.get(number).and_then(Value::as_u64).ok_or_else(|| odd("has a group without a number"))?;
        Ok(Group { key, count, members })
    });
    groups.collect()
}
