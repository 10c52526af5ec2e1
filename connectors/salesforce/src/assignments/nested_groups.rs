//! Groups and roles that are members of groups.
//!
//! Salesforce keeps a group behind every role, and another one behind the role with all roles below it. A row of a member
//! contains only the id of that group.

use super::hierarchy::Hierarchy;
use crate::api::Rest;
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::soql::Select;
use connector_core::{Assignment, EntitlementRef, Holder, Result};
use std::collections::BTreeMap;

const KNOWN: &str = "Type IN ('Regular', 'Queue', 'Role', 'RoleAndSubordinates', 'RoleAndSubordinatesInternal')";

/// A group that can be a member of another one.
#[derive(Debug)]
enum Inner {
    Group(&'static str),
    Role(RecordId),
    RoleAndBelow(RecordId),
}

/// The groups of an org that can be members, and the roles below each role.
#[derive(Debug)]
pub(crate) struct NestedGroups {
    groups: BTreeMap<RecordId, Inner>,
    below: BTreeMap<RecordId, Vec<RecordId>>,
}

impl NestedGroups {
    /// Asks the org.
    pub(crate) async fn read(rest: &Rest, hierarchy: &Hierarchy) -> Result<Self> {
        let select = Select { object: "Group", fields: vec!["Id", "Type", "RelatedId"], filter: Some(KNOWN.into()) };
        let groups = keyset::all(rest, &select, |row| {
            let (_, id) = row.id("Id")?;
            let role = || row.id("RelatedId").map(|(_, role)| role);
            Ok(Some((
                id,
                match row.some_text("Type")?.as_ref() {
                    "Regular" => Inner::Group("group"),
                    "Queue" => Inner::Group("queue"),
                    "Role" => Inner::Role(role()?),
                    "RoleAndSubordinates" | "RoleAndSubordinatesInternal" => Inner::RoleAndBelow(role()?),
                    _ => return Err(row.odd("has a different `Type` than requested")),
                },
            )))
        });
        let groups: BTreeMap<_, _> = groups.await?.into_iter().collect();
        let has_roles_below = groups.values().any(|inner| matches!(inner, Inner::RoleAndBelow(_)));
        let below = if has_roles_below { hierarchy.below(rest).await?.clone() } else { BTreeMap::new() };
        Ok(Self { groups, below })
    }

    /// The holders that a member stands for: one group, one role, or a role and all those below it. None for a group whose
    /// members are not entitlements, such as all users of the org.
    pub(crate) fn holders(&self, member: RecordId) -> Vec<Holder> {
        let holder = |of: &'static str, id: RecordId| Holder::Entitlement(EntitlementRef::new(of, id.as_str()));
        match self.groups.get(&member) {
            None => Vec::new(),
            Some(Inner::Group(of)) => vec![holder(of, member)],
            Some(Inner::Role(role)) => vec![holder("role", *role)],
            Some(Inner::RoleAndBelow(role)) => {
                let mut roles = vec![*role];
                let mut at = 0;
                while let Some(role) = roles.get(at) {
                    let below = self.below.get(role).into_iter().flatten().copied();
                    let fresh: Vec<_> = below.filter(|below| !roles.contains(below)).collect();
                    roles.extend(fresh);
                    at += 1;
                }
                roles.into_iter().map(|role| holder("role", role)).collect()
            }
        }
    }

    /// The assignments that a row stands for.
    pub(crate) fn assignments(&self, member: RecordId, group: &EntitlementRef) -> Vec<Assignment> {
        self.holders(member).into_iter().map(|holder| Assignment::new(holder, group.clone())).collect()
    }
}
