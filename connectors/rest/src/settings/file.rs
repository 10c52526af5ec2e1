//! What a connector file says besides the description of the system.

use super::Settings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A connector file: the description of a system, and what only a file says.
#[derive(Clone, Debug)]
pub(crate) struct RestFile {
    pub(crate) own: OwnFields,
    pub(crate) system: Settings,
}

/// What only a connector file says.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OwnFields {
    /// The name of the system, for people.
    pub(crate) title: Option<String>,
    /// What it connects to, in a sentence.
    pub(crate) description: Option<String>,
    /// How sources sign in. Default: every grant type.
    pub(crate) grant_types: Option<Vec<String>>,
    /// The settings of the sources, by name. Expressions use them as `settings.NAME`.
    pub(crate) settings: BTreeMap<String, Parameter>,
}

/// A setting of the sources.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Parameter {
    /// Its type. Default: text.
    #[serde(rename = "type")]
    pub(crate) kind: ParameterKind,
    /// What it means, in a sentence.
    pub(crate) description: String,
    /// Its value where a source has none. Without a default, every source needs it.
    pub(crate) default: Option<Value>,
    /// The texts that it can have. Default: any.
    pub(crate) values: Option<Vec<String>>,
}

/// The type of a setting.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ParameterKind {
    /// Text.
    #[default]
    Text,
    /// A URL. At the beginning of `base_url`, it is used as it is.
    Url,
    /// A whole number.
    Integer,
    /// True or false.
    Boolean,
}

const OWN: &[&str] = &["title", "description", "grant_types", "settings"];

impl<'de> Deserialize<'de> for RestFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let all = Map::<String, Value>::deserialize(deserializer)?;
        let (own, system): (Map<_, _>, Map<_, _>) = all.into_iter().partition(|(name, _)| OWN.contains(&name.as_str()));
        Ok(Self {
            own: serde_json::from_value(Value::Object(own)).map_err(D::Error::custom)?,
            system: serde_json::from_value(Value::Object(system)).map_err(D::Error::custom)?,
        })
    }
}

/// The keys of both on one level.
impl JsonSchema for RestFile {
    fn schema_name() -> Cow<'static, str> {
        "RestFile".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut own = OwnFields::json_schema(generator);
        let mut all = Settings::json_schema(generator);
        if let (Some(Value::Object(own)), Some(Value::Object(all))) =
            (own.remove("properties"), all.get_mut("properties"))
        {
            let theirs = std::mem::take(all);
            all.extend(own);
            all.extend(theirs);
        }
        all
    }
}
