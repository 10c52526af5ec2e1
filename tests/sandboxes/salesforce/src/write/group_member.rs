//! The rules of `GroupMember`: who is in a public group or a queue.

use std::collections::HashSet;

use super::draft::Draft;
use super::refusal::Refusal;
use super::transaction::{Made, Transaction};
use crate::id::Id;
use crate::org::object::Object;
use crate::org::state::State;
use crate::org::value::Value;

pub(super) fn create(transaction: &mut Transaction<'_>, draft: Draft) -> Result<Made, Vec<Refusal>> {
    let state = &*transaction.state;
    let id_of = |name: &str| draft.get(name).and_then(Value::id).ok_or_else(Refusal::no_such_record);
    let (group, member) = (id_of("GroupId")?, id_of("UserOrGroupId")?);
    let row = state.find(Object::Group, group).ok_or_else(Refusal::no_such_record)?;
    if !matches!(state.named(Object::Group, row, "Type").text(), Some("Regular" | "Queue")) {
        let message = "Only public groups and queues take members";
        return Err(Refusal::integrity(message, &["GroupId"]).into());
    }
    let known = state
        .held(Object::GroupMember, member)
        .into_iter()
        .find(|row| state.named(Object::GroupMember, *row, "GroupId") == Value::Id(group));
    if let Some(known) = known {
        return Ok(Made::Existing(known));
    }
    if is_within(state, group, member) {
        let message = "A group can't be a member of itself, directly or through other groups";
        return Err(Refusal::new("CIRCULAR_DEPENDENCY", message).of(&["UserOrGroupId"]).into());
    }
    Ok(transaction.insert(draft))
}

/// Whether `group` is `outer`, or a member of it through any number of groups.
fn is_within(state: &State, group: Id, outer: Id) -> bool {
    let mut seen = HashSet::new();
    let mut open = vec![group];
    while let Some(next) = open.pop() {
        if next == outer {
            return true;
        }
        if seen.insert(next) {
            let rows = state.held(Object::GroupMember, next).into_iter();
            open.extend(rows.filter_map(|row| state.named(Object::GroupMember, row, "GroupId").id()));
        }
    }
    false
}
