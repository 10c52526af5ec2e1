//! Which groups are public groups and which are queues, for an org that does not tell it with their members.

use crate::api::Rest;
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::soql::Select;
use connector_core::Result;
use std::collections::BTreeMap;

/// The entitlement type of each group that is an entitlement.
#[derive(Debug)]
pub(crate) struct GroupTypes(BTreeMap<RecordId, &'static str>);

impl GroupTypes {
    /// Asks the org.
    pub(crate) async fn read(rest: &Rest) -> Result<Self> {
        let mut types = BTreeMap::new();
        for (filter, entitlement_type) in [("Type = 'Regular'", "group"), ("Type = 'Queue'", "queue")] {
            let select = Select { object: "Group", fields: vec!["Id"], filter: Some(filter.into()) };
            let groups = keyset::all(rest, &select, |row| row.id("Id").map(|(_, id)| Some(id))).await?;
            types.extend(groups.into_iter().map(|id| (id, entitlement_type)));
        }
        Ok(Self(types))
    }

    /// The entitlement type of a group; `None` for a group that is none.
    pub(crate) fn of(&self, group: RecordId) -> Option<&'static str> {
        self.0.get(&group).copied()
    }
}
