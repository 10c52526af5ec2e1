//! The kinds of operations.

use serde::{Deserialize, Serialize};

/// The kinds of [`Change`](crate::Change), for schemas and listings.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::EnumMessage,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[non_exhaustive]
pub enum OperationKind {
    /// Create an account.
    Create,
    /// Set attributes of an account.
    Update,
    /// Let an account hold an entitlement.
    Grant,
    /// Take an entitlement from an account.
    Revoke,
    /// Block an account for good.
    Disable,
    /// Allow an account to be used again.
    Enable,
    /// Block an account for now.
    Lock,
    /// Lift a lock.
    Unlock,
    /// Give an account a new password.
    SetPassword,
    /// Delete an account.
    Delete,
    /// End the sessions of an account that are open now.
    EndSessions,
    /// Revoke the tokens with which programs act as an account.
    RevokeTokens,
    /// Take everything from an account whose person or program leaves: its source's settings say what that includes.
    Deprovision,
    /// Let another account take over what others refer to an account for, such as the people whom it manages.
    Transfer,
}

impl OperationKind {
    /// All of them, in the order in which people think of them.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The kind with that [name](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// The name in plans and machine output.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// What it does, in a sentence.
    pub fn description(self) -> &'static str {
        strum::EnumMessage::get_documentation(&self).unwrap_or_default()
    }
}
