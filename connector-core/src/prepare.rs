//! Determines in advance what an operation changes.

use crate::account::Account;
use crate::entitlement::EntitlementRef;
use crate::error::Result;
use crate::operation::Operation;
use crate::secret::SecretRef;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Puts operations into the source's own terms before they are shown and carried out: names in values become ids,
/// defaults are filled in, and what the source is going to refuse is refused with the cure. Without this ability, the engine puts
/// ids in the place of [accounts](crate::AttributeSchema::is_account) that a plan names; with it, the connector does.
///
/// It sends nothing that changes the source. What it gives back is shown to the user, kept in the journal and handed to
/// [`Connector::provision`](crate::Connector::provision) just so.
#[async_trait]
pub trait PrepareOperations: Send + Sync {
    /// What each operation changes, in order. An error in its place is what the source would return.
    ///
    /// The outer error is for trouble that has nothing to do with one of them.
    async fn prepare_operations(&self, proposed: &[Proposed]) -> Result<Vec<Result<Prepared>>>;
}

/// An operation and the account as it will be when its turn comes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Proposed {
    /// What is wanted. Its password, if any, is a reference: preparing never sees one.
    pub operation: Operation<SecretRef>,
    /// The account; `None` for a create.
    pub account: Option<Account>,
    /// Values of the operation that name accounts which other operations of the plan create, without blanks around them.
    /// Their ids are not known yet: leave such a name as the value of a reference attribute, and the engine fills in the id
    /// before it sends the step.
    pub to_be_made: BTreeSet<String>,
    /// Entitlements of a create that the source does not have. The engine refuses the operation because of them; preparing
    /// it finds its other faults, so an entitlement that is named but unknown must not count as missing.
    pub unresolved: Vec<EntitlementRef>,
}

impl Proposed {
    /// An operation on an account; `None` for a create.
    pub fn new(operation: Operation<SecretRef>, account: Option<Account>) -> Self {
        Self { operation, account, to_be_made: BTreeSet::new(), unresolved: Vec::new() }
    }
}

/// What an operation changes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Prepared {
    /// It takes these steps, in this order; all of them concern the same account. In steps after a create the account's
    /// id is empty: the source has yet to give it. A step that changes nothing is left out, except for a lock: there may be
    /// several ways of being locked, so one that is given back here is needed.
    Steps {
        /// The steps to take.
        steps: Vec<Operation<SecretRef>>,
        /// The seats that it takes or gives back.
        seats: Vec<Seat>,
        /// What the user should know before approving it, such as that the source may not be ready for it yet.
        note: Option<String>,
    },
    /// There is nothing to change.
    Unchanged {
        /// Why, for the user: "does not hold it".
        detail: String,
    },
}

impl Prepared {
    /// It takes this one step and no seat.
    pub fn step(step: Operation<SecretRef>) -> Self {
        Self::steps(vec![step], Vec::new())
    }

    /// It takes these steps and seats.
    pub fn steps(steps: Vec<Operation<SecretRef>>, seats: Vec<Seat>) -> Self {
        Self::Steps { steps, seats, note: None }
    }

    /// Adds what the user should know before approving it.
    #[must_use]
    pub fn with_note(mut self, text: Option<String>) -> Self {
        if let Self::Steps { note, .. } = &mut self {
            *note = text;
        }
        self
    }

    /// Nothing has to change, for this reason.
    pub fn unchanged(detail: impl Into<String>) -> Self {
        Self::Unchanged { detail: detail.into() }
    }
}

/// A seat of a license that an operation takes or gives back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Seat {
    /// The license, for people: `Enterprise (user license)`.
    pub license: String,
    /// How many seats are free before the plan.
    pub free: u64,
    /// Whether it takes one, or gives one back.
    pub takes: bool,
}

impl Seat {
    /// A seat of a license that had so many free ones before the plan.
    pub fn new(license: impl Into<String>, free: u64, takes: bool) -> Self {
        Self { license: license.into(), free, takes }
    }
}
