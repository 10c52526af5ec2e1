//! Operations of a plan as the journal keeps them.

use super::journal::NewOperation;
use connector_core::{EntitlementRef, Error, ErrorKind, Result, SecretRef};
use connector_project::plan::PlanOperation;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a plan asks of an account. Holds no secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asked {
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) attributes: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) entitlements: Vec<EntitlementRef>,
    /// Where the new password is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) password_ref: Option<String>,
}

impl Asked {
    pub(crate) fn from_json(text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Written {
            #[serde(flatten)]
            asked: Asked,
        }
        serde_json::from_str::<Written>(text).map(|written| written.asked).map_err(|cause| {
            Error::new(ErrorKind::Internal, "an operation in the journal can't be read").with_cause(cause)
        })
    }

    /// The ref of the new password.
    pub(crate) fn password(&self) -> Result<Option<SecretRef>> {
        self.password_ref.as_deref().map(password_ref).transpose()
    }
}

/// A ref that the journal keeps.
pub(crate) fn password_ref(text: &str) -> Result<SecretRef> {
    text.parse().map_err(|fault: String| Error::new(ErrorKind::Definition, fault))
}

/// What the journal keeps of an operation: kind and account beside what is asked.
pub(crate) fn written(operation: &PlanOperation) -> NewOperation {
    #[derive(Serialize)]
    struct Written<'a> {
        kind: &'static str,
        account: &'a str,
        #[serde(flatten)]
        asked: Asked,
    }
    let asked = Asked {
        attributes: operation.attributes.clone(),
        entitlements: operation.entitlements.clone(),
        password_ref: operation.password.as_ref().map(ToString::to_string),
    };
    let written = Written { kind: operation.kind.name(), account: &operation.account, asked };
    NewOperation {
        kind: operation.kind,
        account: operation.account.clone(),
        asked: serde_json::to_string(&written).expect("texts and JSON values can be written as JSON"),
    }
}
