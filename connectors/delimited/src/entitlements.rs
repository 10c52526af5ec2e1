//! Reads entitlements.

use crate::accounts::each_group;
use crate::attributes::{list, split};
use crate::error;
use crate::layout::{Layout, TypeLayout};
use crate::lists::{ListMapping, list_rows, verify_list};
use crate::rows::{self, Position, Row, Rows};
use connector_core::{Cursor, Entitlement, EntitlementRef, Page, Result};
use std::collections::BTreeSet;

/// The position of a type whose entitlements are those that accounts and members name.
const NAMED: &str = "";

/// One page of entitlements. The first one reads the lists to prove that they are complete.
pub(crate) fn entitlements(layout: &Layout, cursor: &Cursor) -> Result<Page<Entitlement>> {
    let Some(position) = cursor.position::<Position>()? else { return first(layout) };
    let of = layout.type_named(&position.of).ok_or_else(|| error::foreign(&position.of))?;
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
        each_group(layout, |_, group| {
            let place = group.columns.find(&setting, &column.column)?;
            for (value, _) in list(group.rows, place, column.split.as_deref().unwrap_or_default())? {
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
                    ids.insert(value.to_owned());
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
