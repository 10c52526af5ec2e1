//! The rows of one object: generated ones first, stored ones after them, changes on top.

use std::collections::{BTreeSet, HashMap};

use super::object::Object;
use super::schema;
use super::value::Value;
use crate::id::Id;

/// The rows of one object.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// Rows computed from their number.
    pub(crate) generated: u64,
    /// The field that names the holder of a row, if rows are looked up by it.
    holder: Option<usize>,
    /// Rows kept as values, in the order of the object's fields.
    stored: Vec<Box<[Value]>>,
    removed: BTreeSet<u64>,
    changed: HashMap<u64, Vec<(usize, Value)>>,
    /// Stored rows by their holder. A removed row may still be listed: readers check the row itself.
    held: HashMap<Id, Vec<u64>>,
}

impl Table {
    /// An empty table whose rows are looked up by `holder`.
    pub(crate) fn held_by(holder: Option<usize>) -> Self {
        Self { holder, ..Self::default() }
    }

    /// One past the last row number, including removed rows.
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

    /// Whether no row was changed or removed. Rows may have been added.
    pub(crate) fn is_as_made(&self) -> bool {
        self.changed.is_empty() && self.removed.is_empty()
    }

    /// The generated rows that were changed or removed.
    pub(crate) fn unlike_made(&self) -> BTreeSet<u64> {
        let changed = self.changed.keys().chain(&self.removed).copied();
        changed.filter(|row| *row < self.generated).collect()
    }

    /// The rows that are stored, or were changed.
    pub(crate) fn touched(&self) -> Vec<u64> {
        let mut rows: Vec<u64> = self.changed.keys().copied().filter(|row| *row < self.generated).collect();
        rows.sort_unstable();
        rows.extend(self.generated..self.end());
        rows
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.removed.is_empty()
    }

    /// The value from a change or a stored row; `None` for an unchanged generated one.
    pub(crate) fn value(&self, index: u64, field: usize) -> Option<Value> {
        if let Some(value) = self.change(index, field) {
            return Some(value.clone());
        }
        let row = usize::try_from(index.checked_sub(self.generated)?).ok()?;
        self.stored.get(row).map(|values| values[field].clone())
    }

    fn change(&self, index: u64, field: usize) -> Option<&Value> {
        if self.changed.is_empty() {
            return None;
        }
        let (_, value) = self.changed.get(&index)?.iter().find(|(place, _)| *place == field)?;
        Some(value)
    }

    /// Changes a field and returns the value of an earlier change.
    pub(crate) fn set(&mut self, index: u64, field: usize, value: Value) -> Option<Value> {
        if self.holder == Some(field)
            && let Value::Id(holder) = value
        {
            self.held.entry(holder).or_default().push(index);
        }
        let changes = self.changed.entry(index).or_default();
        if let Some(change) = changes.iter_mut().find(|(place, _)| *place == field) {
            return Some(std::mem::replace(&mut change.1, value));
        }
        changes.push((field, value));
        None
    }

    /// Undoes a change: the earlier value returns.
    pub(crate) fn unset(&mut self, index: u64, field: usize, earlier: Option<Value>) {
        if let Some(value) = earlier {
            self.set(index, field, value);
            return;
        }
        if let Some(changes) = self.changed.get_mut(&index) {
            changes.retain(|(place, _)| *place != field);
            if changes.is_empty() {
                self.changed.remove(&index);
            }
        }
    }

    /// Appends a row and returns its number.
    pub(crate) fn push(&mut self, row: Row) -> u64 {
        let index = self.end();
        if let Some(field) = self.holder
            && let Value::Id(holder) = row.values[field]
        {
            self.held.entry(holder).or_default().push(index);
        }
        self.stored.push(row.values);
        index
    }

    /// Undoes the latest append.
    pub(crate) fn pop(&mut self) {
        self.stored.pop();
    }

    pub(crate) fn remove(&mut self, index: u64) -> bool {
        self.has(index) && self.removed.insert(index)
    }

    /// Takes a removal back.
    pub(crate) fn restore(&mut self, index: u64) {
        self.removed.remove(&index);
    }

    /// The rows, without generated ones, that `holder` had at any time.
    pub(crate) fn once_held(&self, holder: Id) -> &[u64] {
        self.held.get(&holder).map_or(&[], Vec::as_slice)
    }
}

/// A row that is being built.
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

    /// Sets a field. Ignores a name that the object does not have, so that system fields can be set on every object.
    pub(crate) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        if let Some(place) = schema::place(self.object, field) {
            self.values[place] = value.into();
        }
        self
    }

    /// Sets the field at a place.
    pub(crate) fn put(&mut self, place: usize, value: Value) {
        self.values[place] = value;
    }

    /// The value at a place.
    pub(crate) fn value(&self, place: usize) -> &Value {
        &self.values[place]
    }
}
