//! Operations, briefly.

use connector_core::{Change, EntitlementRef, Operation, SecretRef};
use connector_project::plan::PlanOperation;
use serde_json::{Map, Value, json};

pub fn reference(written: &str) -> EntitlementRef {
    let (entitlement_type, id) = written.split_once('/').unwrap();
    EntitlementRef::new(entitlement_type.to_owned(), id)
}

fn operation(account: &str, change: Change<SecretRef>) -> PlanOperation {
    Operation::new(account, change)
}

fn object(attributes: Value) -> Map<String, Value> {
    match attributes {
        Value::Object(attributes) => attributes,
        other => panic!("{other}"),
    }
}

pub fn create(name: &str, attributes: Value, entitlements: &[&str]) -> PlanOperation {
    let entitlements = entitlements.iter().map(|written| reference(written)).collect();
    operation("", Change::create(name, object(attributes), entitlements, None))
}

pub fn update(account: &str, set: Value) -> PlanOperation {
    operation(account, Change::set(object(set)))
}

pub fn grant(account: &str, written: &str) -> PlanOperation {
    operation(account, Change::grant(reference(written), None))
}

pub fn grant_until(account: &str, written: &str, until: &str) -> PlanOperation {
    operation(account, Change::grant(reference(written), Some(until.parse().unwrap())))
}

pub fn revoke(account: &str, written: &str) -> PlanOperation {
    operation(account, Change::revoke(reference(written)))
}

pub fn disable(account: &str) -> PlanOperation {
    operation(account, Change::Disable)
}

pub fn enable(account: &str) -> PlanOperation {
    operation(account, Change::Enable)
}

pub fn lock(account: &str) -> PlanOperation {
    operation(account, Change::Lock)
}

pub fn revoke_tokens(account: &str) -> PlanOperation {
    operation(account, Change::RevokeTokens)
}

pub fn unlock(account: &str) -> PlanOperation {
    operation(account, Change::Unlock)
}

pub fn delete(account: &str) -> PlanOperation {
    operation(account, Change::Delete)
}

/// With a ref, or else a reset.
pub fn set_password(account: &str, password_ref: Option<&str>) -> PlanOperation {
    operation(account, Change::set_password(password_ref.map(|text| text.parse().unwrap())))
}

/// One change of each kind, each of an account of its own: `a` to `h`.
pub fn changes_of_each_kind() -> Vec<PlanOperation> {
    vec![
        update("a", json!({"Title": "a"})),
        grant("b", "group/1"),
        revoke("c", "group/1"),
        disable("d"),
        enable("e"),
        lock("f"),
        set_password("g", None),
        delete("h"),
    ]
}
