//! One wanted change, as a plan says it.

use super::words::{end, entitlement};
use connector_core::{Operation, OperationKind, SecretRef};
use serde_json::{Map, Value};

/// One wanted change as a plan says it: accounts and entitlements by id or name, secrets by where they are kept.
pub type PlanOperation = Operation<SecretRef>;

/// A checked block of a plan, or a row that says the same, as an operation.
///
/// What stands in a block is what [`Operation`] is written down as, but for texts that people write shorter.
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
