//! How many users hold what. A deleted assignment leaves no trace in Salesforce, but the number of those that are left does.

use super::place::{Holders, Place, expired};
use crate::api::groups::{self, MOST_GROUPS};
use crate::api::ranges::{RecordId, split};
use crate::api::record::{self, Asked};
use crate::api::rest::Rest;
use crate::api::soql;
use crate::assignments::holdings::{HOLDINGS, Holding};
use crate::assignments::read;
use crate::error;
use crate::identities;
use connector_core::{Cursor, EntitlementRef, Error, HolderRange, Page, Result, SourceChange};

/// The most rows in a page.
const MOST_ROWS: usize = soql::MAX_ROWS_PER_PAGE;

/// Into how many parts a large set of holders is divided to find where something is missing.
const PARTS: u64 = 16;

/// How one type of entitlement is counted.
fn holding(entitlement_type: &str) -> Result<&'static Holding> {
    let known = HOLDINGS.iter().find(|holding| holding.entitlement_type == entitlement_type);
    known.ok_or_else(|| expired(format!("this version does not count the holders of `{entitlement_type}`")))
}

/// The condition on the rows of a type: users that hold it.
fn condition(holding: &Holding) -> String {
    match holding.entitlement_type {
        "permission_set" => "PermissionSetGroupId = null AND PermissionSet.IsOwnedByProfile != true".to_owned(),
        "permission_set_group" => "PermissionSetGroupId != null".to_owned(),
        "group" => format!("Group.Type = 'Regular' AND {}", members_that_are("005", "006")),
        "queue" => format!("Group.Type = 'Queue' AND {}", members_that_are("005", "006")),
        _ => format!("{} != null", holding.user),
    }
}

/// The condition that members have ids from one key prefix up to another.
pub(super) fn members_that_are(from: &str, to: &str) -> String {
    format!("UserOrGroupId >= '{from}000000000000' AND UserOrGroupId < '{to}000000000000'")
}

/// How many users hold each entitlement of a type. Nothing if the org does not have the object.
pub(super) async fn of_type(rest: &Rest, entitlement_type: &str) -> Result<Page<SourceChange>> {
    let holding = holding(entitlement_type)?;
    let mut counts: Vec<(String, u64)> = Vec::new();
    loop {
        let after = counts.last().map(|(id, _)| format!("{} > {} AND ", holding.held, soql::quoted(id)));
        let soql = format!(
            "SELECT {held}, COUNT(Id) holders FROM {object} WHERE {after}{condition} GROUP BY {held} ORDER BY {held} LIMIT {MOST_GROUPS}",
            held = holding.held,
            object = holding.object,
            after = after.unwrap_or_default(),
            condition = condition(holding),
        );
        let body = match rest.query(holding.object, &soql).await {
            Err(refused) if error::is_missing_object(&refused) => return Ok(Page::last(Vec::new())),
            answered => answered.map_err(|refused| uncountable(holding, refused))?,
        };
        let groups = in_order(&body, holding, counts.last().map(|(id, _)| id.as_str()))?;
        let is_last = groups.len() < MOST_GROUPS;
        counts.extend(groups);
        if is_last {
            return Ok(Page::last(vec![SourceChange::HolderCounts(entitlement_type.to_owned(), counts)]));
        }
    }
}

/// The groups of an answer, in the order of their ids.
fn in_order(body: &[u8], holding: &Holding, after: Option<&str>) -> Result<Vec<(String, u64)>> {
    let odd = |what: &str| record::odd(holding.object, what);
    let mut last = after.and_then(RecordId::read);
    let mut counts = Vec::new();
    for group in groups::read(holding.object, body, holding.held, "holders")? {
        let id = group.key.as_deref().and_then(RecordId::read).ok_or_else(|| odd("has a group without an id"))?;
        if last.is_some_and(|last| id <= last) {
            return Err(odd("has groups that are repeated or out of order"));
        }
        last = Some(id);
        counts.push((id.as_str().to_owned(), group.count));
    }
    Ok(counts)
}

/// Where to read holders again. A large set of which little is gone is counted in parts first.
pub(super) fn read_again(range: &HolderRange, counted: u64, stored: u64) -> Result<Vec<Cursor>> {
    let id = |text: &Option<String>| text.as_deref().and_then(RecordId::read);
    let holders = Holders {
        entitlement_type: range.entitlement.entitlement_type.to_string(),
        id: range.entitlement.id.clone(),
        after: id(&range.after),
        up_to: id(&range.up_to),
    };
    if identities::is_app(&holders.entitlement_type) {
        let Holders { id: app, after, up_to, .. } = holders;
        return Ok(vec![Place::App(identities::Place::Holders { app, after, up_to }).cursor()?]);
    }
    let pages = counted / MOST_ROWS as u64;
    let place = if pages <= PARTS * counted.abs_diff(stored) { Place::Holders(holders) } else { Place::Parts(holders) };
    Ok(vec![place.cursor()?])
}

/// Divides the holders into parts to count.
pub(super) async fn parts(rest: &Rest, holders: &Holders) -> Result<Page<SourceChange>> {
    let (first, last) = (end(rest, holders, "ASC").await?, end(rest, holders, "DESC").await?);
    let (Some(first), Some(last)) = (first, last) else {
        return Ok(Page::then(Vec::new(), Place::Holders(holders.clone()).cursor()?));
    };
    let parts = usize::try_from(PARTS).unwrap_or(1);
    let mut spans = split(first, last, parts);
    if let Some(begin) = spans.first_mut() {
        begin.after = holders.after;
    }
    if let Some(end) = spans.last_mut() {
        end.end = holders.up_to;
    }
    let parts = spans.iter().map(|span| Holders { after: span.after, up_to: span.end, ..holders.clone() });
    let next = parts.map(|part| Place::Count(part).cursor()).collect::<Result<_>>()?;
    Ok(Page::fork(Vec::new(), next))
}

