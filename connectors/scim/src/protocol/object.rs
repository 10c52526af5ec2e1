//! JSON objects whose values keep their text.

use crate::error::not_scim;
use connector_core::Result;
use connector_http::Response;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The members of a JSON object, in order. Names are compared without their letter case, as SCIM does.
#[derive(Debug)]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    /// The members of the object; `None` if the text is something else.
    pub(crate) fn read(text: &'a RawValue) -> Option<Self> {
        serde_json::from_str(text.get()).ok()
    }

    /// The object in a response. `doing` says what the connector tried.
    pub(crate) fn of(response: &'a Response, doing: &str) -> Result<Self> {
        let read = serde_json::from_slice(&response.body);
        read.map_err(|cause: serde_json::Error| {
            let what =
                if cause.is_eof() { "the JSON in the response is cut off" } else { "the response is not a resource" };
            not_scim(doing, what)
        })
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), *value))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        let found = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value).filter(|value| value.get() != "null")
    }

    /// A member that is a text.
    pub(crate) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).and_then(text)
    }

    /// A member that is an object.
    pub(crate) fn object(&self, name: &str) -> Option<Self> {
        self.get(name).and_then(Self::read)
    }

    /// The items of a member that is a list. A single value counts as a list of it.
    pub(crate) fn list(&self, name: &str) -> Vec<&'a RawValue> {
        self.get(name).map(items).unwrap_or_default()
    }
}

/// A text, borrowed unless it has escapes.
pub(crate) fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(value.get()).ok().map(|text| text.0)
}

/// The items of a list. A single value counts as a list of it.
pub(crate) fn items(value: &RawValue) -> Vec<&RawValue> {
    match value.get() {
        "null" => Vec::new(),
        text if text.starts_with('[') => serde_json::from_str(text).unwrap_or_default(),
        _ => vec![value],
    }
}

#[derive(Deserialize, Serialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(16);
                while let Some(Text(name)) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}
