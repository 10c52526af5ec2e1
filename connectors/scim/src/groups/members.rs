//! Who is in which group.

use super::entitlements::{At, list_for};
use super::member::{Member, member, of_group};
use super::rest;
use super::types::{Kind, kinds};
use crate::lists::{Part, Place};
use crate::protocol::Members::Wanted;
use crate::protocol::{Object, Service, quoted};
use crate::source::{Left, Rest, Source};
use connector_core::{Assignment, Cursor, Page, Result};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::sync::atomic::Ordering;

/// How many groups are read at the same time.
const AT_ONCE: usize = 4;

/// What is known about the members in lists of groups.
const UNKNOWN: u8 = 0;
const IN_LISTS: u8 = 1;
/// The server leaves them out of lists, and shows them only in a group by its id.
const ONE_BY_ONE: u8 = 2;

/// One page of assignments.
pub(crate) async fn assignments(source: &Source, cursor: &Cursor) -> Result<Page<Assignment>> {
    let position: Option<At> = cursor.position()?;
    let is_listed = |kind: &Kind| kind.is_resource && !source.users_list_groups();
    let mut listed_kinds = kinds(&source.settings).into_iter().filter(is_listed);
    let at = match (position, listed_kinds.next(), listed_kinds.next()) {
        (Some(at), ..) => at,
        (None, Some(only), None) => At { of: only.name, place: None },
        (None, one, other) => {
            let kinds = one.into_iter().chain(other).chain(listed_kinds);
            let starts = kinds.map(|kind| At::anchor(&kind.name)).collect::<Result<_>>()?;
            return Ok(Page::fork(Vec::new(), starts));
        }
    };
    let kind = at.kind(source)?;
    if let Some(Place::Open(key)) = &at.place {
        return rest::page(source, &kind, source.rests.take(key)?, Vec::new()).await;
    }
    let what = format!("members of {} resources", kind.given);
    let list = list_for(source, &kind, &what, ("assignments", Wanted)).await?;
    let part = list.part(at.place.as_ref(), &|id, row| Ok((id.to_owned(), listed(source, row)?))).await?;
    let incomplete = part.incomplete(&what, false);
    let Part { items, next, members, .. } = part;
    let shows_any = items.iter().any(|(_, members)| members.is_some());
    let left = if let Some(spooled) = members.filter(|_| shows_any) {
        source.showing.store(IN_LISTS, Ordering::Relaxed);
        Left::Spooled(spooled, items.into_iter().map(|(id, _)| id).collect())
    } else {
        let mut assignments = Vec::new();
        for (id, members) in shown(source, &kind, items).await? {
            assignments.extend(of_group(source, &kind, &id, members.unwrap_or_default()).await?);
        }
        Left::Held(assignments)
    };
    let next = next.iter().map(|place| At::cursor(&kind.name, place)).collect::<Result<_>>()?;
    let page = rest::page(source, &kind, Rest { left, anchor: rest::anchor(&at)? }, next).await?;
    Ok(match incomplete {
        Some(reason) => page.with_incomplete(reason),
        None => page,
    })
}

/// Groups with their members; `None` where a group shows no list of them.
pub(super) type Groups = Vec<(String, Option<Vec<Member>>)>;

/// The groups of a page with their members. Some servers leave members out of lists: then each group is read by its id.
pub(super) async fn shown(source: &Source, kind: &Kind, groups: Groups) -> Result<Groups> {
    if groups.iter().any(|(_, members)| members.is_some()) {
        source.showing.store(IN_LISTS, Ordering::Relaxed);
        return Ok(groups);
    }
    if source.showing.load(Ordering::Relaxed) == IN_LISTS {
        return Ok(groups);
    }
    let read = stream::iter(groups).map(|(id, _)| async move {
        let members = match members_response(&source.service, kind, &id).await? {
            Some(response) => listed(source, &Object::of(&response, "reading the members of a group")?)?,
            None => None,
        };
        Ok::<_, connector_core::Error>((id, members))
    });
    let groups: Groups = read.buffered(AT_ONCE).try_collect().await?;
    if groups.iter().any(|(_, members)| members.is_some()) {
        let before = source.showing.swap(ONE_BY_ONE, Ordering::Relaxed);
        if before == UNKNOWN {
            tracing::debug!("the server leaves members out of lists: each group is read by its id");
        }
    }
    Ok(groups)
}

pub(super) async fn members_response(
    service: &Service,
    kind: &Kind,
    id: &str,
) -> Result<Option<connector_http::Response>> {
    let of = service.discovery().await?.resource_type(&kind.given)?;
    let doing = format!("reading the members of {} {}", kind.name, quoted(id));
    service.resource(&of.endpoint, id, &[("attributes", "members")], &doing).await
}

/// The members that a group lists; `None` if it has no list of them.
pub(super) fn listed(source: &Source, group: &Object<'_>) -> Result<Option<Vec<Member>>> {
    if group.get("members").is_none() {
        return Ok(None);
    }
    group.list("members").into_iter().map(|one| member(source, one)).collect::<Result<_>>().map(Some)
}
