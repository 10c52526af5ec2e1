//! Files that list the entitlements of a type.

use crate::attributes::AttributeColumns;
use crate::files::Table;
use crate::layout::{Layout, TypeLayout};
use crate::names::Names;
use crate::rows::{Columns, Row, Rows, Unique, Verified, VerifiedFile, verify};
use crate::settings::{EntitlementSettings, Merge};
use connector_core::{Entitlement, EntitlementRef, Error, Result};
use std::borrow::Cow;
use std::sync::{Arc, PoisonError};

/// Reads a list once: it is complete, and no id comes twice.
pub(crate) fn verify_list(layout: &Layout, of: &TypeLayout, table: &Arc<Table>) -> Result<Verified> {
    let setting = format!("entitlements.{}.id", of.name);
    let column = id_column(of);
    let unique = Unique { what: "id", setting: &setting, column, merge: Merge::None };
    let verified = verify(table, layout.now(), Some(&unique))?;
    for VerifiedFile { columns, .. } in &verified.files {
        ListMapping::new(of, columns)?;
    }
    Ok(verified)
}

fn id_column(of: &TypeLayout) -> &str {
    of.settings.as_ref().and_then(|settings| settings.id.as_deref()).unwrap_or_default()
}

/// Which column of a list is what.
pub(crate) struct ListMapping {
    id: usize,
    name: usize,
    description: Option<usize>,
    attributes: AttributeColumns,
}

impl ListMapping {
    pub(crate) fn new(of: &TypeLayout, columns: &Columns) -> Result<Self> {
        let place = format!("entitlements.{}", of.name);
        let id = columns.find(&format!("{place}.id"), id_column(of))?;
        let Some(EntitlementSettings { name, description, attributes, .. }) = &of.settings else {
            return Err(Error::internal("a list without settings"));
        };
        let name = columns.find_some(&format!("{place}.name"), name.as_ref())?.unwrap_or(id);
        let description = columns.find_some(&format!("{place}.description"), description.as_ref())?;
        let except: Vec<_> = [Some(id), Some(name), description].into_iter().flatten().collect();
        let attributes = AttributeColumns::new(attributes, &format!("{place}.attributes"), columns, &except)?;
        Ok(Self { id, name, description, attributes })
    }

    pub(crate) fn entitlement(&self, of: &TypeLayout, row: &Row<'_>) -> Result<Entitlement> {
        let id = row.some_text(self.id, "no id")?.into_owned();
        let name = row.text(self.name)?.filter(|name| !name.is_empty()).map(Cow::into_owned);
        let name = name.unwrap_or_else(|| id.clone());
        let mut entitlement = Entitlement::new(EntitlementRef::new(of.name.clone(), id), name);
        if let Some(description) = self.description {
            entitlement.description = row.text(description)?.filter(|text| !text.is_empty()).map(Cow::into_owned);
        }
        entitlement.attributes = self.attributes.read(&[*row])?;
        Ok(entitlement)
    }
}

/// Calls `each` with every entitlement of a list.
pub(crate) fn list_rows(
    layout: &Layout,
    of: &TypeLayout,
    table: &Arc<Table>,
    mut each: impl FnMut(Entitlement) -> Result<()>,
) -> Result<()> {
    for file in table.files(layout.now())? {
        let mut rows = Rows::open(table, file)?;
        let mapping = ListMapping::new(of, &rows.columns)?;
        while rows.next()? {
            each(mapping.entitlement(of, &rows.row())?)?;
        }
    }
    Ok(())
}

/// The names of a type that is listed in files. They are read again when the files change.
pub(crate) fn names_of(layout: &Layout, of: &TypeLayout) -> Result<Option<Arc<Names>>> {
    let Some(table) = &of.list else { return Ok(None) };
    let prints: Vec<u64> = table.files(layout.now())?.iter().map(|file| file.print).collect();
    let mut all = layout.names.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((known, names)) = all.get(&of.name)
        && *known == prints
    {
        return Ok(Some(names.clone()));
    }
    let mut names = Names::default();
    list_rows(layout, of, table, |entitlement| {
        names.add(entitlement.key.id, entitlement.name);
        Ok(())
    })?;
    let names = Arc::new(names);
    all.insert(of.name.clone(), (prints, names.clone()));
    Ok(Some(names))
}
