//! Entitlements, and who holds them.

use super::EntitlementKey;
use connector_core::Attributes;
use connector_engine::query;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Something that an account can hold.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Entitlement {
    /// Type and id.
    #[serde(flatten)]
    key: EntitlementKey,
    /// Its name.
    name: String,
    /// A description for people.
    #[schema(required)]
    description: Option<String>,
    /// Another name that the source's own lists use.
    #[schema(required)]
    alias: Option<String>,
    /// How many accounts hold it directly, with effect.
    holders: u64,
    /// The attributes, as the source has them.
    #[schema(value_type = BTreeMap<String, Value>)]
    attributes: Attributes,
}

/// An account that holds an entitlement, and how.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Holder {
    /// The account's id.
    pub(crate) id: String,
    /// The account's name. Null if the source did not show the account.
    #[schema(required)]
    name: Option<String>,
    /// A name for people.
    #[schema(required)]
    display_name: Option<String>,
    /// Whether the account can be used.
    #[schema(required)]
    enabled: Option<bool>,
    /// `active`, `expired`, `inactive` or `scheduled`.
    state: &'static str,
    /// When it ends.
    #[schema(required)]
    valid_until: Option<Timestamp>,
    /// The entitlements that lead to it, from the one that the account itself holds. Empty for what it holds itself.
    path: Vec<EntitlementKey>,
}

impl From<&query::StoredEntitlement> for Entitlement {
    fn from(stored: &query::StoredEntitlement) -> Self {
        let entitlement = &stored.entitlement;
        Self {
            key: (&entitlement.key).into(),
            name: entitlement.name.clone(),
            description: entitlement.description.clone(),
            alias: entitlement.alias.clone(),
            holders: stored.holders,
            attributes: entitlement.attributes.clone(),
        }
    }
}

impl From<&query::Holder> for Holder {
    fn from(holder: &query::Holder) -> Self {
        Self {
            id: holder.id.clone(),
            name: holder.name.clone(),
            display_name: holder.display_name.clone(),
            enabled: holder.enabled,
            state: holder.state.name(),
            valid_until: holder.valid_until,
            path: holder.path.iter().chain(&holder.through).map(EntitlementKey::from).collect(),
        }
    }
}
