//! Values that name an entitlement by its id or its name.

use super::read::list_rows;
use crate::error;
use crate::layout::{Layout, TypeLayout};
use crate::rows::Row;
use connector_core::Result;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError};

/// The ids and names of the entitlements of a type.
pub(crate) struct Names {
    ids: HashSet<String>,
    /// The id that has this name; `None` if several have it.
    by_name: HashMap<String, Option<String>>,
}

impl Names {
    /// The names of a type that is listed in files. They are read again when the files change.
    pub(crate) fn of(layout: &Layout, of: &TypeLayout) -> Result<Option<Arc<Self>>> {
        let Some(table) = &of.list else { return Ok(None) };
        let prints: Vec<u64> = table.files(layout.now())?.iter().map(|file| file.print).collect();
        let mut all = layout.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, names)) = all.get(&of.name)
            && *known == prints
        {
            return Ok(Some(names.clone()));
        }
        let mut names = Self { ids: HashSet::new(), by_name: HashMap::new() };
        list_rows(layout, of, table, |entitlement| {
            let id = entitlement.key.id;
            if id != entitlement.name {
                let unique = names.by_name.entry(entitlement.name).or_insert_with(|| Some(id.clone()));
                if unique.as_ref() != Some(&id) {
                    *unique = None;
                }
            }
            names.ids.insert(id);
            Ok(())
        })?;
        let names = Arc::new(names);
        all.insert(of.name.clone(), (prints, names.clone()));
        Ok(Some(names))
    }

    /// The id of the entitlement that a value names. A value that is neither an id nor a name is an id that the list does not
    /// have; the engine says so.
    pub(crate) fn id_of<'a>(&self, value: &str, place: impl Fn() -> (Row<'a>, usize)) -> Result<String> {
        if self.ids.contains(value) {
            return Ok(value.to_owned());
        }
        match self.by_name.get(value) {
            Some(Some(id)) => Ok(id.clone()),
            Some(None) => {
                let (row, column) = place();
                Err(row.fault(column, "several entitlements have this name", "write their ids instead"))
            }
            None => Ok(value.to_owned()),
        }
    }

    /// The same for a value that was read before; one that names several entitlements is an id of none.
    pub(crate) fn id_or(&self, value: &str) -> String {
        match self.by_name.get(value) {
            Some(Some(id)) if !self.ids.contains(value) => id.clone(),
            _ => value.to_owned(),
        }
    }

    /// Whether the list has this id.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.ids.contains(id)
    }
}

/// The id that a value names, with or without a list.
pub(crate) fn id_in(names: Option<&Arc<Names>>, value: &str, (row, column): (Row<'_>, usize)) -> Result<String> {
    match names {
        Some(names) => names.id_of(value, || (row, column)),
        None => Ok(value.to_owned()),
    }
}

/// A value that names several things.
pub(crate) fn no_entitlement(row: &Row<'_>, column: usize) -> connector_core::Error {
    let what = "no entitlement";
    error::at_column(
        &row.file.shown,
        row.line(),
        (column, row.columns.names().get(column).map_or("", String::as_str)),
        what,
        "check the export: every row of members needs one",
    )
}
