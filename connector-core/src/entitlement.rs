//! What accounts can hold, and who holds it.

use crate::attributes::Attributes;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// Names one entitlement of a source: its type and its id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntitlementRef {
    /// The type, for example `permission_set`.
    #[serde(rename = "type")]
    pub entitlement_type: Cow<'static, str>,
    /// The source's own stable id.
    pub id: String,
}

impl EntitlementRef {
    /// The entitlement `id` of type `entitlement_type`.
    pub fn new(entitlement_type: impl Into<Cow<'static, str>>, id: impl Into<String>) -> Self {
        Self { entitlement_type: entitlement_type.into(), id: id.into() }
    }
}

impl fmt::Display for EntitlementRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.entitlement_type, self.id)
    }
}

/// Something an account can hold: a profile, role, permission set, group or licence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entitlement {
    /// Type and id.
    #[serde(flatten)]
    pub key: EntitlementRef,
    /// The name for people.
    pub name: String,
    /// What it is for, where the source says so.
    pub description: Option<String>,
    /// The named values in the source's own spelling.
    pub attributes: Attributes,
}

/// An account holds an entitlement.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Assignment {
    /// The account's id.
    pub account: String,
    /// What it holds.
    pub entitlement: EntitlementRef,
}

/// A kind of entitlement that a connector reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntitlementType {
    /// The name in ids and commands, in snake case.
    pub name: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// What holding one means, in a sentence.
    pub description: &'static str,
    /// Where it stands when an account is granted several at once: lower ones first, and taken away in the opposite
    /// order. So a licence comes before what needs it. 0 where it doesn't matter.
    pub rank: u8,
}
