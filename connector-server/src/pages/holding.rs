//! What somebody or something holds, in rows.

use super::part::holding_badge;
use crate::address;
use crate::text::Badge;
use connector_core::{EntitlementRef, Result};
use connector_engine::query::{Holding, Names};
use connector_text::day;

/// Something that is held.
pub(crate) struct HoldingRow {
    pub(crate) entitlement_type: String,
    pub(crate) name: String,
    pub(crate) address: String,
    /// The entitlements that lead to it, from the one that the account itself holds.
    pub(crate) path: Vec<Step>,
    pub(crate) badge: Option<Badge>,
    pub(crate) until: Option<String>,
    /// Since when, if the history says so.
    pub(crate) since: Option<String>,
}

/// An entitlement on the way to another.
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) address: String,
}

impl Step {
    pub(crate) fn of(source: &str, names: &Names, entitlement: &EntitlementRef) -> Result<Self> {
        let name = names.entitlement(entitlement)?.unwrap_or_else(|| entitlement.id.clone());
        Ok(Self { name, address: address::entitlement(source, &entitlement.entitlement_type, &entitlement.id) })
    }
}

impl HoldingRow {
    pub(crate) fn of(source: &str, names: &Names, holding: &Holding) -> Result<Self> {
        let Step { name, address } = Step::of(source, names, &holding.entitlement)?;
        let path = holding.path.iter().chain(&holding.through);
        Ok(Self {
            entitlement_type: holding.entitlement.entitlement_type.to_string(),
            name,
            address,
            path: path.map(|step| Step::of(source, names, step)).collect::<Result<_>>()?,
            badge: holding_badge(holding.state),
            until: holding.valid_until.map(day),
            since: None,
        })
    }
}
