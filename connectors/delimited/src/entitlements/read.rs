//! Reads entitlements.

use super::names::id_in;
use crate::accounts::each_group;
use crate::attributes::{AttributeColumns, list, split};
use crate::files::Table;
use crate::layout::{Layout, TypeLayout};
use crate::rows::{self, Columns, Position, Row, Rows, Unique, Verified, VerifiedFile, verify};
use crate::settings::{EntitlementSettings, Merge};
use connector_core::{Cursor, Entitlement, EntitlementRef, Error, Page, Result};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The position of a type whose entitlements are those that accounts and members name.
const NAMED: &str = "";

/// One page of entitlements. The first one reads the lists to prove that they are complete.
pub(crate) fn entitlements(layout: &Layout, cursor: &Cursor) -> Result<Page<Entitlement>> {
    let Some(position) = cursor.position::<Position>()? else { return first(layout) };
    let of = layout.type_named(&position.of).ok_or_else(|| foreign(&position))?;
    match &of.list {
        None => named(layout, of).map(Page::last),
        Some(table) => {
            let mut mapping = None;
            let each = |rows: &[Row<'_>], items: &mut Vec<Entitlement>| {
                let mapping = match &mut mapping {
                    Some(mapping) => mapping,
                    none => none.insert(ListMapping::new(of, rows[0].columns)?),
                };
                items.push(mapping.entitlement(of, &rows[0])?);
                Ok(())
            };
            rows::page(&layout.parked, table, &position, each, None)
        }
    }
}

/// A position of another version of the settings.
pub(crate) fn foreign(position: &Position) -> Error {
    Error::protocol(format!("the settings have no entitlements `{}`", position.of))
        .with_help("drop the unfinished run with `--restart`")
}

fn first(layout: &Layout) -> Result<Page<Entitlement>> {
    let (mut next, mut estimate) = (Vec::new(), 0);
    for of in &layout.types {
        if let Some(table) = &of.list {
            let verified = verify_list(layout, of, table)?;
            estimate += verified.rows();
            for file in &verified.files {
                next.push(Cursor::of(&Position::first(&of.name, file))?);
            }
        } else {
            let (of, file) = (of.name.clone(), NAMED.to_owned());
            next.push(Cursor::of(&Position { of, file, print: 0, byte: 0, line: 0 })?);
        }
    }
    Ok(Page::fork(Vec::new(), next).with_estimate(estimate))
}

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
struct ListMapping {
    id: usize,
    name: usize,
    description: Option<usize>,
    attributes: AttributeColumns,
}

impl ListMapping {
    fn new(of: &TypeLayout, columns: &Columns) -> Result<Self> {
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

    fn entitlement(&self, of: &TypeLayout, row: &Row<'_>) -> Result<Entitlement> {
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
pub(super) fn list_rows(
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

/// All entitlements of a type.
pub(crate) fn all_of_type(layout: &Layout, of: &TypeLayout) -> Result<Vec<Entitlement>> {
    let Some(table) = &of.list else { return named(layout, of) };
    let mut all = Vec::new();
    list_rows(layout, of, table, |entitlement| {
        all.push(entitlement);
        Ok(())
    })?;
    Ok(all)
}

/// The entitlements of a type without a list: those that accounts and members name.
fn named(layout: &Layout, of: &TypeLayout) -> Result<Vec<Entitlement>> {
    let mut ids: BTreeSet<String> = BTreeSet::new();
    if let Some(column) = &of.column {
        let setting = format!("accounts.entitlements.{}", of.name);
        each_group(layout, |_, columns, rows| {
            let place = columns.find(&setting, &column.column)?;
            for (value, _) in list(rows, place, column.split.as_deref().unwrap_or_default())? {
                ids.insert(value);
            }
            Ok(())
        })?;
    }
    if let Some((holders, table)) = &of.holders {
        let setting = format!("entitlements.{}.holders.entitlement", of.name);
        for file in table.files(layout.now())? {
            let mut rows = Rows::open(table, file)?;
            let column = rows.columns.find(&setting, &holders.entitlement)?;
            while rows.next()? {
                let row = rows.row();
                for value in split(&row.text(column)?.unwrap_or_default(), holders.split.as_deref()) {
                    ids.insert(id_in(None, value, (row, column))?);
                }
            }
        }
    }
    let entitlement = |id: String| Entitlement::new(EntitlementRef::new(of.name.clone(), id.clone()), id);
    Ok(ids.into_iter().map(entitlement).collect())
}

/// For each of `wanted`, in order, the entitlements of its type that have its id as id or name.
pub(crate) fn find(layout: &Layout, wanted: &[EntitlementRef]) -> Result<Vec<Vec<Entitlement>>> {
    let mut found: Vec<Vec<Entitlement>> = wanted.iter().map(|_| Vec::new()).collect();
    for of in &layout.types {
        let own = |wanted: &EntitlementRef| wanted.entitlement_type == of.name;
        if !wanted.iter().any(own) {
            continue;
        }
        for entitlement in all_of_type(layout, of)? {
            for (wanted, found) in wanted.iter().zip(&mut found).filter(|(wanted, _)| own(wanted)) {
                if entitlement.key.id == wanted.id || entitlement.name == wanted.id {
                    found.push(entitlement.clone());
                }
            }
        }
    }
    for (wanted, found) in wanted.iter().zip(&mut found) {
        // An id names one thing, whatever else is called so.
        if found.iter().any(|one| one.key.id == wanted.id) {
            found.retain(|one| one.key.id == wanted.id);
        }
    }
    Ok(found)
}
