//! Which users hold which of the given entitlements.

use super::effect::{self, Effect};
use super::holdings::{HOLDINGS, Holding, holding};
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::record::Row;
use crate::api::rest::{self, Rest};
use crate::api::rights;
use crate::api::soql::{self, Select};
use crate::error;
use connector_core::{End, EntitlementRef, Result};
use std::collections::{BTreeMap, BTreeSet};

/// The most users, and the most entitlements, in one query.
const MAX_IDS_PER_QUERY: usize = 200;

/// One row: a user holds an entitlement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeldRow {
    /// The id of the row.
    pub(crate) row: RecordId,
    /// The user.
    pub(crate) user: RecordId,
    /// The entitlement.
    pub(crate) entitlement: RecordId,
    /// Whether it has effect.
    pub(crate) effect: Effect,
}

/// Which of the entitlements each user holds with effect and until when, in the spelling of `entitlements`.
pub(crate) async fn of_users(
    rest: &Rest,
    users: &[RecordId],
    entitlements: &BTreeSet<EntitlementRef>,
) -> Result<BTreeMap<RecordId, Vec<(EntitlementRef, End)>>> {
    let mut held: BTreeMap<RecordId, Vec<(EntitlementRef, End)>> = BTreeMap::new();
    let mut known = BTreeMap::new();
    for entitlement in entitlements {
        if let (Some(holding), Some(id)) = (holding(entitlement), RecordId::read(&entitlement.id)) {
            known.entry(holding.object).or_insert_with(BTreeMap::new).insert(id, entitlement);
        }
    }
    for (object, known) in known {
        let wanted: Vec<_> = known.keys().copied().collect();
        for row in rows(rest, object, users, &wanted).await?.into_iter().filter(|row| row.effect.is_held()) {
            if let Some(entitlement) = known.get(&row.entitlement) {
                held.entry(row.user).or_default().push(((*entitlement).clone(), row.effect.until.into()));
            }
        }
    }
    Ok(held)
}

/// The rows of an object in which one of the users holds one of the entitlements, whether they have effect or not.
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
            let found = keyset::all_shown(rest, &select(users), |row| read(row, object, users, wanted)).await;
            rows.extend(found.map_err(|refused| {
                if error::is_missing_object(&refused) { rights::missing(object, refused) } else { refused }
            })?);
        }
    }
    Ok(rows)
}

/// The fields in which rows of an object contain the entitlement. The field of a group comes first: the row of a permission
/// set group also contains the group's aggregate set.
fn ways(object: &str) -> Vec<&'static Holding> {
    let mut ways: Vec<_> = HOLDINGS.iter().filter(|holding| holding.object == object).collect();
    ways.dedup_by_key(|holding| holding.held);
    ways.reverse();
    ways
}

fn select(object: &'static str, users: &[RecordId], entitlements: &[RecordId]) -> Select<'static> {
    let ways = ways(object);
    let user = ways.first().map_or("UserId", |way| way.user);
    let mut fields: Vec<&'static str> = vec!["Id", user];
    fields.extend(ways.iter().map(|way| way.held));
    fields.extend(effect::fields(object));
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
            // A row of a group whose aggregate set alone was requested contains none of the requested entitlements.
            let asked = entitlements.contains(&entitlement);
            if !users.contains(&user) || (!asked && ways.len() == 1) {
                return Err(row.odd("is not one of those that were requested"));
            }
            let effect = Effect::read(row)?;
            return Ok(asked.then_some(HeldRow { row: id, user, entitlement, effect }));
        }
    }
    Err(row.odd("does not name an entitlement"))
}
