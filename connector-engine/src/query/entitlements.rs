//! Entitlements, and who holds one.

use super::reading::Reading;
use crate::store::{Store, attributes, sql};
use connector_core::{Entitlement, EntitlementRef, Result};
use rusqlite::{Row, params};
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

const SELECT: &str = "SELECT type, entitlement_id, name, description, attributes,
    (SELECT count(DISTINCT h.account) FROM assignments h WHERE h.entitlement = e.id AND h.removed_run IS NULL)
    FROM entitlements e";

/// Each holder once, in the order of the index: telling them apart by `DISTINCT` would keep all of them in memory.
pub(super) const HOLDERS: &str = "SELECT h.account, a.name, a.display_name, a.enabled FROM assignments h
    LEFT JOIN accounts a ON a.source = ?1 AND a.account_id = h.account AND a.removed_run IS NULL
    WHERE h.removed_run IS NULL AND h.entitlement =
        (SELECT id FROM entitlements WHERE source = ?1 AND type = ?2 AND entitlement_id = ?3)
    GROUP BY h.account ORDER BY h.account";

/// Streams the entitlements of a source, or those of one type, in the order of type and id. Returns how many.
pub fn entitlements(
    store: &Store,
    source: &str,
    entitlement_type: Option<&str>,
    mut each: impl FnMut(&StoredEntitlement) -> Result<()>,
) -> Result<u64> {
    let reading = Reading::of(store, source)?;
    let query = format!(
        "{SELECT} WHERE source = ?1 AND first_run IS NOT NULL AND removed_run IS NULL AND (?2 IS NULL OR type = ?2)
         ORDER BY type, entitlement_id"
    );
    let mut count = 0;
    sql::each(&reading.connection, &query, params![reading.source, entitlement_type], stored, |stored| {
        count += 1;
        each(&stored)
    })?;
    Ok(count)
}

/// The entitlement written as `TYPE/ID` or `TYPE/NAME`.
///
/// Fails with kind `not_found`, and with kind `conflict` when several entitlements of the type have that name.
pub fn entitlement(store: &Store, source: &str, written: &str) -> Result<StoredEntitlement> {
    let reading = Reading::of(store, source)?;
    let row = reading.entitlement_row(written)?;
    sql::one(&reading.connection, &format!("{SELECT} WHERE id = ?1"), [row], stored)
}

/// Streams who holds an entitlement, in the order of account ids. Returns how many.
pub fn holders(
    store: &Store,
    source: &str,
    entitlement: &EntitlementRef,
    mut each: impl FnMut(&Holder) -> Result<()>,
) -> Result<u64> {
    let reading = Reading::of(store, source)?;
    let parameters = params![reading.source, entitlement.entitlement_type, entitlement.id];
    let mut count = 0;
    sql::each(&reading.connection, HOLDERS, parameters, holder, |holder| {
        count += 1;
        each(&holder)
    })?;
    Ok(count)
}

fn holder(row: &Row<'_>) -> rusqlite::Result<Holder> {
    Ok(Holder { id: row.get(0)?, name: row.get(1)?, display_name: row.get(2)?, enabled: row.get(3)? })
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredEntitlement> {
    let key = EntitlementRef::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?);
    let mut entitlement = Entitlement::new(key, row.get::<_, String>(2)?);
    entitlement.description = row.get(3)?;
    entitlement.attributes = attributes(row, 4)?;
    Ok(StoredEntitlement { entitlement, holders: row.get(5)? })
}
