//! How large tables are read.

use schemars::JsonSchema;
use serde::Deserialize;

/// How large tables are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Transport {
    #[default]
    Auto,
    Rest,
    Bulk,
}

/// The number of a version of the API.
pub(super) fn version(version: &str) -> u32 {
    version.split('.').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}
