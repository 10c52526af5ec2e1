//! Operations, briefly.

use connector_core::{EntitlementRef, OperationKind};
use connector_project::plan::PlanOperation;
use serde_json::{Map, Value};

pub fn reference(written: &str) -> EntitlementRef {
    let (entitlement_type, id) = written.split_once('/').unwrap();
    EntitlementRef::new(entitlement_type.to_owned(), id)
}

pub fn plain(kind: OperationKind, account: &str) -> PlanOperation {
    PlanOperation {
        kind,
        account: account.to_owned(),
        attributes: Map::new(),
        entitlements: Vec::new(),
        password: None,
    }
}

fn object(attributes: Value) -> Map<String, Value> {
    match attributes {
        Value::Object(attributes) => attributes,
        other => panic!("{other}"),
    }
}

pub fn create(name: &str, attributes: Value, entitlements: &[&str]) -> PlanOperation {
    PlanOperation {
        attributes: object(attributes),
        entitlements: entitlements.iter().map(|written| reference(written)).collect(),
        ..plain(OperationKind::Create, name)
    }
}

pub fn update(account: &str, set: Value) -> PlanOperation {
    PlanOperation { attributes: object(set), ..plain(OperationKind::Update, account) }
}

pub fn grant(account: &str, written: &str) -> PlanOperation {
    PlanOperation { entitlements: vec![reference(written)], ..plain(OperationKind::Grant, account) }
}

pub fn revoke(account: &str, written: &str) -> PlanOperation {
    PlanOperation { entitlements: vec![reference(written)], ..plain(OperationKind::Revoke, account) }
}

pub fn disable(account: &str) -> PlanOperation {
    plain(OperationKind::Disable, account)
}

pub fn enable(account: &str) -> PlanOperation {
    plain(OperationKind::Enable, account)
}

pub fn lock(account: &str) -> PlanOperation {
    plain(OperationKind::Lock, account)
}

pub fn unlock(account: &str) -> PlanOperation {
    plain(OperationKind::Unlock, account)
}

pub fn delete(account: &str) -> PlanOperation {
    plain(OperationKind::Delete, account)
}

/// With a ref, or else a reset.
pub fn set_password(account: &str, password_ref: Option<&str>) -> PlanOperation {
    let password = password_ref.map(|text| text.parse().unwrap());
    PlanOperation { password, ..plain(OperationKind::SetPassword, account) }
}
