//! Accounts in the order of their ids.

use super::filter::Filter;
use crate::store::Store;
use connector_core::{Account, Error, ErrorKind, Result};

/// Which accounts to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccountQuery<'a> {
    /// Only those for which this holds.
    pub filter: Option<&'a Filter>,
    /// Only those that hold this entitlement: `TYPE/ID` or `TYPE/NAME`.
    pub holding: Option<&'a str>,
    /// At most so many.
    pub limit: Option<u64>,
}

/// Streams the accounts of a source in the order of their ids, each with all its entitlements in the order of type and
/// id. An account serializes to a line of `connector accounts --output json`. Returns how many there were.
///
/// Fails with kind `not_found` when the source was never aggregated or the entitlement does not exist.
pub fn accounts(
    store: &Store,
    source: &str,
    query: &AccountQuery<'_>,
    mut each: impl FnMut(&Account) -> Result<()>,
) -> Result<u64> {
    let _ = (store, source, query, &mut each);
    Err(Error::new(ErrorKind::Internal, "not built yet"))
}

/// The names of all attributes that accounts of the source have, sorted. Reads every account once.
pub fn attribute_names(store: &Store, source: &str) -> Result<Vec<String>> {
    let _ = (store, source);
    Err(Error::new(ErrorKind::Internal, "not built yet"))
}
