//! The setting `custom_fields`.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use std::borrow::Cow;

/// Which custom fields of User to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum CustomFields {
    #[default]
    None,
    All,
    Named(Vec<String>),
}

impl<'de> Deserialize<'de> for CustomFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected `none`, `all` or a list of field names")]
        enum WordOrList {
            Word(String),
            List(Vec<String>),
        }
        match WordOrList::deserialize(deserializer)? {
            WordOrList::Word(word) if word == "none" => Ok(Self::None),
            WordOrList::Word(word) if word == "all" => Ok(Self::All),
            WordOrList::Word(_) => Err(D::Error::custom("expected `none`, `all` or a list of field names")),
            WordOrList::List(names) => match names.iter().find(|name| !is_field_name(name)) {
                Some(name) => Err(D::Error::custom(format!("`{name}` is not a field name"))),
                None => Ok(Self::Named(names)),
            },
        }
    }
}

impl JsonSchema for CustomFields {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "CustomFields".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "array"],
            "items": {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_]*$"},
            "if": {"type": "string"},
            "then": {"enum": ["none", "all"]},
            "default": "none",
        })
    }
}

/// Names go into queries as they are, so nothing but a name may pass.
fn is_field_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
