//! Entitlements, and who holds one.

use crate::store::Store;
use connector_core::{Entitlement, EntitlementRef, Error, ErrorKind, Result};
use serde::Serialize;

/// An entitlement of the store. Serializes to a line of `connector entitlements --output json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredEntitlement {
    /// The entitlement.
    #[serde(flatten)]
    pub entitlement: Entitlement,
    /// How many accounts hold it.
    #[serde(skip)]
    pub holders: u64,
}

/// Who holds an entitlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// The account's id.
    pub id: String,
    /// The account's name; absent when the source did not show the account.
    pub name: Option<String>,
    /// The account's display name, where it has one.
    pub display_name: Option<String>,
    /// Whether the account may be used.
    pub enabled: Option<bool>,
}

/// Streams the entitlements of a source, or those of one type, in the order of type and id. Returns how many.
pub fn entitlements(
    store: &Store,
    source: &str,
    entitlement_type: Option<&str>,
    mut each: impl FnMut(&StoredEntitlement) -> Result<()>,
) -> Result<u64> {
    let _ = (store, source, entitlement_type, &mut each);
    Err(Error::new(ErrorKind::Internal, "not built yet"))
}

/// The entitlement written as `TYPE/ID` or `TYPE/NAME`.
///
/// Fails with kind `not_found`, and with kind `conflict` when several entitlements of the type have that name.
pub fn entitlement(store: &Store, source: &str, written: &str) -> Result<StoredEntitlement> {
    let _ = (store, source, written);
    Err(Error::new(ErrorKind::Internal, "not built yet"))
}

/// Streams who holds an entitlement, in the order of account ids. Returns how many.
pub fn holders(
    store: &Store,
    source: &str,
    entitlement: &EntitlementRef,
    mut each: impl FnMut(&Holder) -> Result<()>,
) -> Result<u64> {
    let _ = (store, source, entitlement, &mut each);
    Err(Error::new(ErrorKind::Internal, "not built yet"))
}