/// The first or the last user of the holders.
async fn end(rest: &Rest, holders: &Holders, order: &str) -> Result<Option<RecordId>> {
    let holding = holding(&holders.entitlement_type)?;
    let user = holding.user;
    let soql =
        format!("SELECT Id, {user} FROM {} WHERE {} ORDER BY {user} {order} LIMIT 1", holding.object, filter(holders)?);
    let body = rest.query(holding.object, &soql).await.map_err(|refused| uncountable(holding, refused))?;
    let asked = Asked { object: holding.object, columns: vec!["Id", user], span: None, limit: 1 };
    Ok(record::read(&body, &asked, |row| Ok(Some(row.id(user)?.1)))?.items.pop())
}

/// How many users of a range hold an entitlement.
pub(super) async fn count(rest: &Rest, holders: &Holders) -> Result<Page<SourceChange>> {
    let holding = holding(&holders.entitlement_type)?;
    let counted = rest.count(holding.object, &filter(holders)?).await;
    let counted = counted.map_err(|refused| uncountable(holding, refused))?;
    Ok(Page::last(vec![SourceChange::HolderCount(range(holders), counted)]))
}

/// One page of the holders of an entitlement, in the order of the users.
pub(super) async fn holders(rest: &Rest, holders: &Holders) -> Result<Page<SourceChange>> {
    let holding = holding(&holders.entitlement_type)?;
    let table = read::table(holding.object)?;
    let (user, filter) = (holding.user, filter(holders)?);
    let hidden = rest.find_hidden(holding.object, table.fields()).await?;
    let fields: Vec<&str> = table.fields().iter().copied().filter(|field| !hidden.contains(field)).collect();
    let fields = fields.join(", ");
    let soql = format!("SELECT {fields} FROM {} WHERE {filter} ORDER BY {user} LIMIT {MOST_ROWS}", holding.object);
    let body = rest.query(holding.object, &soql).await.map_err(|refused| uncountable(holding, refused))?;
    let columns = table.columns(&hidden);
    let asked = Asked { object: holding.object, columns, span: None, limit: MOST_ROWS };
    let mut last = holders.after;
    let answer = record::read(&body, &asked, |row| {
        let (_, id) = row.id(user)?;
        if last.is_some_and(|last| id < last) {
            return Err(row.odd("is out of the order of the users"));
        }
        last = Some(id);
        table.assignment(row)
    })?;
    let is_last = answer.done && answer.rows < MOST_ROWS;
    let up_to = if is_last { holders.up_to } else { last };
    let changes = vec![SourceChange::Holders(range(&Holders { up_to, ..holders.clone() }), answer.items)];
    let page = if is_last {
        Page::last(changes)
    } else {
        Page::then(changes, Place::Holders(Holders { after: last, ..holders.clone() }).cursor()?)
    };
    Ok(table.as_shown(page, &hidden))
}

/// The condition on the rows of holders.
fn filter(holders: &Holders) -> Result<String> {
    let holding = holding(&holders.entitlement_type)?;
    let held = format!("{} = {}", holding.held, soql::quoted(&holders.id));
    Ok(format!("{held} AND {}{}", condition(holding), holders.condition(holding.user)))
}

fn range(holders: &Holders) -> HolderRange {
    let text = |id: Option<RecordId>| id.map(|id| id.as_str().to_owned());
    let entitlement = EntitlementRef::new(holders.entitlement_type.clone(), &holders.id);
    HolderRange::all(entitlement).between(text(holders.after), text(holders.up_to))
}

/// An org that can't count needs a full run.
fn uncountable(holding: &Holding, refused: Error) -> Error {
    if error::is_refused_query(&refused) || error::is_too_slow(&refused) {
        let why = refused.message();
        return expired(format!("the org does not count the rows of `{}`: {why}", holding.object)).with_cause(refused);
    }
    refused
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(counted: u64, stored: u64) -> Place {
        let range = HolderRange::all(EntitlementRef::new("group", "00G000000000001AAA"));
        Place::read(&read_again(&range, counted, stored).unwrap()[0]).unwrap()
    }

    #[test]
    fn few_holders_are_read_again_and_many_are_counted_in_parts_if_little_is_gone() {
        assert!(matches!(again(10, 11), Place::Holders(_)));
        assert!(matches!(again(30_000, 30_001), Place::Holders(_)));
        assert!(matches!(again(1_000_000, 1_000_001), Place::Parts(_)));
        assert!(matches!(again(1_000_000, 1_000_100), Place::Holders(_)));
    }

    #[test]
    fn groups_are_read_in_order_or_refused() {
        let holding = holding("group").unwrap();
        let read = |body: &str| in_order(body.as_bytes(), holding, Some("00G000000000001"));
        let group = |id: &str| format!(r#"{{"attributes":{{"type":"AggregateResult"}},"GroupId":"{id}","holders":3}}"#);
        let answer = |groups: &[String]| format!(r#"{{"totalSize":1,"done":true,"records":[{}]}}"#, groups.join(","));
        let good = read(&answer(&[group("00G000000000002AAA"), group("00G000000000003AAA")])).unwrap();
        assert_eq!(good[1], ("00G000000000003AAA".to_owned(), 3));
        for wrong in [
            answer(&[group("00G000000000001AAA")]),
            answer(&[group("00G000000000003AAA"), group("00G000000000002AAA")]),
            answer(&["{}".to_owned()]),
            "[]".to_owned(),
        ] {
            assert!(read(&wrong).is_err(), "{wrong}");
        }
    }
}
