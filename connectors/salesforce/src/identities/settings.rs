//! The setting `read`.

use schemars::JsonSchema;
use serde::Deserialize;

/// Something that a source reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Read {
    Users,
    Apps,
    Tokens,
    Agents,
    NamedCredentials,
}
