//! What changed between two runs.

use crate::store::Store;
use connector_core::{EntitlementRef, Error, ErrorKind, Result};
use serde::Serialize;
use serde_json::Value;

/// What became of a row between two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is there now and was not before.
    Added,
    /// It was there before with other values.
    Changed,
    /// It was there before and is not now.
    Removed,
}

/// A value that changed; null is an absent value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttributeChange {
    /// `name`, `display_name`, `enabled`, `locked`, `description`, or the attribute's own name. An attribute that is
    /// called like one of the five is written `attributes.NAME`.
    pub attribute: String,
    /// The value before.
    pub from: Value,
    /// The value now.
    pub to: Value,
}

/// One difference between two runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Difference {
    /// An account.
    Account {
        /// What became of it.
        change: Change,
        /// Its id.
        id: String,
        /// Its name, the newer one.
        name: String,
        /// Its values that differ: all of them for one that came or is gone.
        changes: Vec<AttributeChange>,
    },
    /// An entitlement.
    Entitlement {
        /// What became of it.
        change: Change,
        /// Type and id.
        entitlement: EntitlementRef,
        /// Its name, the newer one.
        name: String,
        /// Its values that differ: all of them for one that came or is gone.
        changes: Vec<AttributeChange>,
    },
    /// An assignment.
    Assignment {
        /// What became of it: added or removed.
        change: Change,
        /// The account's id.
        account: String,
        /// The account's name, where the account is known.
        account_name: Option<String>,
        /// What it holds or held.
        entitlement: EntitlementRef,
        /// The entitlement's name, where it is known.
        entitlement_name: Option<String>,
    },
}

/// How many differences of one kind there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Rows that came.
    pub added: u64,
    /// Rows with other values.
    pub changed: u64,
    /// Rows that are gone.
    pub removed: u64,
}

/// How many differences between two runs there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiffSummary {
    /// The earlier run; absent when everything counts as new.
    pub from: Option<String>,
    /// The later run.
    pub to: String,
    /// Accounts.
    pub accounts: Tally,
    /// Entitlements.
    pub entitlements: Tally,
    /// Assignments.
    pub assignments: Tally,
}

/// Streams what changed from the end of the run `from` to the end of the run `to`: accounts, entitlements, then
/// assignments. By default `to` is the newest run that succeeded and `from` the one that succeeded before it; when
/// there was none, everything is new.
///
/// Fails with kind `not_found` when there is no such run.
pub fn diff(
    store: &Store,
    source: &str,
    from: Option<&str>,
    to: Option<&str>,
    mut each: impl FnMut(&Difference) -> Result<()>,
) -> Result<DiffSummary> {
    let _ = (store, source, from, to, &mut each);
    Err(Error::new(ErrorKind::Internal, "not built yet"))
}
