//! Steps: what is sent to a source.

use connector_core::{EntitlementRef, Error, ErrorKind, Operation, Result};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One step of an operation as the journal keeps it: an [`Operation`] without its account, and with the place of a
/// password instead of the password.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub(crate) enum Step {
    Create { name: String, attributes: Map<String, Value> },
    Update { set: Map<String, Value> },
    Grant { entitlement: EntitlementRef },
    Revoke { entitlement: EntitlementRef },
    Disable,
    Enable,
    Lock,
    Unlock,
    SetPassword { password_ref: Option<String> },
    Delete,
}

impl Step {
    /// The step of an operation; `password_ref` says where its password is kept.
    pub(crate) fn of(operation: Operation, password_ref: Option<&str>) -> Self {
        match operation {
            Operation::Create { name, attributes, .. } => Self::Create { name, attributes },
            Operation::Update { set, .. } => Self::Update { set },
            Operation::Grant { entitlement, .. } => Self::Grant { entitlement },
            Operation::Revoke { entitlement, .. } => Self::Revoke { entitlement },
            Operation::Disable { .. } => Self::Disable,
            Operation::Enable { .. } => Self::Enable,
            Operation::Lock { .. } => Self::Lock,
            Operation::Unlock { .. } => Self::Unlock,
            Operation::SetPassword { .. } => Self::SetPassword { password_ref: password_ref.map(str::to_owned) },
            Operation::Delete { .. } => Self::Delete,
        }
    }

    /// The operation on the account with this id; `password` is the secret of a step that sets one.
    pub(crate) fn operation(self, account: &str, password: Option<SecretString>) -> Operation {
        let account = account.to_owned();
        match self {
            Self::Create { name, attributes } => Operation::Create { name, attributes, entitlements: Vec::new() },
            Self::Update { set } => Operation::Update { account, set },
            Self::Grant { entitlement } => Operation::Grant { account, entitlement },
            Self::Revoke { entitlement } => Operation::Revoke { account, entitlement },
            Self::Disable => Operation::Disable { account },
            Self::Enable => Operation::Enable { account },
            Self::Lock => Operation::Lock { account },
            Self::Unlock => Operation::Unlock { account },
            Self::SetPassword { .. } => Operation::SetPassword { account, password },
            Self::Delete => Operation::Delete { account },
        }
    }

    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and JSON values can be written as JSON")
    }

    pub(crate) fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|cause| {
            Error::new(ErrorKind::Internal, "a step in the journal can't be read")
                .with_help("use the version of this program that wrote it")
                .with_cause(cause)
        })
    }
}
