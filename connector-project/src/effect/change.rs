//! The values that an operation changes.

use connector_core::{End, EntitlementRef};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One value that an operation changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ValueChange {
    /// An attribute. `enabled`, `locked` and `password` stand for what an account has besides its attributes. The value
    /// of a password is never shown.
    Attribute {
        /// The source's own spelling.
        attribute: String,
        /// The value before; null if there is none.
        from: Value,
        /// The value after.
        to: Value,
    },
    /// A granted or revoked entitlement.
    Entitlement {
        /// Type and id.
        entitlement: EntitlementRef,
        /// Its display name, if known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Whether the account holds it before.
        from: bool,
        /// Whether the account holds it after.
        to: bool,
        /// When the grant ends, if it has an end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
        /// When what the account holds before ends, if that is known and the grant changes it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until_before: Option<End>,
    },
}

impl ValueChange {
    pub(super) fn attribute(name: impl Into<String>, from: impl Into<Value>, to: impl Into<Value>) -> Self {
        Self::Attribute { attribute: name.into(), from: from.into(), to: to.into() }
    }
}

/// Shown instead of a password.
pub(super) const MASKED: &str = "********";
