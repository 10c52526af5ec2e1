//! A value of a record.

use super::Text;
use connector_core::{AttributesBuilder, Result};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A value of a record: JSON from a page by REST, or the text of a cell from a page of results.
#[derive(Clone, Debug)]
pub(crate) enum Cell<'r> {
    Null,
    Json(&'r RawValue),
    Text(Cow<'r, str>),
    /// The text of a field of a parent.
    OfParent(&'r str, &'r str),
}

impl<'r> From<&'r RawValue> for Cell<'r> {
    fn from(value: &'r RawValue) -> Self {
        if value.get() == "null" { Self::Null } else { Self::Json(value) }
    }
}

impl<'r> Cell<'r> {
    /// The text, or nothing for null. `None` for another value.
    pub(super) fn text(&self) -> Option<Option<Cow<'r, str>>> {
        match self {
            Self::Null => Some(None),
            Self::Text(text) => Some(Some(text.clone())),
            Self::OfParent(..) => None,
            Self::Json(value) => match value.get().strip_prefix('"')?.strip_suffix('"') {
                // Nothing is escaped.
                Some(text) if !text.contains('\\') => Some(Some(Cow::Borrowed(text))),
                _ => serde_json::from_str::<Text<'r>>(value.get()).ok().map(|text| Some(text.0)),
            },
        }
    }

    /// Whether it is true or false, and which. `None` for another value.
    pub(super) fn flag(&self) -> Option<bool> {
        match self {
            Self::Json(value) => value.get().parse().ok(),
            _ => None,
        }
    }

    /// Whether it is null or one text, number or truth value.
    pub(crate) fn is_plain(&self) -> bool {
        match self {
            Self::Null | Self::Text(_) => true,
            Self::Json(value) => !value.get().starts_with(['{', '[']),
            Self::OfParent(..) => false,
        }
    }

    /// The value as JSON.
    pub(crate) fn json(&self) -> Cow<'r, str> {
        match self {
            Self::Null => "null".into(),
            Self::Json(value) => value.get().into(),
            Self::Text(text) => serde_json::json!(text).to_string().into(),
            Self::OfParent(field, text) => serde_json::json!({*field: text}).to_string().into(),
        }
    }

    /// Adds the value as an attribute; null is left out.
    pub(crate) fn add_to(&self, attributes: &mut AttributesBuilder, name: &str) -> Result<()> {
        match self {
            Self::Null => Ok(()),
            Self::Text(text) => attributes.push(name, &**text),
            Self::Json(value) => {
                attributes.push_raw(name, value);
                Ok(())
            }
            Self::OfParent(field, text) => attributes.push(name, &serde_json::json!({*field: text})),
        }
    }
}
