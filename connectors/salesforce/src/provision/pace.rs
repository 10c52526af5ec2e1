//! How many records go into one request, and which requests run alone.

use super::Work;
use connector_core::{Change, Operation};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::MutexGuard;

/// What was learned of an org about the requests that it bears.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// The most records of a request, by what the request does, where the org does not bear the usual number.
    portions: Mutex<BTreeMap<&'static str, usize>>,
    membership: tokio::sync::Mutex<()>,
}

impl Pace {
    /// The most records of a request; no more than `usual`.
    pub(super) fn portion(&self, doing: &'static str, usual: usize) -> usize {
        let known = self.portions.lock().unwrap_or_else(PoisonError::into_inner).get(doing).copied();
        known.unwrap_or(usual).clamp(1, usual.max(1))
    }

    /// Keeps that the org does not bear more records than this.
    pub(super) fn bears(&self, doing: &'static str, most: usize) {
        let mut portions = self.portions.lock().unwrap_or_else(PoisonError::into_inner);
        let known = portions.entry(doing).or_insert(most);
        *known = most.min(*known);
    }

    /// Waits until no other request of this source changes group memberships, if these operations do. Salesforce locks all
    /// memberships of the org during such a change, and refuses others instead of queuing them.
    pub(super) async fn turn(&self, work: Work, operations: &[Operation]) -> Option<MutexGuard<'_, ()>> {
        if operations.iter().any(|operation| locks_membership(work, operation)) {
            Some(self.membership.lock().await)
        } else {
            None
        }
    }
}

/// Whether Salesforce computes anew who is in which group. A role is a group, too.
fn locks_membership(work: Work, operation: &Operation) -> bool {
    const MOVES: [&str; 2] = ["UserRoleId", "IsActive"];
    match (work, &operation.change) {
        (Work::Grant(holding) | Work::Revoke(holding), _) => {
            matches!(holding.object, "GroupMember" | "UserTerritory2Association")
        }
        (_, Change::Create { attributes, .. }) => attributes.contains_key("UserRoleId"),
        (_, Change::Update { set, .. }) => MOVES.iter().any(|name| set.contains_key(*name)),
        (_, Change::Enable | Change::Disable) => true,
        (_, change) => change.entitlement().is_some_and(|held| held.entitlement_type == "role"),
    }
}
