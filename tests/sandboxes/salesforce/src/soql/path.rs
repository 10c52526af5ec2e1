//! Resolved field paths: from a record through its parents to a value.

use super::ast::Name;
use super::error::SoqlError;
use crate::org::object::Object;
use crate::org::schema;
use crate::org::state::{Record, State};
use crate::org::value::Value;

/// How many parents a path may go through.
const FARTHEST: usize = 5;

/// A path from a record through parents to a field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Path {
    pub(crate) hops: Vec<Hop>,
    pub(crate) leaf: Leaf,
}

/// One step to a parent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hop {
    /// The reference field.
    pub(crate) field: usize,
    /// The relationship's name, as responses spell it.
    pub(crate) name: &'static str,
    /// The parent's object; `None` where it can be one of several.
    pub(crate) object: Option<Object>,
}

/// The field at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Leaf {
    Field(Object, usize),
    /// A field that every parent of a polymorphic relationship has: `Id`, `Name` or `Type`.
    Any(&'static str),
}

impl Path {
    /// Resolves a dotted path that begins at `object`, or at its alias.
    pub(crate) fn find(
        state: &State,
        statement: &str,
        object: Object,
        alias: Option<&str>,
        name: &Name,
    ) -> Result<Self, SoqlError> {
        let mut segments: Vec<&str> = name.text.split('.').collect();
        let begins = segments[0];
        let is_own =
            alias.is_some_and(|alias| alias.eq_ignore_ascii_case(begins)) || begins.eq_ignore_ascii_case(object.name());
        if segments.len() > 1 && is_own && relationship(state, object, begins).is_none() {
            segments.remove(0);
        }
        let last = segments.pop().unwrap_or_default();
        if segments.len() > FARTHEST {
            return Err(SoqlError::malformed("Only 5 levels of child-to-parent relationships are supported"));
        }
        let mut hops = Vec::new();
        let mut at = Some(object);
        for segment in segments {
            let hop = at
                .and_then(|object| relationship(state, object, segment))
                .ok_or_else(|| SoqlError::no_relationship(statement, name.position, segment))?;
            at = hop.object;
            hops.push(hop);
        }
        let leaf = match at {
            Some(object) => state.field(object, last).map(|field| Leaf::Field(object, field)),
            None => ["Id", "Name", "Type"].into_iter().find(|known| known.eq_ignore_ascii_case(last)).map(Leaf::Any),
        };
        let entity = at.map_or("Name", Object::name);
        let leaf = leaf.ok_or_else(|| SoqlError::no_column(statement, name.position, last, entity))?;
        Ok(Self { hops, leaf })
    }

    /// Whether this is the record's own field with this index.
    pub(crate) fn is_own(&self, field: usize) -> bool {
        self.hops.is_empty() && matches!(self.leaf, Leaf::Field(_, place) if place == field)
    }

    /// The value at the end of the path; null where a parent is missing.
    pub(crate) fn value(&self, state: &State, (object, index): Record) -> Value {
        let mut at = (object, index);
        for hop in &self.hops {
            match hop.follow(state, at) {
                Some(parent) => at = parent,
                None => return Value::Null,
            }
        }
        self.leaf.value(state, at)
    }
}

impl Hop {
    /// The parent of a record.
    pub(crate) fn follow(&self, state: &State, (object, index): Record) -> Option<Record> {
        let Value::Id(id) = state.value(object, index, self.field) else { return None };
        match self.object {
            Some(parent) => state.find(parent, id).map(|index| (parent, index)),
            None => state.locate(id),
        }
    }
}

impl Leaf {
    /// The value of the field of a record.
    pub(crate) fn value(self, state: &State, (object, index): Record) -> Value {
        match self {
            Self::Field(_, field) => state.value(object, index, field),
            Self::Any("Type") => Value::from(object.name()),
            Self::Any(name) => state.named(object, index, name),
        }
    }

    /// The field's name, as responses spell it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Field(object, field) => schema::fields(object)[field].name,
            Self::Any(name) => name,
        }
    }
}

fn relationship(state: &State, object: Object, name: &str) -> Option<Hop> {
    let field = schema::fields(object)
        .iter()
        .position(|field| !field.relationship.is_empty() && field.relationship.eq_ignore_ascii_case(name))?;
    let known = &schema::fields(object)[field];
    let target = match known.targets {
        [one] => Some(Object::named(one).filter(|target| state.sees(*target))?),
        _ => None,
    };
    state.sees_field(object, field).then_some(Hop { field, name: known.relationship, object: target })
}
