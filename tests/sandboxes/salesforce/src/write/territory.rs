//! The rules of `UserTerritory2Association`: who works in a territory.

use super::draft::Draft;
use super::refusal::Refusal;
use super::transaction::{Made, Transaction};
use crate::org::object::Object;
use crate::org::value::Value;

pub(super) fn create(transaction: &mut Transaction<'_>, mut draft: Draft) -> Result<Made, Vec<Refusal>> {
    let state = &*transaction.state;
    let object = Object::UserTerritory2Association;
    let user = draft.get("UserId").and_then(Value::id).ok_or_else(Refusal::no_such_record)?;
    let territory = draft.get("Territory2Id").cloned();
    let held = state.held(object, user);
    let known = held.into_iter().find(|row| Some(state.named(object, *row, "Territory2Id")) == territory);
    if let Some(known) = known {
        return Err(Refusal::duplicate("Territory2Id", state.world.id(object, known)).into());
    }
    draft.put("IsActive", true);
    Ok(transaction.insert(draft))
}
