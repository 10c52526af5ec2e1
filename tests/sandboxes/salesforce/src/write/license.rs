//! The rules of licenses that are given to users: of permission sets and of packages.

use super::draft::Draft;
use super::refusal::Refusal;
use super::transaction::{Made, Transaction};
use crate::org::object::Object;
use crate::org::value::Value;

pub(super) fn assign(transaction: &mut Transaction<'_>, draft: Draft) -> Result<Made, Vec<Refusal>> {
    let assignee = draft.get("AssigneeId").and_then(Value::id).ok_or_else(Refusal::no_such_record)?;
    let user = transaction.state.find(Object::User, assignee).ok_or_else(Refusal::no_such_record)?;
    if transaction.state.named(Object::User, user, "IsActive") != Value::Bool(true) {
        return Err(Refusal::inactive(assignee).into());
    }
    give(transaction, draft, "AssigneeId", (Object::PermissionSetLicense, "PermissionSetLicenseId"))
}

pub(super) fn assign_package(transaction: &mut Transaction<'_>, draft: Draft) -> Result<Made, Vec<Refusal>> {
    give(transaction, draft, "UserId", (Object::PackageLicense, "PackageLicenseId"))
}

/// Assigns a seat of a license to a user, at most once.
fn give(
    transaction: &mut Transaction<'_>,
    draft: Draft,
    holder: &str,
    (license, field): (Object, &'static str),
) -> Result<Made, Vec<Refusal>> {
    let state = &*transaction.state;
    let user = draft.get(holder).and_then(Value::id).ok_or_else(Refusal::no_such_record)?;
    let wanted = draft.get(field).and_then(Value::id).ok_or_else(Refusal::no_such_record)?;
    let row = state.find(license, wanted).ok_or_else(Refusal::no_such_record)?;
    let held = state.held(draft.object, user);
    if let Some(existing) = held.into_iter().find(|row| state.named(draft.object, *row, field) == Value::Id(wanted)) {
        return Err(Refusal::duplicate(field, state.world.id(draft.object, existing)).into());
    }
    if matches!(state.named(license, row, "Status").text(), Some("Disabled" | "Expired")) {
        return Err(Refusal::integrity("The license is not active", &[field]).into());
    }
    if state.free_seats((license, row)) == Some(0) {
        return Err(Refusal::no_seat(&[field]).into());
    }
    Ok(transaction.insert(draft))
}

/// A permission set license can't be removed while the user holds a set that needs it.
pub(super) fn check_removal(transaction: &Transaction<'_>, index: u64) -> Result<(), Vec<Refusal>> {
    let state = &*transaction.state;
    let object = Object::PermissionSetLicenseAssign;
    let license = state.named(object, index, "PermissionSetLicenseId");
    let Some(user) = state.named(object, index, "AssigneeId").id() else { return Ok(()) };
    let needs = |row: &u64| {
        let set = state.named(Object::PermissionSetAssignment, *row, "PermissionSetId").id();
        let set = set.and_then(|set| state.find(Object::PermissionSet, set));
        set.is_some_and(|set| state.named(Object::PermissionSet, set, "LicenseId") == license)
    };
    if state.held(Object::PermissionSetAssignment, user).iter().any(needs) {
        let message =
            "Can't remove the permission set license. A permission set that requires it is assigned to the user";
        return Err(Refusal::integrity(message, &[]).into());
    }
    Ok(())
}
