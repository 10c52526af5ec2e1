//! What a source file and `connector.yaml` say, typed.

use connector_core::registry::{AuthRegistration, ConnectorRegistration};
use connector_core::{HttpOptions, Percentage, SecretRef, TimeSpan};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::path::PathBuf;

/// One configured system, as its file defines it.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name: the stem of the file.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// The connector it uses.
    pub connector: &'static ConnectorRegistration,
    /// What it is, for people.
    pub description: Option<String>,
    /// How it proves who it is; absent for connectors that need no proof.
    pub auth: Option<AuthBlock>,
    /// How to reach it over HTTP.
    pub http: HttpOptions,
    /// The connector's own settings, checked against its schema.
    pub settings: Value,
    /// How it is aggregated.
    pub aggregation: AggregationSettings,
}

/// The `auth:` block: the grant type and its fields.
#[derive(Clone, Debug)]
pub struct AuthBlock {
    /// The strategy that `grant_type` names.
    pub strategy: &'static AuthRegistration,
    /// The block without `grant_type`, checked against the strategy's schema.
    pub settings: Value,
}

impl Source {
    /// The same source, with other values in its `auth:` block.
    #[must_use]
    pub fn with_auth(&self, changes: &[(&str, &str)]) -> Self {
        let mut source = self.clone();
        if let Some(members) = source.auth.as_mut().and_then(|auth| auth.settings.as_object_mut()) {
            for (name, value) in changes {
                members.insert((*name).to_owned(), Value::from(*value));
            }
        }
        source
    }
}

impl AuthBlock {
    /// A text in the block.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.settings[name].as_str()
    }

    /// The fields that say where a secret or certificate is kept: name and ref, in the order of the file.
    pub fn refs(&self) -> Vec<(&str, &str)> {
        let fields = self.settings.as_object().into_iter().flatten();
        fields
            .filter(|(name, _)| name.ends_with("_ref"))
            .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
            .collect()
    }

    /// The secret ref in the field of that name.
    pub fn secret_ref(&self, name: &str) -> Option<SecretRef> {
        self.settings[name].as_str()?.parse().ok()
    }
}

/// How a source is aggregated.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct AggregationSettings {
    /// When to aggregate, as five cron fields in UTC, for example `0 */4 * * *`. For whatever starts the jobs:
    /// `connector aggregate` runs when it is called.
    #[schemars(extend("pattern" = SCHEDULE_PATTERN))]
    pub schedule: Option<String>,
    /// How often a run is a full one, for example `7d`, where the connector can also read only what changed. Today
    /// every run is full.
    pub full_every: Option<TimeSpan>,
    /// How many pages are read at the same time.
    #[schemars(range(min = 1, max = 16), extend("default" = 4))]
    pub concurrency: usize,
    /// Refuse to mark more accounts than this as deleted in one run.
    #[schemars(extend("default" = "10%"))]
    pub delete_threshold: Percentage,
}

/// Five fields of numbers, names, lists, ranges and steps.
pub(super) const SCHEDULE_PATTERN: &str = r"^\s*[0-9A-Za-z*/,-]+(\s+[0-9A-Za-z*/,-]+){4}\s*$";

impl Default for AggregationSettings {
    fn default() -> Self {
        Self { schedule: None, full_every: None, concurrency: 4, delete_threshold: Percentage::new(10.0) }
    }
}

/// The settings of a whole project, `connector.yaml`. Everything has a default.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProjectSettings {
    /// Where the store is: a path, or `sqlite:PATH`. Relative to the project folder.
    #[schemars(extend("default" = ".connector/store.db"))]
    pub store: Option<String>,
    /// Options for every source; a source's own `http:` goes before them.
    #[schemars(with = "HttpOptions")]
    pub http: Map<String, Value>,
    /// Settings for every source; a source's own `aggregation:` goes before them.
    #[schemars(with = "AggregationSettings")]
    pub aggregation: Map<String, Value>,
}

/// Whether a source can be called so: the name stands in commands, file names and the store.
pub(super) fn is_source_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}
