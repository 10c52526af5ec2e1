//! The permission set groups that can't be granted for the moment.

use crate::api::Rest;
use crate::api::keyset;
use crate::api::soql::Select;
use crate::error;
use connector_core::{EntitlementRef, Result};
use std::collections::BTreeMap;

/// The type of these groups.
pub(super) const TYPE: &str = "permission_set_group";

/// The groups whose status is not `Updated`: name and status by id.
#[derive(Clone, Debug, Default)]
pub(super) struct Recalculating(BTreeMap<String, (String, String)>);

impl Recalculating {
    /// Reads them. An org that does not show them has none to name.
    pub(super) async fn read(rest: &Rest) -> Result<Self> {
        let filter = Some("Status != 'Updated'".into());
        let select = Select { object: "PermissionSetGroup", fields: vec!["Id", "MasterLabel", "Status"], filter };
        let rows = keyset::all(rest, &select, |row| {
            let named = (row.some_text("MasterLabel")?.to_string(), row.some_text("Status")?.to_string());
            Ok(Some((row.id("Id")?.0.into_owned(), named)))
        });
        match rows.await {
            Ok(rows) => Ok(Self(rows.into_iter().collect())),
            Err(refused) if error::is_missing_object(&refused) || error::is_refused_field(&refused) => {
                Ok(Self::default())
            }
            Err(error) => Err(error),
        }
    }

    /// What to know about granting or revoking these.
    pub(super) fn note<'a>(&self, entitlements: impl IntoIterator<Item = &'a EntitlementRef>) -> Option<String> {
        let groups = entitlements.into_iter().filter(|one| one.entitlement_type == TYPE);
        let notes: Vec<_> = groups
            .filter_map(|one| self.0.get(&one.id))
            .map(|(name, status)| match status.as_str() {
                "Failed" => {
                    format!("the recalculation of `{name}` has failed: recalculate it in Setup › Permission Set Groups")
                }
                status => format!("Salesforce recalculates `{name}` now (status {status}), so this may have to wait"),
            })
            .collect();
        (!notes.is_empty()).then(|| notes.join("; "))
    }
}
