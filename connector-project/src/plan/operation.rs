//! One wanted change, as a plan says it.

use connector_core::{EntitlementRef, OperationKind, SecretRef};
use serde_json::{Map, Value};

/// One wanted change as a plan says it: accounts and entitlements by id or name, secrets by where they are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanOperation {
    /// What is wanted.
    pub kind: OperationKind,
    /// The account: its id or name; for a create the name of the new one.
    pub account: String,
    /// The values to set, of a create or an update; a null clears one.
    pub attributes: Map<String, Value>,
    /// What is granted or revoked, or what a new account shall hold: type, and id or name.
    pub entitlements: Vec<EntitlementRef>,
    /// Where the new password is kept; `None` asks the source to reset it. Of a change of the password only.
    pub password: Option<SecretRef>,
}
