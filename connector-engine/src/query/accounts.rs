//! Accounts in the order of their ids.

use super::filter::Filter;
use super::reading::{Reading, account_from_row, key_of};
use crate::store::{Store, fault};
use connector_core::{Account, Result};
use std::collections::BTreeSet;

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
    let reading = Reading::of(store, source)?;
    let holding = query.holding.map(|written| reading.entitlement_row(written)).transpose()?;
    let named = reading.named()?;
    // Both tables in the order of account ids, side by side.
    let mut accounts = reading
        .connection
        .prepare(
            "SELECT account_id, name, display_name, enabled, locked, attributes
             FROM accounts INDEXED BY accounts_by_id WHERE source = ?1 AND removed_run IS NULL ORDER BY account_id",
        )
        .map_err(fault)?;
    let mut accounts = accounts.query([reading.source]).map_err(fault)?;
    let mut assignments = reading
        .connection
        .prepare(
            "SELECT account, entitlement FROM assignments
             WHERE source = ?1 AND removed_run IS NULL ORDER BY account, entitlement",
        )
        .map_err(fault)?;
    let mut assignments = assignments.query([reading.source]).map_err(fault)?;
    let mut assignment = assignments.next().map_err(fault)?;
    let mut count = 0;
    let mut held = Vec::new();
    while query.limit.is_none_or(|limit| count < limit)
        && let Some(row) = accounts.next().map_err(fault)?
    {
        let mut account = account_from_row(row).map_err(fault)?;
        held.clear();
        while let Some(row) = assignment {
            let holder = row.get_ref(0).map_err(fault)?.as_str().map_err(|cause| fault(cause.into()))?;
            match holder.cmp(&account.id) {
                std::cmp::Ordering::Greater => break,
                std::cmp::Ordering::Equal => held.push(row.get::<_, i64>(1).map_err(fault)?),
                std::cmp::Ordering::Less => {}
            }
            assignment = assignments.next().map_err(fault)?;
        }
        held.dedup();
        if holding.is_some_and(|wanted| !held.contains(&wanted)) {
            continue;
        }
        account.entitlements.extend(held.iter().map(|row| key_of(named.get(row))));
        account.entitlements.sort_unstable();
        if query.filter.is_some_and(|filter| !filter.matches(&account)) {
            continue;
        }
        count += 1;
        each(&account)?;
    }
    Ok(count)
}

/// The names of all attributes that accounts of the source have, sorted. Reads every account once.
pub fn attribute_names(store: &Store, source: &str) -> Result<Vec<String>> {
    let reading = Reading::of(store, source)?;
    names_in(&reading, "SELECT attributes FROM accounts WHERE source = ?1 AND +removed_run IS NULL")
}

/// The names of all attributes in the rows of a query with one column and the source as its parameter, sorted.
pub(super) fn names_in(reading: &Reading, query: &str) -> Result<Vec<String>> {
    let mut statement = reading.connection.prepare(query).map_err(fault)?;
    let mut rows = statement.query([reading.source]).map_err(fault)?;
    let mut names: BTreeSet<String> = BTreeSet::new();
    while let Some(row) = rows.next().map_err(fault)? {
        for (name, _) in crate::store::attributes(row, 0).map_err(fault)?.entries() {
            if !names.contains(&*name) {
                names.insert(name.into_owned());
            }
        }
    }
    Ok(names.into_iter().collect())
}
