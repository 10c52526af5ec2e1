//! The rows of one object: generated ones first, stored ones after them, changes on top.

use std::collections::{BTreeSet, HashMap};

use super::object::Object;
use super::schema;
use super::value::Value;

/// The rows of one object.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// Rows computed from their number.
    pub(crate) generated: u64,
    /// Rows kept as values, in the order of the object's fields.
    stored: Vec<Box<[Value]>>,
    removed: BTreeSet<u64>,
    changed: HashMap<u64, Vec<(usize, Value)>>,
}

impl Table {
    /// One past the last row number, removed rows included.
    pub(crate) fn end(&self) -> u64 {
        self.generated + self.stored.len() as u64
    }

    /// How many rows there are.
    pub(crate) fn count(&self) -> u64 {
        self.end() - self.removed.len() as u64
    }

    pub(crate) fn has(&self, index: u64) -> bool {
        index < self.end() && (self.removed.is_empty() || !self.removed.contains(&index))
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.removed.is_empty()
    }

    /// The value that a change or a stored row gives; `None` for an untouched generated one.
    pub(crate) fn value(&self, index: u64, field: usize) -> Option<Value> {
        if !self.changed.is_empty()
            && let Some((_, value)) =
                self.changed.get(&index).and_then(|changes| changes.iter().find(|(place, _)| *place == field))
        {
            return Some(value.clone());
        }
        let row = usize::try_from(index.checked_sub(self.generated)?).ok()?;
        self.stored.get(row).map(|values| values[field].clone())
    }

    pub(crate) fn set(&mut self, index: u64, field: usize, value: Value) {
        let changes = self.changed.entry(index).or_default();
        match changes.iter_mut().find(|(place, _)| *place == field) {
            Some(change) => change.1 = value,
            None => changes.push((field, value)),
        }
    }

    /// Appends a row and says its number.
    pub(crate) fn push(&mut self, row: Row) -> u64 {
        self.stored.push(row.values);
        self.end() - 1
    }

    pub(crate) fn remove(&mut self, index: u64) -> bool {
        self.has(index) && self.removed.insert(index)
    }

    /// The numbers of the stored rows.
    pub(crate) fn stored(&self) -> impl Iterator<Item = u64> {
        (self.generated..self.end()).filter(|index| self.has(*index))
    }
}

/// A row on its way into a table.
#[derive(Debug)]
pub(crate) struct Row {
    object: Object,
    values: Box<[Value]>,
}

impl Row {
    /// A row of `object` with the field types' empty values: null, or false.
    pub(crate) fn new(object: Object) -> Self {
        let values = schema::fields(object)
            .iter()
            .map(|field| if field.kind == super::field::Kind::Boolean { Value::Bool(false) } else { Value::Null })
            .collect();
        Self { object, values }
    }

    /// Sets a field; a name that the object lacks is ignored, so that system fields can be set on every object.
    pub(crate) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        if let Some(place) = schema::place(self.object, field) {
            self.values[place] = value.into();
        }
        self
    }
}
