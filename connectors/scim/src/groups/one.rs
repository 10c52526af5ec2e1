//! One group, to look up who is in it or to change that.

use super::entitlements::list;
use super::member::member;
use super::members::{listed, members_response};
use super::types::Kind;
use crate::error::not_scim;
use crate::protocol::{Object, Spooled, quoted};
use crate::source::Source;
use connector_core::Result;
use serde_json::value::RawValue;
use std::collections::{BTreeSet, HashSet, btree_set};

/// The members of a group.
pub(crate) struct Members {
    /// The whole group, if it was asked for.
    pub(crate) group: serde_json::Value,
    pub(crate) ids: Ids,
    /// The version, for `If-Match`.
    pub(crate) version: Option<String>,
}

/// The ids of the members of a group: in memory, or on the disk if there are too many.
pub(crate) enum Ids {
    Held(BTreeSet<String>),
    Spooled(Spooled),
}

/// Which of some ids are members, and how many members there are.
pub(crate) struct Among {
    pub(crate) there: HashSet<String>,
    pub(crate) count: usize,
}

/// All ids, one after the other.
pub(crate) struct Walk<'a> {
    source: &'a Source,
    ids: Left<'a>,
}

enum Left<'a> {
    Held(btree_set::Iter<'a, String>),
    Spooled(&'a mut Spooled),
}

impl Ids {
    /// Looks for some ids.
    pub(crate) fn among(&mut self, source: &Source, wanted: &HashSet<&str>) -> Result<Among> {
        let mut among = Among { there: HashSet::new(), count: 0 };
        let mut walk = self.walk(source)?;
        while let Some(id) = walk.next()? {
            among.count += 1;
            if wanted.contains(id.as_str()) {
                among.there.insert(id);
            }
        }
        Ok(among)
    }

    pub(crate) fn walk<'a>(&'a mut self, source: &'a Source) -> Result<Walk<'a>> {
        let ids = match self {
            Self::Held(ids) => Left::Held(ids.iter()),
            Self::Spooled(spooled) => {
                spooled.rewind()?;
                Left::Spooled(spooled)
            }
        };
        Ok(Walk { source, ids })
    }
}

impl Walk<'_> {
    /// The next id.
    pub(crate) fn next(&mut self) -> Result<Option<String>> {
        let spooled = match &mut self.ids {
            Left::Held(ids) => return Ok(ids.next().cloned()),
            Left::Spooled(spooled) => spooled,
        };
        let Some((_, raw)) = spooled.next()? else { return Ok(None) };
        let raw: &RawValue = serde_json::from_slice(&raw)
            .map_err(|_| not_scim("reading the members of a group", "a member is not JSON"))?;
        member(self.source, raw).map(|member| Some(member.id))
    }
}

/// A group with its members; `None` if the group doesn't exist. `whole` reads all of the group, which then is in memory with its
/// members.
pub(crate) async fn members_of(source: &Source, kind: &Kind, id: &str, whole: bool) -> Result<Option<Members>> {
    let of = source.service.discovery().await?.resource_type(&kind.given)?;
    let doing = format!("reading the members of {} {}", kind.name, quoted(id));
    let found = if whole {
        source.service.resource(&of.endpoint, id, &[], &doing).await?.map(|response| (response, None))
    } else {
        source.service.group(&of.endpoint, id, &[("attributes", "members,meta")], &doing).await?
    };
    let Some((response, spooled)) = found else { return Ok(None) };
    let version = response.header("etag").map(str::to_owned);
    let shown = Object::of(&response, &doing)?;
    let version = version.or_else(|| Some(shown.object("meta")?.text("version")?.into_owned()));
    if let Some(spooled) = spooled {
        return Ok(Some(Members { group: serde_json::Value::Null, ids: Ids::Spooled(spooled), version }));
    }
    let mut members = listed(source, &shown)?;
    let mut group = if whole { response.json()? } else { serde_json::Value::Null };
    // Some servers show members only to those who ask for them. A group sent back without them would lose them.
    if whole
        && members.is_none()
        && let Some(response) = members_response(&source.service, kind, id).await?
    {
        let shown = Object::of(&response, &doing)?;
        members = listed(source, &shown)?;
        if let (Some(raw), Some(group)) = (shown.get("members"), group.as_object_mut()) {
            group.insert("members".to_owned(), serde_json::from_str(raw.get()).unwrap_or_default());
        }
    }
    let ids = members.unwrap_or_default().into_iter().map(|member| member.id).collect();
    Ok(Some(Members { group, ids: Ids::Held(ids), version }))
}

/// Compares a group in the list with the same group by its id: how many members each of them shows. The group is the largest one
/// of the first page; `None` if there is no group.
pub(crate) async fn compare(source: &Source, kind: &Kind) -> Result<Option<(String, Option<usize>, usize)>> {
    let list = list(source, kind, "groups", ("attributes", "members")).await?;
    let part = list.part(None, &|id, row| Ok((id.to_owned(), listed(source, row)?.map(|all| all.len())))).await?;
    let Some((id, in_list)) = part.items.into_iter().max_by_key(|(_, members)| *members) else { return Ok(None) };
    let by_id = match members_of(source, kind, &id, false).await? {
        Some(mut members) => members.ids.among(source, &HashSet::new())?.count,
        None => 0,
    };
    Ok(Some((id, in_list, by_id)))
}
