//! What accounts look like.

use super::mapping::Mapping;
use crate::layout::Layout;
use crate::rows::{Columns, Rows};
use connector_core::{AccountSchema, AttributeMeaning, AttributeSchema, OperationKind, Result, Writable};

/// The attributes in the header of the files, and the operations. Before there is a file, the attributes are unknown.
pub(crate) fn schema(layout: &Layout) -> AccountSchema {
    let schema = match headers(layout) {
        Ok(attributes) => AccountSchema::new(attributes),
        Err(error) => {
            tracing::debug!(%error, "the columns of the accounts are unknown");
            AccountSchema::new(Vec::new()).open()
        }
    };
    schema.with_operations(operations(layout))
}

fn headers(layout: &Layout) -> Result<Vec<AttributeSchema>> {
    let mut all: Vec<AttributeSchema> = Vec::new();
    for (path, shown) in layout.accounts.pattern.find(&layout.project)? {
        let file = crate::files::DataFile::at(path, shown)?;
        let attributes = from_columns(layout, &Rows::open(&layout.accounts, file)?.columns)?;
        let is_known = |one: &AttributeSchema, all: &[AttributeSchema]| all.iter().any(|known| known.name == one.name);
        for one in attributes {
            if !is_known(&one, &all) {
                all.push(one);
            }
        }
    }
    Ok(all)
}

/// The attributes in these columns.
fn from_columns(layout: &Layout, columns: &Columns) -> Result<Vec<AttributeSchema>> {
    let mapping = Mapping::new(layout, columns)?;
    let (id, name) = (&columns.names()[mapping.id], &columns.names()[mapping.name]);
    let attributes = mapping.attributes.schema().map(|mut attribute| {
        if attribute.name == *name {
            attribute = attribute.means(AttributeMeaning::LoginName);
        }
        // Where two values are all, `enable` and `disable` write them.
        let says_state = layout
            .settings
            .enabled
            .as_ref()
            .is_some_and(|one| one.column == attribute.name && one.is.len() == 1 && one.is_not.len() == 1);
        match (layout.writable && !says_state, attribute.name == *id) {
            (false, _) => attribute,
            (true, false) => attribute.writable(Writable::Always),
            // The name of a new account is its id.
            (true, true) if id == name => attribute.writable(Writable::OnCreate),
            (true, true) => attribute.writable(Writable::OnCreate).required(),
        }
    });
    Ok(attributes.collect())
}

/// The operations that the settings allow.
pub(crate) fn operations(layout: &Layout) -> Vec<OperationKind> {
    if !layout.writable {
        return Vec::new();
    }
    let mut operations = vec![OperationKind::Create, OperationKind::Update, OperationKind::Delete];
    if layout.settings.enabled.as_ref().is_some_and(|enabled| !enabled.is.is_empty() && !enabled.is_not.is_empty()) {
        operations.extend([OperationKind::Enable, OperationKind::Disable]);
    }
    if layout.types.iter().any(crate::layout::TypeLayout::is_grantable) {
        operations.extend([OperationKind::Grant, OperationKind::Revoke]);
    }
    operations
}
