//! What an operation changes, value by value.

use connector_core::EntitlementRef;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One value that an operation changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ValueChange {
    /// An attribute. `enabled`, `locked` and `password` stand for what an account has beside its attributes; of a password
    /// no value is told.
    Attribute {
        /// The source's own spelling.
        attribute: String,
        /// The value until now; null where there is none.
        from: Value,
        /// The value from now on.
        to: Value,
    },
    /// An entitlement is granted or revoked.
    Entitlement {
        /// Type and id.
        entitlement: EntitlementRef,
        /// Its name for people, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Whether the account holds it until now.
        from: bool,
        /// Whether the account holds it from now on.
        to: bool,
        /// When it stops holding it again, where the grant has an end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
}

impl ValueChange {
    pub(super) fn attribute(name: impl Into<String>, from: impl Into<Value>, to: impl Into<Value>) -> Self {
        Self::Attribute { attribute: name.into(), from: from.into(), to: to.into() }
    }
}

/// What stands in place of a password.
pub(super) const MASKED: &str = "********";
