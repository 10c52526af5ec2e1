//! Ids in URLs and values in filters.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// What a segment of a path keeps as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The path of a resource; `None` for an id that no URL can have, so no resource has it either.
pub(crate) fn resource(endpoint: &str, id: &str) -> Option<String> {
    // A URL without these segments names something else, however they are written.
    let is_odd = id.is_empty() || id == "." || id == "..";
    (!is_odd).then(|| format!("{endpoint}/{}", utf8_percent_encode(id, SEGMENT)))
}

/// A text as a value in a filter: a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
