//! One account and its history.

use super::diff::AttributeChange;
use crate::store::Store;
use connector_core::{Account, EntitlementRef, Error, ErrorKind, Result};
use jiff::Timestamp;
use serde::Serialize;

/// One account and its history.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AccountDetail {
    /// The account as it was last seen.
    #[serde(flatten)]
    pub account: Account,
    /// Whether it is gone from the source.
    pub removed: bool,
    /// What happened to it, the oldest first.
    pub history: Vec<HistoryEntry>,
}

/// Something that happened to an account.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HistoryEntry {
    /// The run that found it out.
    pub run: String,
    /// When that run began.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// Which values changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<AttributeChange>,
    /// Which entitlement was assigned or taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entitlement: Option<EntitlementRef>,
}

/// The kinds of things that happen to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// It came.
    Added,
    /// It came again after it was gone.
    Restored,
    /// Its values changed.
    Changed,
    /// It is gone.
    Removed,
    /// It holds an entitlement from now on.
    Assigned,
    /// It no longer holds an entitlement.
    Unassigned,
}

/// The account with that id or, when there is none, that name. Accounts that are gone are found by id.
///
/// Fails with kind `not_found`, and with kind `conflict` when several accounts have that name.
pub fn account(store: &Store, source: &str, id_or_name: &str) -> Result<AccountDetail> {
    let _ = (store, source, id_or_name);
    Err(Error::new(ErrorKind::Internal, "not built yet"))
}
