//! Which users hold which of some entitlements.

use super::holdings::{HOLDINGS, Holding, holding};
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::record::Row;
use crate::api::rest::{self, Rest};
use crate::api::rights;
use crate::api::soql::{self, Select};
use crate::error;
use connector_core::{EntitlementRef, Result};
use std::collections::{BTreeMap, BTreeSet};

/// The most users, and the most entitlements, that one query names.
const MAX_IDS_PER_QUERY: usize = 200;

/// One row: a user holds an entitlement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeldRow {
    /// The id of the row.
    pub(crate) row: RecordId,
    /// The user.
    pub(crate) user: RecordId,
    /// What is held.
    pub(crate) entitlement: RecordId,
}

/// For each of the users what they hold of the entitlements, in the spelling of `entitlements`.
pub(crate) async fn of_users(
    rest: &Rest,
    users: &[RecordId],
    entitlements: &BTreeSet<EntitlementRef>,
) -> Result<BTreeMap<RecordId, Vec<EntitlementRef>>> {
    let mut held: BTreeMap<RecordId, Vec<EntitlementRef>> = BTreeMap::new();
    let mut known = BTreeMap::new();
    for entitlement in entitlements {
        if let (Some(holding), Some(id)) = (holding(entitlement), RecordId::read(&entitlement.id)) {
            known.entry(holding.object).or_insert_with(BTreeMap::new).insert(id, entitlement);
        }
    }
    for (object, known) in known {
        let wanted: Vec<_> = known.keys().copied().collect();
        for row in rows(rest, object, users, &wanted).await? {
            if let Some(entitlement) = known.get(&row.entitlement) {
                held.entry(row.user).or_default().push((*entitlement).clone());
            }
        }
    }
    Ok(held)
}

/// The rows of an object in which one of the users holds one of the entitlements.
pub(crate) async fn rows(
    rest: &Rest,
    object: &'static str,
    users: &[RecordId],
    entitlements: &[RecordId],
) -> Result<Vec<HeldRow>> {
    let mut rows = Vec::new();
    for wanted in entitlements.chunks(MAX_IDS_PER_QUERY) {
        let select = |users: &[RecordId]| select(object, users, wanted);
        let fits = |users: &[RecordId]| rest::fits(&select(users).page(&keyset::FIRST));
        for users in soql::portions(users, MAX_IDS_PER_QUERY, &fits) {
            let found = keyset::all(rest, &select(users), |row| read(row, object, users, wanted)).await;
            rows.extend(found.map_err(|refused| {
                if error::is_missing_object(&refused) { rights::missing(object, refused) } else { refused }
            })?);
        }
    }
    Ok(rows)
}

/// The ways in which rows of an object say what is held, the one that names a group first: the row of a permission set
/// group names the group's aggregate set as well.
fn ways(object: &str) -> Vec<&'static Holding> {
    let mut ways: Vec<_> = HOLDINGS.iter().filter(|holding| holding.object == object).collect();
    ways.dedup_by_key(|holding| holding.held);
    ways.reverse();
    ways
}

fn select(object: &'static str, users: &[RecordId], entitlements: &[RecordId]) -> Select<'static> {
    let ways = ways(object);
    let user = ways.first().map_or("UserId", |way| way.user);
    let mut fields = vec!["Id", user];
    fields.extend(ways.iter().map(|way| way.held));
    let ids = || entitlements.iter().map(RecordId::as_str);
    let held = ways.iter().map(|way| soql::one_of(way.held, ids())).collect::<Vec<_>>().join(" OR ");
    let users = soql::one_of(user, users.iter().map(RecordId::as_str));
    let filter = if ways.len() > 1 { format!("{users} AND ({held})") } else { format!("{users} AND {held}") };
    Select { object, fields, filter: Some(filter.into()) }
}

fn read(row: &Row<'_>, object: &str, users: &[RecordId], entitlements: &[RecordId]) -> Result<Option<HeldRow>> {
    let ways = ways(object);
    let (_, id) = row.id("Id")?;
    let (_, user) = row.id(ways.first().map_or("UserId", |way| way.user))?;
    for way in &ways {
        if let Some((_, entitlement)) = row.some_id(way.held)? {
            // The row of a group for which only its aggregate set was asked holds none of what was asked.
            let asked = entitlements.contains(&entitlement);
            if !users.contains(&user) || (!asked && ways.len() == 1) {
                return Err(row.odd("is none of those that were asked for"));
            }
            return Ok(asked.then_some(HeldRow { row: id, user, entitlement }));
        }
    }
    Err(row.odd("does not say what is held"))
}
