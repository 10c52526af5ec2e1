//! One change in a plan.

use super::words::{end, entitlement};
use connector_core::{Operation, OperationKind, SecretRef};
use serde_json::{Map, Value};

/// One change in a plan. It names accounts and entitlements by id or name, and secrets by their refs.
pub type PlanOperation = Operation<SecretRef>;

/// Converts a checked block of a plan, or an equal row, to an operation.
///
/// A block has the serialized form of an [`Operation`], except for texts that have a shorter form in plans.
pub(super) fn typed(kind: OperationKind, mut block: Map<String, Value>) -> Option<PlanOperation> {
    block.remove("reset");
    for (key, value) in &mut block {
        match key.as_str() {
            "entitlement" => *value = reference(value)?,
            "entitlements" => {
                *value = value.as_array()?.iter().map(reference).collect::<Option<Vec<_>>>()?.into();
            }
            "until" => *value = end(value.as_str()?)?.to_string().into(),
            "add" | "remove" => {
                value
                    .as_object_mut()?
                    .values_mut()
                    .filter(|one| !one.is_array())
                    .for_each(|one| *one = vec![one.take()].into());
            }
            _ => {}
        }
    }
    block.insert("kind".to_owned(), kind.name().into());
    serde_json::from_value(block.into()).ok()
}

fn reference(text: &Value) -> Option<Value> {
    serde_json::to_value(entitlement(text.as_str()?).ok()?).ok()
}
