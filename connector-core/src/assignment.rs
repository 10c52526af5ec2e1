//! Who holds what.

use crate::attributes::Attributes;
use crate::entitlement::EntitlementRef;
use crate::error::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use strum::{EnumString, IntoStaticStr};

/// A [`Holder`] holds an entitlement.
///
/// Report each holder, entitlement and [`through`](Self::through) once. Report what has no effect too, with its state or its
/// end: the engine keeps it, and lists as held only what has effect.
///
/// ```
/// use connector_core::{Assignment, AssignmentState, EntitlementRef, Holder};
///
/// // Jane holds a permission set until the end of January.
/// let group = EntitlementRef::new("group", "g-17");
/// let mut direct = Assignment::new(Holder::account("0042"), group.clone());
/// direct.valid_until = Some("2027-01-31T00:00:00Z".parse().unwrap());
/// assert_eq!(direct.state, AssignmentState::Active);
///
/// // Whoever holds the role holds the group.
/// let nested = Assignment::new(Holder::Entitlement(EntitlementRef::new("role", "r-3")), group.clone());
/// assert!(nested.holder.account_id().is_none());
///
/// // The source lists members by a name of its own. The engine finds the account or entitlement with that alias.
/// let listed = Assignment::new(Holder::alias("cn=Jane,ou=people"), group);
/// assert_eq!(listed.holder.to_string(), "cn=Jane,ou=people");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Assignment {
    /// Who holds it.
    pub holder: Holder,
    /// What is held.
    pub entitlement: EntitlementRef,
    /// Whether it has effect, as the source says.
    pub state: AssignmentState,
    /// When it ends, where an end is set. An assignment whose end has passed is shown as expired, whatever its state.
    pub valid_until: Option<Timestamp>,
    /// The entitlement that gave it, where the source itself lists what follows from that entitlement.
    pub through: Option<EntitlementRef>,
    /// Values of the assignment itself, such as the role of a member in a group.
    pub attributes: Attributes,
}

impl Assignment {
    /// An active assignment without an end.
    pub fn new(holder: Holder, entitlement: EntitlementRef) -> Self {
        Self {
            holder,
            entitlement,
            state: AssignmentState::Active,
            valid_until: None,
            through: None,
            attributes: Attributes::empty(),
        }
    }

    /// Sets the attributes from a JSON object, such as `json!({"role": "lead"})`. Fails with kind `protocol` if it is none.
    pub fn with_attributes(mut self, attributes: &Value) -> Result<Self> {
        self.attributes = Attributes::from_json(attributes)?;
        Ok(self)
    }
}

/// Who holds an entitlement.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Holder {
    /// The account with this id.
    Account(String),
    /// Whoever holds this entitlement: a group in a group, a role below a role, a permission set in a group of them.
    Entitlement(EntitlementRef),
    /// The account, or else the entitlement, with this [alias](crate::Account::alias). Both must be written the same way.
    Alias(String),
}

impl Holder {
    /// The account with this id.
    pub fn account(id: impl Into<String>) -> Self {
        Self::Account(id.into())
    }

    /// The account or entitlement with this alias.
    pub fn alias(alias: impl Into<String>) -> Self {
        Self::Alias(alias.into())
    }

    /// The account's id, where the holder is named by it.
    pub fn account_id(&self) -> Option<&str> {
        match self {
            Self::Account(id) => Some(id),
            Self::Entitlement(_) | Self::Alias(_) => None,
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(text) | Self::Alias(text) => f.write_str(text),
            Self::Entitlement(reference) => reference.fmt(f),
        }
    }
}

/// Whether an assignment has effect, as the source says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[non_exhaustive]
pub enum AssignmentState {
    /// It has effect.
    #[default]
    Active,
    /// It exists, but has no effect: suspended, revoked or ended.
    Inactive,
    /// It takes effect later.
    Scheduled,
}

impl AssignmentState {
    /// The name in machine output.
    pub fn name(self) -> &'static str {
        self.into()
    }
}
