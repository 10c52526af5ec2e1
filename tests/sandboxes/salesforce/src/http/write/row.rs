//! One row of a write request: first a possible fault, then the org's rules.

use serde_json::{Map, Value as Json, json};

use super::super::misbehave::RowFault;
use super::super::shared::Shared;
use crate::id::Id;
use crate::org::object::Object;
use crate::org::state::Record;
use crate::write::{Draft, Purpose, Refusal, Transaction, Unreadable};

/// Makes a record.
pub(super) fn create(
    shared: &Shared,
    transaction: &mut Transaction<'_>,
    object: Object,
    json: &Map<String, Json>,
) -> Result<Id, Unreadable> {
    let draft = Draft::read(transaction.state, object, Purpose::Create, json)?;
    due(shared, None)?;
    transaction.create(draft).map_err(Unreadable::Row)
}

/// Changes a record.
pub(super) fn update(
    shared: &Shared,
    transaction: &mut Transaction<'_>,
    record: Record,
    json: &Map<String, Json>,
) -> Result<Id, Unreadable> {
    let draft = Draft::read(transaction.state, record.0, Purpose::Update, json)?;
    due(shared, Some(transaction.state.world.id(record.0, record.1)))?;
    transaction.update(record, draft).map_err(Unreadable::Row)
}

/// Deletes a record.
pub(super) fn delete(shared: &Shared, transaction: &mut Transaction<'_>, record: Record) -> Result<Id, Unreadable> {
    due(shared, Some(transaction.state.world.id(record.0, record.1)))?;
    transaction.delete(record).map_err(Unreadable::Row)
}

/// Refuses a row on purpose.
fn due(shared: &Shared, id: Option<Id>) -> Result<(), Refusal> {
    match shared.faults.row() {
        None => Ok(()),
        Some(RowFault::Locked) => {
            let named = id.map_or_else(String::new, |id| format!(" or 1 records: {}", id.short()));
            let message = format!("unable to obtain exclusive access to this record{named}");
            Err(Refusal::new("UNABLE_TO_LOCK_ROW", message))
        }
        Some(RowFault::Refused) => {
            Err(Refusal::new("FIELD_CUSTOM_VALIDATION_EXCEPTION", "A validation rule of the org refuses this record"))
        }
    }
}

/// Refusals in the form of a single-record response.
pub(super) fn errors(refusals: &[Refusal]) -> Json {
    refusals
        .iter()
        .map(|refusal| json!({"message": refusal.message, "errorCode": refusal.code, "fields": refusal.fields}))
        .collect()
}

/// Refusals in the form of a collection row, where the code has another name.
pub(super) fn row_errors(refusals: &[Refusal]) -> Json {
    refusals
        .iter()
        .map(|refusal| json!({"statusCode": refusal.code, "message": refusal.message, "fields": refusal.fields}))
        .collect()
}
