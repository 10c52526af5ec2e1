//! A member of a group.

use super::entitlements::list;
use super::types::{Kind, kinds};
use crate::error::not_scim;
use crate::protocol::Object;
use crate::source::Source;
use connector_core::{Assignment, EntitlementRef, Holder, Result};
use serde_json::value::RawValue;
use std::collections::HashSet;

/// A member, as a group lists it.
pub(crate) struct Member {
    pub(crate) id: String,
    /// Its type of resource, where the group says it.
    kind: Option<String>,
}

/// Reads a member. Fails if it has no id: a list without it would be shorter than the group.
pub(super) fn member(source: &Source, member: &RawValue) -> Result<Member> {
    let named = Object::read(member).and_then(|object| {
        let id = object.text("value").filter(|id| !id.is_empty())?.into_owned();
        Some((object, id))
    });
    let (member, id) =
        named.ok_or_else(|| not_scim("reading the members of a group", "a member has no text as its `value`"))?;
    let named = member.text("type").filter(|kind| !kind.is_empty()).map(std::borrow::Cow::into_owned);
    // `https://…/Groups/17` says it, too.
    let kind = named.or_else(|| {
        let link = member.text("$ref")?;
        let known = source.known();
        let of = known.types.iter().find(|one| link.contains(&format!("{}/", one.endpoint)))?;
        Some(of.name.clone())
    });
    Ok(Member { id, kind })
}

/// The assignments of a group.
pub(super) async fn of_group(source: &Source, kind: &Kind, id: &str, members: Vec<Member>) -> Result<Vec<Assignment>> {
    let group = EntitlementRef::new(kind.name.clone(), id);
    let mut assignments = Vec::with_capacity(members.len());
    let mut seen = HashSet::with_capacity(members.len());
    for member in members {
        if !seen.insert(member.id.clone()) {
            continue;
        }
        let resource = match &member.kind {
            Some(kind) if kind.eq_ignore_ascii_case("User") => None,
            Some(named) => kinds(&source.settings).into_iter().find(|one| one.given.eq_ignore_ascii_case(named)),
            None => is_group(source, kind, &member.id).await?.then(|| kind.clone()),
        };
        let holder = match resource {
            Some(kind) => Holder::Entitlement(EntitlementRef::new(kind.name, member.id)),
            None => Holder::account(member.id),
        };
        assignments.push(Assignment::new(holder, group.clone()));
    }
    Ok(assignments)
}

/// Whether a member that doesn't say what it is is a group.
async fn is_group(source: &Source, kind: &Kind, id: &str) -> Result<bool> {
    let read = || async {
        let list = list(source, kind, "groups", ("attributes", "id")).await?;
        Ok::<HashSet<String>, connector_core::Error>(list.all(&|id, _| Ok(id.to_owned())).await?.into_iter().collect())
    };
    source.groups.get_or_try_init(read).await.map(|groups| groups.contains(id))
}
