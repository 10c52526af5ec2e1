//! Which groups are public groups and which are queues, for an org that does not tell it with their members.

use crate::keyset;
use crate::ranges::{RecordId, Span};
use crate::rest::Rest;
use crate::soql::Select;
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
            let select = Select { object: "Group", fields: vec!["Id"], filter: Some(filter) };
            let mut left = vec![Span::default()];
            while let Some(span) = left.pop() {
                let part = keyset::part(rest, &select, span, None, |row| row.id("Id").map(|(_, id)| Some(id))).await?;
                types.extend(part.items.into_iter().map(|id| (id, entitlement_type)));
                left.extend(part.next);
            }
        }
        Ok(Self(types))
    }

    /// The entitlement type of a group; `None` for a group that is none.
    pub(crate) fn of(&self, group: RecordId) -> Option<&'static str> {
        self.0.get(&group).copied()
    }
}
