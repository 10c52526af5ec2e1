//! The role hierarchy.

use crate::api::Rest;
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::soql::Select;
use connector_core::Result;
use std::collections::BTreeMap;
use tokio::sync::OnceCell;

pub(crate) const OBJECT: &str = "UserRole";

/// The roles that are below another one.
pub(crate) const HAS_PARENT: &str = "ParentRoleId != null";

/// Which roles are directly below which, read once.
#[derive(Debug, Default)]
pub(crate) struct Hierarchy(OnceCell<BTreeMap<RecordId, Vec<RecordId>>>);

impl Hierarchy {
    /// The roles below each role that has some.
    pub(crate) async fn below(&self, rest: &Rest) -> Result<&BTreeMap<RecordId, Vec<RecordId>>> {
        self.0.get_or_try_init(|| read(rest)).await
    }
}

async fn read(rest: &Rest) -> Result<BTreeMap<RecordId, Vec<RecordId>>> {
    let fields = vec!["Id", "ParentRoleId"];
    let select = Select { object: OBJECT, fields, filter: Some(HAS_PARENT.into()) };
    let roles = keyset::all(rest, &select, |row| Ok(Some((row.id("ParentRoleId")?.1, row.id("Id")?.1)))).await?;
    let mut below: BTreeMap<RecordId, Vec<RecordId>> = BTreeMap::new();
    for (parent, role) in roles {
        below.entry(parent).or_default().push(role);
    }
    Ok(below)
}
