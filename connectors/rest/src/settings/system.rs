//! The description of a system as a whole.

use super::{AccountsSettings, AssignmentSettings, EntitlementSettings, ErrorSettings, OperationsSettings};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// The description of a system with a REST API.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The address that all paths are relative to, such as `https://api.acme.example/v2`. Credentials go only to this host.
    pub(crate) base_url: String,
    /// Headers of every request, such as `Accept`. A value can use `{settings.NAME}`. Those of the sign-in don't belong here.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// What `connector test` asks first.
    #[serde(default)]
    pub(crate) test: Option<TestSettings>,
    /// Where accounts are listed, and how an item becomes an account.
    pub(crate) accounts: AccountsSettings,
    /// The types of entitlements, by their names in snake case.
    #[serde(default)]
    pub(crate) entitlements: BTreeMap<String, EntitlementSettings>,
    /// Where the API lists who holds what.
    #[serde(default)]
    pub(crate) assignments: Vec<AssignmentSettings>,
    /// What plans can change.
    #[serde(default)]
    pub(crate) operations: Option<OperationsSettings>,
    /// What the errors of the API mean; the first row that fits decides. If none fits, the HTTP status decides.
    #[serde(default)]
    pub(crate) errors: Vec<ErrorSettings>,
    /// How many requests the API accepts.
    #[serde(default)]
    pub(crate) limits: Option<LimitSettings>,
}

/// A request that shows that the API answers.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestSettings {
    /// The path.
    pub(crate) get: String,
    /// Query parameters.
    #[serde(default)]
    pub(crate) query: BTreeMap<String, Value>,
    /// An expression over `body` that must be true.
    pub(crate) expect: Option<String>,
    /// An expression over `body` that gives the system's own id: the org, the tenant. Another system behind the same source is
    /// then refused.
    pub(crate) instance: Option<String>,
}

/// How many requests the API accepts.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LimitSettings {
    /// The most requests at once. Default: as many as `aggregation.concurrency` allows.
    pub(crate) concurrent: Option<NonZeroU32>,
    /// The most requests in a minute, spread evenly.
    pub(crate) per_minute: Option<NonZeroU32>,
    /// The header that says how long to wait after too many requests, if there is no `Retry-After`: seconds, or the time of the
    /// next try in seconds since 1970.
    pub(crate) wait_header: Option<String>,
}
