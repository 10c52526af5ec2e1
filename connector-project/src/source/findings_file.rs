//! The typed contents of `findings.yaml`.

use connector_core::{Criteria, TimeSpan};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// What `connector findings` measures with, and which findings are accepted. Everything has a default.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct FindingsSettings {
    /// An enabled account without a sign-in for this long is unused.
    #[schemars(extend("default" = Self::default().unused_after))]
    pub unused_after: TimeSpan,
    /// An assignment that ends within this time ends soon.
    #[schemars(extend("default" = Self::default().ending_within))]
    pub ending_within: TimeSpan,
    /// The findings that somebody has accepted.
    #[serde(deserialize_with = "list")]
    pub accept: Vec<Acceptance>,
}

impl Default for FindingsSettings {
    fn default() -> Self {
        Self {
            unused_after: TimeSpan::from_secs(Criteria::USUAL_UNUSED_AFTER.as_secs()),
            ending_within: TimeSpan::from_secs(Criteria::USUAL_ENDING_WITHIN.as_secs()),
            accept: Vec::new(),
        }
    }
}

/// Findings that somebody has accepted, until a day. It accepts all findings of the rule that match everything it names.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Acceptance {
    /// The name of the rule.
    pub rule: String,
    /// Only for this source.
    #[serde(default)]
    pub source: Option<String>,
    /// Only for the account with this id or name.
    #[serde(default)]
    pub account: Option<String>,
    /// Only for this entitlement, as `TYPE/ID` or `TYPE/NAME`.
    #[serde(default)]
    #[schemars(regex(pattern = "^[^/]+/.+$"))]
    pub entitlement: Option<String>,
    /// Why it is accepted, and by whom.
    #[schemars(length(min = 1))]
    pub reason: String,
    /// The last day of the acceptance, as `YYYY-MM-DD`. After it, the finding counts again.
    #[serde(deserialize_with = "day")]
    #[schemars(with = "String", regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))]
    pub until: Date,
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| serde::de::Error::custom(format!("`{text}` is not a day: write it as YYYY-MM-DD")))
}

/// A list that may be empty, as with all of its lines commented out.
fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Acceptance>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
