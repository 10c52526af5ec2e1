//! Groups that changed, with all their members.

use super::entitlements::entitlement;
use super::member::{Member, of_group};
use super::members::{listed, shown};
use super::types::Kind;
use crate::protocol::Object;
use crate::source::Source;
use connector_core::{Entitlement, Holder, Result, SourceChange};

/// A group with the members that the list shows.
pub(crate) struct Group {
    entitlement: Entitlement,
    members: Option<Vec<Member>>,
}

pub(crate) fn read(source: &Source, kind: &Kind, id: &str, group: &Object<'_>) -> Result<Group> {
    Ok(Group { entitlement: entitlement(kind, id, group), members: listed(source, group)? })
}

/// The changes of groups: what they are, and all their members.
pub(crate) async fn changes(source: &Source, kind: &Kind, groups: Vec<Group>) -> Result<Vec<SourceChange>> {
    let (mut changes, mut members) = (Vec::new(), Vec::new());
    for group in groups {
        members.push((group.entitlement.key.id.clone(), group.members));
        changes.push(SourceChange::Entitlement(group.entitlement));
    }
    for (id, members) in shown(source, kind, members).await? {
        let held = of_group(source, kind, &id, members.unwrap_or_default()).await?;
        let key = connector_core::EntitlementRef::new(kind.name.clone(), id);
        changes.push(SourceChange::AllOf(Holder::Entitlement(key), held));
    }
    Ok(changes)
}
