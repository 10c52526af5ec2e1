//! How much the store has of a source.

use super::reading::Reading;
use connector_core::Result;
use connector_store::{Store, sql};

/// How many accounts and entitlements a source has now: as many as `accounts` and `entitlements` list.
///
/// They are counted in indexes: a million accounts take some milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Accounts.
    pub accounts: u64,
    /// Those of them that are locked.
    pub locked: u64,
    /// Entitlements.
    pub entitlements: u64,
}

/// How much the store has of a source. Fails with kind `not_found` if it was never aggregated.
pub fn size(store: &Store, source: &str) -> Result<Size> {
    let reading = Reading::of(store, source)?;
    let count = |rows: &str| -> Result<u64> {
        let query = format!("SELECT count(*) FROM {rows} AND removed_run IS NULL");
        sql::one(&reading.connection, &query, [reading.source], |row| row.get(0))
    };
    Ok(Size {
        accounts: count("accounts WHERE source = ?1")?,
        locked: count("accounts WHERE source = ?1 AND locked = 1")?,
        // What only assignments name is listed by its holders alone.
        entitlements: count("entitlements WHERE source = ?1 AND first_run IS NOT NULL")?,
    })
}
