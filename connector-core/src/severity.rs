//! How bad something is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// How bad a finding is, and how much power an entitlement gives. The order is from harmless to worst.
///
/// ```
/// use connector_core::Severity;
///
/// assert!(Severity::Critical > Severity::Low);
/// assert_eq!("high".parse(), Ok(Severity::High));
/// ```
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// To be tidied up.
    Low,
    /// To be looked at.
    Medium,
    /// To be mended soon.
    High,
    /// To be mended now.
    Critical,
}

impl Severity {
    /// The name in machine output.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Every severity, the least first.
    pub fn all() -> &'static [Self] {
        Self::VARIANTS
    }
}
