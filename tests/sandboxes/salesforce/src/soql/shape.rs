//! The shape of records in responses, and how they are written.

use super::bind::Bound;
use super::columns::Columns;
use super::path::{Hop, Leaf};
use super::rows;
use crate::id::Id;
use crate::org::field::Kind;
use crate::org::schema;
use crate::org::state::{Record, State};
use crate::org::value::Value;

/// What a record of the response contains, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    pub(crate) entries: Vec<Entry>,
}

/// One key of a record in a response.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// `,"Name":`
    key: Vec<u8>,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Field(Leaf),
    Parent(Hop, Shape),
    Children { field: usize, bound: Box<Bound> },
}

fn key(name: &str) -> Vec<u8> {
    format!(",\"{name}\":").into_bytes()
}

impl Entry {
    pub(crate) fn children(name: &str, field: usize, bound: Bound) -> Self {
        Self { key: key(name), content: Content::Children { field, bound: Box::new(bound) } }
    }

    /// The field of this entry, if it is one of the record itself.
    pub(crate) fn leaf(&self) -> Option<Leaf> {
        match &self.content {
            Content::Field(leaf) => Some(*leaf),
            _ => None,
        }
    }
}

impl Shape {
    /// Adds a field behind some parents; false if it is already present.
    pub(crate) fn add(&mut self, hops: &[Hop], leaf: Leaf) -> bool {
        let Some((hop, rest)) = hops.split_first() else {
            if self.entries.iter().any(|entry| entry.leaf() == Some(leaf)) {
                return false;
            }
            self.entries.push(Entry { key: key(leaf.name()), content: Content::Field(leaf) });
            return true;
        };
        for entry in &mut self.entries {
            if let Content::Parent(known, shape) = &mut entry.content
                && known == hop
            {
                return shape.add(rest, leaf);
            }
        }
        let mut shape = Self::default();
        shape.add(rest, leaf);
        self.entries.push(Entry { key: key(hop.name), content: Content::Parent(hop.clone(), shape) });
        true
    }

    /// The same without the record's own id.
    pub(crate) fn without_id(&self) -> Self {
        let is_id = |entry: &&Entry| entry.leaf().is_some_and(|leaf| leaf.name() == "Id");
        Self { entries: self.entries.iter().filter(|entry| !is_id(entry)).cloned().collect() }
    }

    /// The same as columns; `None` if a value does not fit into one.
    pub(crate) fn columns(&self) -> Option<Columns> {
        let mut columns = Columns::default();
        self.add_columns(&[], &mut columns).then_some(columns)
    }

    fn add_columns(&self, hops: &[Hop], columns: &mut Columns) -> bool {
        self.entries.iter().all(|entry| match &entry.content {
            Content::Field(Leaf::Field(object, field)) if schema::fields(*object)[*field].kind == Kind::Address => {
                false
            }
            Content::Field(leaf) => {
                columns.add(hops.to_vec(), *leaf);
                true
            }
            Content::Parent(hop, shape) => {
                let hops: Vec<Hop> = hops.iter().chain([hop]).cloned().collect();
                shape.add_columns(&hops, columns)
            }
            Content::Children { .. } => false,
        })
    }

    /// Appends a record as JSON.
    pub(crate) fn write(&self, state: &State, record: Record, version: &str, out: &mut Vec<u8>) {
        let (object, index) = record;
        write_attributes(object.name(), state.world.id(object, index), version, out);
        for entry in &self.entries {
            out.extend_from_slice(&entry.key);
            match &entry.content {
                Content::Field(leaf) => leaf.value(state, record).write(out),
                Content::Parent(hop, shape) => match hop.follow(state, record) {
                    Some(parent) => shape.write(state, parent, version, out),
                    None => out.extend_from_slice(b"null"),
                },
                Content::Children { field, bound } => write_children(state, record, *field, bound, version, out),
            }
        }
        out.push(b'}');
    }
}

/// Appends `{"attributes":{…}`, the record's beginning.
pub(crate) fn write_attributes(object: &str, id: Id, version: &str, out: &mut Vec<u8>) {
    for part in [
        "{\"attributes\":{\"type\":\"",
        object,
        "\",\"url\":\"/services/data/",
        version,
        "/sobjects/",
        object,
        "/",
        id.as_str(),
        "\"}",
    ] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// Appends a child set; an empty one is null.
fn write_children(state: &State, parent: Record, field: usize, bound: &Bound, version: &str, out: &mut Vec<u8>) {
    let id = state.world.id(parent.0, parent.1);
    let rows = rows::children(state, bound, field, id);
    if rows.is_empty() {
        out.extend_from_slice(b"null");
        return;
    }
    out.extend_from_slice(format!("{{\"totalSize\":{},\"done\":true,\"records\":[", rows.len()).as_bytes());
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        bound.shape.write(state, (bound.object, *row), version, out);
    }
    out.extend_from_slice(b"]}");
}

/// The id in the first field of a record, for semi-joins.
pub(crate) fn first_id(shape: &Shape, state: &State, record: Record) -> Option<Id> {
    let entry = shape.entries.first()?;
    let value = match &entry.content {
        Content::Field(leaf) => leaf.value(state, record),
        Content::Parent(hop, inner) => return first_id(inner, state, hop.follow(state, record)?),
        Content::Children { .. } => Value::Null,
    };
    match value {
        Value::Id(id) => Some(id),
        _ => None,
    }
}
