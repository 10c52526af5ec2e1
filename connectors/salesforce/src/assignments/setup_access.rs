//! What opens something of the org's setup: custom permissions, apps.

use crate::api::ranges::RecordId;
use crate::api::record::Row;
use connector_core::{EntitlementRef, Result};

/// The object of the rows.
pub(crate) const OBJECT: &str = "SetupEntityAccess";

/// The fields that say what opens what.
pub(crate) const FIELDS: [&str; 5] =
    ["Id", "ParentId", "Parent.ProfileId", "Parent.PermissionSetGroupId", "SetupEntityId"];

/// What a row belongs to: a permission set, or the profile or the group that owns it.
pub(crate) fn owner(row: &Row<'_>) -> Result<RecordId> {
    let owner = |field: &str| -> Result<Option<RecordId>> {
        let Some(owner) = row.parent_text("Parent", field)? else { return Ok(None) };
        RecordId::read(&owner)
            .map(Some)
            .ok_or_else(|| row.odd(&format!("has a `Parent.{field}` that is not a record id")))
    };
    match (owner("ProfileId")?, owner("PermissionSetGroupId")?) {
        (Some(owner), _) | (None, Some(owner)) => Ok(owner),
        (None, None) => Ok(row.id("ParentId")?.1),
    }
}

/// What opens it. `None` for a muting set: it takes away, in its group only, and the row of the group says what is left.
pub(crate) fn holder(row: &Row<'_>) -> Result<Option<EntitlementRef>> {
    let owner = owner(row)?;
    let types = [("00e", "profile"), ("0PG", "permission_set_group"), ("0PS", "permission_set")];
    let held = types.iter().find(|(prefix, _)| owner.has_prefix(prefix));
    Ok(held.map(|(_, entitlement_type)| EntitlementRef::new(*entitlement_type, owner.as_str())))
}
