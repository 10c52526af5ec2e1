//! Wanted changes and what became of them.

use crate::entitlement::EntitlementRef;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Map, Value};

/// One wanted change of a source.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Make an account.
    Create {
        /// The name people log in with.
        name: String,
        /// The values to set, in the source's own spelling.
        attributes: Map<String, Value>,
        /// What it shall hold from the start. Empty in what [`Connector::provision`](crate::Connector::provision) gets:
        /// each is a grant of its own by then, or part of the attributes.
        entitlements: Vec<EntitlementRef>,
    },
    /// Set attributes of an account; a null clears one.
    Update {
        /// The account's id.
        account: String,
        /// The values to set.
        set: Map<String, Value>,
    },
    /// Let an account hold an entitlement.
    Grant {
        /// The account's id.
        account: String,
        /// What it shall hold.
        entitlement: EntitlementRef,
    },
    /// Take an entitlement from an account.
    Revoke {
        /// The account's id.
        account: String,
        /// What it shall no longer hold.
        entitlement: EntitlementRef,
    },
    /// Bar an account for good.
    Disable {
        /// The account's id.
        account: String,
    },
    /// Allow an account to be used again.
    Enable {
        /// The account's id.
        account: String,
    },
    /// Bar an account for now.
    Lock {
        /// The account's id.
        account: String,
    },
    /// Lift a lock.
    Unlock {
        /// The account's id.
        account: String,
    },
    /// Give an account a new password.
    SetPassword {
        /// The account's id.
        account: String,
        /// The password; `None` asks the source to reset it and tell the user.
        password: Option<SecretString>,
    },
    /// Remove an account.
    Delete {
        /// The account's id.
        account: String,
    },
}

impl Operation {
    /// The id of the account it changes; `None` for a create, and empty for an account that an earlier operation makes.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Create { .. } => None,
            Self::Update { account, .. }
            | Self::Grant { account, .. }
            | Self::Revoke { account, .. }
            | Self::Disable { account }
            | Self::Enable { account }
            | Self::Lock { account }
            | Self::Unlock { account }
            | Self::SetPassword { account, .. }
            | Self::Delete { account } => Some(account),
        }
    }

    /// Its kind.
    pub fn kind(&self) -> OperationKind {
        match self {
            Self::Create { .. } => OperationKind::Create,
            Self::Update { .. } => OperationKind::Update,
            Self::Grant { .. } => OperationKind::Grant,
            Self::Revoke { .. } => OperationKind::Revoke,
            Self::Disable { .. } => OperationKind::Disable,
            Self::Enable { .. } => OperationKind::Enable,
            Self::Lock { .. } => OperationKind::Lock,
            Self::Unlock { .. } => OperationKind::Unlock,
            Self::SetPassword { .. } => OperationKind::SetPassword,
            Self::Delete { .. } => OperationKind::Delete,
        }
    }
}

/// The kinds of [`Operation`], for schemas and listings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// See [`Operation::Create`].
    Create,
    /// See [`Operation::Update`].
    Update,
    /// See [`Operation::Grant`].
    Grant,
    /// See [`Operation::Revoke`].
    Revoke,
    /// See [`Operation::Disable`].
    Disable,
    /// See [`Operation::Enable`].
    Enable,
    /// See [`Operation::Lock`].
    Lock,
    /// See [`Operation::Unlock`].
    Unlock,
    /// See [`Operation::SetPassword`].
    SetPassword,
    /// See [`Operation::Delete`].
    Delete,
}

impl OperationKind {
    /// All of them, in the order in which people think of them.
    pub const ALL: [Self; 10] = [
        Self::Create,
        Self::Update,
        Self::Grant,
        Self::Revoke,
        Self::Disable,
        Self::Enable,
        Self::Lock,
        Self::Unlock,
        Self::SetPassword,
        Self::Delete,
    ];

    /// The kind with that [name](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The name in plans and machine output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Grant => "grant",
            Self::Revoke => "revoke",
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::Lock => "lock",
            Self::Unlock => "unlock",
            Self::SetPassword => "set_password",
            Self::Delete => "delete",
        }
    }
}

/// What became of an operation that did not fail. A failure is an [`Error`](crate::Error); one whose
/// [`happened`](crate::Error::happened) is unknown leaves the operation pending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was carried out on the account with this id.
    Applied {
        /// The account's id, new for a create.
        account: String,
    },
    /// It was so already; nothing was sent, or the source said so.
    Unchanged {
        /// Why, for the user: "does not hold it".
        detail: String,
    },
}
