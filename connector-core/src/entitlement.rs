//! What can be held.

use crate::attributes::Attributes;
use crate::error::Result;
use crate::schema::AttributeSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
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

/// Something that can be held: a profile, role, permission set, group or license.
///
/// ```
/// use connector_core::{Entitlement, EntitlementRef};
///
/// let mut sales = Entitlement::new(EntitlementRef::new("group", "g-17"), "Sales");
/// sales.description = Some("Everyone in sales".to_owned());
/// assert_eq!(sales.key.to_string(), "group/g-17");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Entitlement {
    /// Type and id.
    #[serde(flatten)]
    pub key: EntitlementRef,
    /// The name for people.
    pub name: String,
    /// What it is for, where the source says so.
    pub description: Option<String>,
    /// What the source's own lists call it, such as its DN, where that is not the id. [`Holder::Alias`](crate::Holder::Alias)
    /// finds it. A new alias alone is no change of the entitlement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// The named values in the source's own spelling.
    pub attributes: Attributes,
}

impl Entitlement {
    /// An entitlement with this name for people, and nothing else yet.
    pub fn new(key: EntitlementRef, name: impl Into<String>) -> Self {
        Self { key, name: name.into(), description: None, alias: None, attributes: Attributes::empty() }
    }

    /// Sets the attributes from a JSON object, such as `json!({"mail": mail})`. Fails with kind `protocol` if it is none.
    pub fn with_attributes(mut self, attributes: &Value) -> Result<Self> {
        self.attributes = Attributes::from_json(attributes)?;
        Ok(self)
    }
}

/// A type of entitlement that a connector reads.
///
/// ```
/// use connector_core::{AttributeSchema, EntitlementType};
///
/// let team = EntitlementType::new("team", "Team")
///     .described("Works with the others in it")
///     .with_attributes(vec![AttributeSchema::text("region")]);
/// assert!(team.grantable);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EntitlementType {
    /// The name in ids and commands, in snake case.
    pub name: Cow<'static, str>,
    /// The name for people.
    pub title: Cow<'static, str>,
    /// What holding one means, in a sentence.
    pub description: Cow<'static, str>,
    /// The position when an account is granted several at once: lower ones are granted first and revoked last. So a
    /// license comes before what needs it. 0 where it doesn't matter.
    pub rank: u8,
    /// Whether a plan can grant and revoke it. False where the source decides by itself who holds it.
    pub grantable: bool,
    /// The attributes of entitlements of this type.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<AttributeSchema>,
}

impl EntitlementType {
    /// A type that plans can grant, of rank 0, without a description or attributes.
    pub fn new(name: impl Into<Cow<'static, str>>, title: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            title: title.into(),
            description: Cow::Borrowed(""),
            rank: 0,
            grantable: true,
            attributes: Vec::new(),
        }
    }

    /// Says in a sentence what holding one means.
    #[must_use]
    pub fn described(mut self, description: impl Into<Cow<'static, str>>) -> Self {
        self.description = description.into();
        self
    }

    /// Sets the position in a series of grants, see [`rank`](Self::rank).
    #[must_use]
    pub fn ranked(mut self, rank: u8) -> Self {
        self.rank = rank;
        self
    }

    /// Says that no plan can grant or revoke it.
    #[must_use]
    pub fn not_grantable(mut self) -> Self {
        self.grantable = false;
        self
    }

    /// Sets the attributes of entitlements of this type.
    #[must_use]
    pub fn with_attributes(mut self, attributes: Vec<AttributeSchema>) -> Self {
        self.attributes = attributes;
        self
    }
}
