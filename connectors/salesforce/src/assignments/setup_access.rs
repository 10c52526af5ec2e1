//! What opens something of the org's setup: custom permissions, apps.

use crate::api::ranges::RecordId;
use crate::api::record::Row;
use connector_core::{EntitlementRef, Result};

/// The object of the rows.
pub(crate) const OBJECT: &str = "SetupEntityAccess";

/// The fields that say what opens what.
pub(crate) const FIELDS: [&str; 5] =
    ["Id", "ParentId", "Parent.ProfileId", "Parent.PermissionSetGroupId", "SetupEntityId"];

/// What opens it: a permission set, or the profile or the group that owns it. `None` for a muting set: it takes away, in its group
/// only, and the row of the group says what is left.
pub(crate) fn holder(row: &Row<'_>) -> Result<Option<EntitlementRef>> {
    let (set, id) = row.id("ParentId")?;
    let owner = |field: &str| -> Result<Option<RecordId>> {
        let Some(owner) = row.parent_text("Parent", field)? else { return Ok(None) };
        RecordId::read(&owner)
            .map(Some)
            .ok_or_else(|| row.odd(&format!("has a `Parent.{field}` that is not a record id")))
    };
    Ok(match (owner("ProfileId")?, owner("PermissionSetGroupId")?) {
        (Some(profile), _) => Some(EntitlementRef::new("profile", profile.as_str())),
        (None, Some(group)) => Some(EntitlementRef::new("permission_set_group", group.as_str())),
        (None, None) if id.has_prefix("0PS") => Some(EntitlementRef::new("permission_set", set)),
        (None, None) => None,
    })
}
