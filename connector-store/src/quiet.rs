//! The attributes whose values alone are no change.

use super::column::unreadable;
use connector_core::{AttributeSchema, Connector, ReadEntitlements};
use connector_sql::Row;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The attributes whose values alone are no change, as the connector declares them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quiet {
    /// Quiet attributes of accounts.
    pub accounts: BTreeSet<String>,
    /// By type of entitlement.
    entitlements: BTreeMap<String, BTreeSet<String>>,
}

impl Quiet {
    /// The quiet attributes of a connector.
    pub fn of(connector: &dyn Connector) -> Self {
        let quiet = |attributes: &[AttributeSchema]| -> BTreeSet<String> {
            attributes.iter().filter(|attribute| attribute.quiet).map(|attribute| attribute.name.clone()).collect()
        };
        let types = connector.capabilities().entitlements().map(ReadEntitlements::entitlement_types);
        let entitlements =
            types.into_iter().flatten().map(|one| (one.name.into_owned(), quiet(&one.attributes))).collect();
        Self { accounts: quiet(&connector.schema().attributes), entitlements }
    }

    /// The quiet attributes of a type of entitlements.
    pub fn of_type(&self, entitlement_type: &str) -> &BTreeSet<String> {
        const NONE: &BTreeSet<String> = &BTreeSet::new();
        self.entitlements.get(entitlement_type).unwrap_or(NONE)
    }

    /// The text in the store.
    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("texts can be written as JSON")
    }

    /// Reads what `to_text` wrote.
    pub fn from_row(row: &Row<'_>, column: usize) -> connector_sql::Result<Self> {
        serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(|cause| unreadable(column, cause.to_string()))
    }
}
