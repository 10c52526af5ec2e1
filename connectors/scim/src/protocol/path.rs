//! Ids in URLs and values in filters.

use connector_http::path_segment;
use serde_json::Value;

/// The path of a resource; `None` for an id that no URL can have, so no resource has it either.
pub(crate) fn resource(endpoint: &str, id: &str) -> Option<String> {
    path_segment(id).map(|id| format!("{endpoint}/{id}"))
}

/// A text as a value in a filter: a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
