//! What changed between two runs.

use super::{EntitlementKey, ValueChange};
use connector_engine::query::{self, Change, Tally};
use serde::Serialize;
use utoipa::ToSchema;

/// What changed between two runs, page by page.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DifferencePage {
    /// The earlier run. Null if everything counts as new.
    #[schema(required)]
    pub(crate) from: Option<String>,
    /// The later run.
    pub(crate) to: String,
    /// How many accounts were added, changed and removed, on all pages.
    pub(crate) accounts: ChangeCounts,
    /// The same for entitlements.
    pub(crate) entitlements: ChangeCounts,
    /// The same for assignments of accounts.
    pub(crate) assignments: ChangeCounts,
    /// The same for assignments whose holders are entitlements.
    pub(crate) nestings: ChangeCounts,
    /// The differences.
    pub(crate) items: Vec<Difference>,
    /// Where the next page begins: pass it as `after`. Null on the last page.
    #[schema(required)]
    pub(crate) next: Option<String>,
}

/// How many rows were added, changed and removed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangeCounts {
    added: u64,
    changed: u64,
    removed: u64,
}

/// One difference.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Difference {
    /// `account`, `entitlement`, `assignment` or `nesting`.
    what: &'static str,
    /// `added`, `changed` or `removed`.
    change: &'static str,
    /// The id of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    account: Option<String>,
    /// The entitlement that is the holder.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    holder: Option<EntitlementKey>,
    /// The entitlement.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    entitlement: Option<EntitlementKey>,
    /// The name of the account or, without one, of the entitlement.
    #[schema(required)]
    name: Option<String>,
    /// The values that differ; all of them if it was added or removed.
    changes: Vec<ValueChange>,
}

impl From<Tally> for ChangeCounts {
    fn from(Tally { added, changed, removed }: Tally) -> Self {
        Self { added, changed, removed }
    }
}

impl From<&query::Difference> for Difference {
    fn from(difference: &query::Difference) -> Self {
        let (what, account, holder, name) = match difference {
            query::Difference::Account { id, name, .. } => ("account", Some(id.clone()), None, Some(name.clone())),
            query::Difference::Entitlement { name, .. } => ("entitlement", None, None, Some(name.clone())),
            query::Difference::Assignment { account, account_name, .. } => {
                ("assignment", Some(account.clone()), None, account_name.clone())
            }
            query::Difference::Nesting { holder, entitlement_name, .. } => {
                ("nesting", None, Some(holder.into()), entitlement_name.clone())
            }
        };
        let change = match difference.change() {
            Change::Added => "added",
            Change::Changed => "changed",
            Change::Removed => "removed",
        };
        Self {
            what,
            change,
            account,
            holder,
            entitlement: difference.entitlement().map(EntitlementKey::from),
            name,
            changes: difference.changes().iter().map(ValueChange::from).collect(),
        }
    }
}
