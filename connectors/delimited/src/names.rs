//! Values that name an entitlement by its id or its name.

use crate::attributes::split;
use crate::rows::Row;
use connector_core::Result;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The ids and names of the entitlements of a type.
#[derive(Default)]
pub(crate) struct Names {
    ids: HashSet<String>,
    /// The id that has this name; `None` if several have it.
    by_name: HashMap<String, Option<String>>,
}

impl Names {
    pub(crate) fn add(&mut self, id: String, name: String) {
        if id != name {
            let unique = self.by_name.entry(name).or_insert_with(|| Some(id.clone()));
            if unique.as_ref() != Some(&id) {
                *unique = None;
            }
        }
        self.ids.insert(id);
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
    fn id_or(&self, value: &str) -> String {
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

/// The values in a text that was read before, each with the id that it names.
pub(crate) fn named<'a>(names: Option<&Arc<Names>>, text: &'a str, separator: Option<&str>) -> Vec<(&'a str, String)> {
    let id_of = |value: &str| names.map_or_else(|| value.to_owned(), |names| names.id_or(value));
    split(text, separator).into_iter().map(|value| (value, id_of(value))).collect()
}

/// The id that a value names, with or without a list.
pub(crate) fn id_in(names: Option<&Arc<Names>>, value: &str, (row, column): (Row<'_>, usize)) -> Result<String> {
    match names {
        Some(names) => names.id_of(value, || (row, column)),
        None => Ok(value.to_owned()),
    }
}
