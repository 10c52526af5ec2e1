//! The rules of `PermissionSetAssignment`: a user gets a permission set, or a group of them.

use super::draft::Draft;
use super::refusal::Refusal;
use super::transaction::{Made, Transaction};
use crate::id::Id;
use crate::org::object::Object;
use crate::org::state::State;
use crate::org::value::Value;

const ASSIGNMENT: Object = Object::PermissionSetAssignment;

pub(super) fn create(transaction: &mut Transaction<'_>, mut draft: Draft) -> Result<Made, Vec<Refusal>> {
    let state = &*transaction.state;
    let id_of = |name: &str| draft.get(name).and_then(Value::id);
    let assignee = id_of("AssigneeId").ok_or_else(|| Refusal::missing(&["AssigneeId"]))?;
    let (set, is_group) = match (id_of("PermissionSetId"), id_of("PermissionSetGroupId")) {
        (None, None) => return Err(Refusal::missing(&["PermissionSetId"]).into()),
        (Some(_), Some(_)) => {
            let message = "Specify either a permission set or a permission set group, not both";
            return Err(Refusal::integrity(message, &["PermissionSetId", "PermissionSetGroupId"]).into());
        }
        (Some(set), None) => (set, false),
        (None, Some(group)) => {
            check_status(state, group)?;
            (aggregate(state, group).ok_or_else(Refusal::no_such_record)?, true)
        }
    };
    let row = state.find(Object::PermissionSet, set).ok_or_else(Refusal::no_such_record)?;
    let user = state.find(Object::User, assignee).ok_or_else(Refusal::no_such_record)?;
    let kind = state.named(Object::PermissionSet, row, "Type");
    if kind == Value::from("Profile") || (kind == Value::from("Group") && !is_group) {
        let message = "A permission set that a profile or a permission set group owns can't be assigned by itself";
        return Err(Refusal::integrity(message, &["PermissionSetId"]).into());
    }
    if state.named(Object::User, user, "IsActive") != Value::Bool(true) {
        return Err(Refusal::inactive(assignee).into());
    }
    check_license(state, user, assignee, row)?;
    let holds = state
        .held(ASSIGNMENT, assignee)
        .into_iter()
        .any(|row| state.named(ASSIGNMENT, row, "PermissionSetId") == Value::Id(set));
    if holds {
        let message = format!(
            "Duplicate PermissionSetAssignment.  Assignee: {}; Permission Set: {}",
            assignee.short(),
            set.short()
        );
        return Err(Refusal::new("DUPLICATE_VALUE", message).of(&["AssigneeId", "PermissionSetId"]).into());
    }
    draft.put("PermissionSetId", set);
    draft.put("IsActive", true);
    Ok(transaction.insert(draft))
}

/// A group can't be assigned while the org recalculates it.
fn check_status(state: &State, group: Id) -> Result<(), Refusal> {
    let row = state.find(Object::PermissionSetGroup, group).ok_or_else(Refusal::no_such_record)?;
    if state.named(Object::PermissionSetGroup, row, "Status") == Value::from("Updated") {
        return Ok(());
    }
    let message =
        "You can only assign users to permission set groups that have the \"Updated\" status.: Permission Set Group ID";
    Err(Refusal::integrity(message, &["PermissionSetGroupId"]))
}

/// The permission set behind a whole group.
fn aggregate(state: &State, group: Id) -> Option<Id> {
    let table = state.table(Object::PermissionSet);
    let row = (0..table.end()).find(|row| {
        table.has(*row) && state.named(Object::PermissionSet, *row, "PermissionSetGroupId") == Value::Id(group)
    })?;
    Some(state.world.id(Object::PermissionSet, row))
}

/// A set with a license needs a user who has that license.
fn check_license(state: &State, user: u64, assignee: Id, set: u64) -> Result<(), Refusal> {
    let Some(license) = state.named(Object::PermissionSet, set, "LicenseId").id() else { return Ok(()) };
    let has = if license.prefix() == Object::UserLicense.prefix() {
        state.license_of(user).is_some_and(|own| state.world.id(Object::UserLicense, own) == license)
    } else {
        holds_license(state, assignee, license)
    };
    if has {
        return Ok(());
    }
    let text = |object, row, field| state.named(object, row, field).text().unwrap_or_default().to_owned();
    let label = text(Object::PermissionSet, set, "Label");
    let message = format!(
        "Can't assign permission set {label} to user {}. The user license doesn't allow the permission: {label}",
        text(Object::User, user, "Username"),
    );
    Err(Refusal::integrity(message, &[]))
}

fn holds_license(state: &State, user: Id, license: Id) -> bool {
    let object = Object::PermissionSetLicenseAssign;
    let rows = state.held(object, user);
    rows.into_iter().any(|row| state.named(object, row, "PermissionSetLicenseId") == Value::Id(license))
}

/// The row of the profile's own set is created and removed with the profile.
pub(super) fn check_removal(transaction: &Transaction<'_>, index: u64) -> Result<(), Vec<Refusal>> {
    let state = &*transaction.state;
    let set = state.named(ASSIGNMENT, index, "PermissionSetId").id();
    if set.is_some_and(|set| state.is_own_set(set)) {
        return Err(Refusal::integrity("A profile's own permission set can't be taken from a user", &[]).into());
    }
    Ok(())
}
