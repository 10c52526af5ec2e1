//! The typed contents of a source file and of `connector.yaml`.

use super::caps::ProvisioningSettings;
use super::limits::LimitSettings;
use crate::derive::{Derivation, Derivations};
use crate::identities::IdentitySettings;
use connector_core::registry::{AuthRegistration, ConnectorRegistration};
use connector_core::{Error, ErrorKind, HttpOptions, Percentage, Result, SecretRef, TimeSpan};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// One configured system, as its file defines it.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name: the stem of the file.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// The connector it uses.
    pub connector: Arc<ConnectorRegistration>,
    /// A hash of the project's file that defines the connector; `None` for a linked connector.
    pub(super) connector_content: Option<String>,
    /// A description for people.
    pub description: Option<String>,
    /// How Connector signs in; `None` for connectors that need no sign-in.
    pub auth: Option<AuthBlock>,
    /// The HTTP options.
    pub http: HttpOptions,
    /// The connector's own settings, checked against its schema.
    pub settings: Value,
    /// How attributes are derived from those that the connector reads.
    pub attributes: BTreeMap<String, Derivation>,
    /// The aggregation settings.
    pub aggregation: AggregationSettings,
    /// The caps of plans.
    pub provisioning: ProvisioningSettings,
    /// How much of what the source allows may be used.
    pub limits: LimitSettings,
}

/// The `auth:` block: the grant type and its fields.
#[derive(Clone, Debug)]
pub struct AuthBlock {
    /// The strategy for the `grant_type`.
    pub strategy: &'static AuthRegistration,
    /// The block without `grant_type`, checked against the strategy's schema.
    pub settings: Value,
}

impl Source {
    /// How attributes are derived. Fails with kind `definition` if the file was not checked and has a fault.
    pub fn derivations(&self) -> Result<Derivations> {
        Derivations::of(&self.attributes).map_err(|faults| {
            let fault = faults.into_iter().next();
            let (message, help) = fault.map_or_else(Default::default, |fault| (fault.message, fault.help));
            Error::new(ErrorKind::Definition, message).with_help(help.unwrap_or_default())
        })
    }

    /// A copy of the source with other values in its `auth:` block.
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

    /// The fields that reference a secret or certificate: name and ref, in the order of the file.
    pub fn refs(&self) -> Vec<(&str, &str)> {
        let fields = self.settings.as_object().into_iter().flatten();
        fields
            .filter(|(name, _)| name.ends_with("_ref"))
            .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
            .collect()
    }

    /// The secret ref in the field with that name.
    pub fn secret_ref(&self, name: &str) -> Option<SecretRef> {
        self.settings[name].as_str()?.parse().ok()
    }
}

/// How a source is aggregated.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct AggregationSettings {
    /// When to aggregate, as five cron fields in the project's `time_zone`, for example `0 */4 * * *`. `connector worker` runs
    /// the source then; `connector aggregate` always runs immediately.
    #[schemars(extend("pattern" = SCHEDULE_PATTERN))]
    pub schedule: Option<String>,
    /// After this time, a run reads everything again, for example `7d`. The runs between read only what changed, if the
    /// connector supports that. `--full` reads everything at any time.
    #[schemars(extend("default" = "7d"))]
    pub full_every: TimeSpan,
    /// The largest number of pages to read at the same time. A run begins with 4 and reads more at once while the source then
    /// sends more, and fewer if the source refuses requests.
    #[schemars(range(min = 1, max = 16), extend("default" = 8))]
    pub concurrency: usize,
    /// Refuses to mark more than this percentage of the accounts as deleted in one run. The same holds for each type of
    /// entitlements and assignments.
    #[schemars(extend("default" = "10%"))]
    pub delete_threshold: Percentage,
    /// Runs within this time count together for `delete_threshold`.
    #[schemars(extend("default" = "24h"))]
    pub delete_window: TimeSpan,
}

/// Five fields with numbers, names, lists, ranges and steps.
pub(super) const SCHEDULE_PATTERN: &str = r"^\s*[0-9A-Za-z*/,-]+(\s+[0-9A-Za-z*/,-]+){4}\s*$";

impl Default for AggregationSettings {
    fn default() -> Self {
        let (delete_threshold, delete_window) = (Percentage::new(10.0), TimeSpan::from_secs(24 * 60 * 60));
        let full_every = TimeSpan::from_secs(7 * 24 * 60 * 60);
        Self { schedule: None, full_every, concurrency: 8, delete_threshold, delete_window }
    }
}

/// The settings of a whole project, from `connector.yaml`. Every setting has a default.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProjectSettings {
    /// The store: a path relative to the project folder, or the URL of a PostgreSQL database, such as
    /// `postgres://connector@db.example.com/identities`.
    #[schemars(extend("default" = ".connector/store.db"))]
    pub store: Option<String>,
    /// Where the password of the database is kept. Without it: the environment variable `PGPASSWORD`, if the server asks.
    pub store_password_ref: Option<String>,
    /// A file with the certificate of the authority that signed the certificate of the database server, relative to the project
    /// folder. Without it: the authorities of the system.
    pub store_ca_file: Option<String>,
    /// The time zone of schedules, for example `Europe/Rome`.
    #[schemars(extend("default" = "UTC"))]
    pub time_zone: Option<String>,
    /// HTTP options for every source. The `http:` block of a source overrides them.
    #[schemars(with = "HttpOptions")]
    pub http: Map<String, Value>,
    /// Aggregation settings for every source. The `aggregation:` block of a source overrides them.
    #[schemars(with = "AggregationSettings")]
    pub aggregation: Map<String, Value>,
    /// Caps of plans for every source. The `provisioning:` block of a source overrides them.
    #[schemars(with = "ProvisioningSettings")]
    pub provisioning: Map<String, Value>,
    /// Limits for every source. The `limits:` block of a source overrides them.
    #[schemars(with = "LimitSettings")]
    pub limits: Map<String, Value>,
    /// What plans may do in this project.
    pub plans: PlanSettings,
    /// How accounts of several sources find the people they belong to.
    pub identities: Option<IdentitySettings>,
}

impl ProjectSettings {
    /// The time zone of schedules.
    pub fn zone(&self) -> TimeZone {
        // The file was checked.
        self.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC)
    }
}

/// What plans may do in a project.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub struct PlanSettings {
    /// Whether a `password_ref` in a plan may be a `command:` ref. Anyone who writes a plan can then run programs as the user
    /// who applies it.
    pub allow_commands: bool,
}

/// Whether a source can have this name. Names occur in commands, file names and the store.
pub(super) fn is_source_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        // A command would take it for the path of a file.
        && ![".yaml", ".yml"].iter().any(|extension| name.ends_with(extension))
}
