//! The parts of an OpenAPI document: refs followed, `allOf` joined.
//!
//! A document comes from anybody. It can refer to itself, join the same parts again and again, and be nested at will, so every
//! step is counted.

use serde_json::Value;
use std::cell::Cell;

/// How many steps a document may take. The largest public ones take a tenth.
const MOST_STEPS: u32 = 2_000_000;

/// How many refs may lead to one thing, and how deep joined schemas may be.
const DEEPEST: usize = 24;

/// How many properties of an object count.
const MOST_PROPERTIES: usize = 200;

/// An OpenAPI document.
pub(super) struct Document<'a> {
    root: &'a Value,
    steps: Cell<u32>,
}

/// What a schema allows, in the terms of this crate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Unknown,
    Object,
    List,
    Text,
    Integer,
    Number,
    Boolean,
}

/// A schema without refs: the members of all its parts.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape<'a> {
    pub(super) kind: Kind,
    pub(super) format: Option<&'a str>,
    /// Of an object, in the order of the document.
    pub(super) properties: Vec<(&'a str, &'a Value)>,
    /// Of a list.
    pub(super) items: Option<&'a Value>,
    /// The texts that it can be, if it names them.
    pub(super) values: Vec<&'a str>,
    pub(super) default: Option<&'a Value>,
    pub(super) maximum: Option<u64>,
    pub(super) minimum: Option<u64>,
}

impl<'a> Document<'a> {
    pub(super) fn new(root: &'a Value) -> Self {
        Self { root, steps: Cell::new(0) }
    }

    pub(super) fn root(&self) -> &'a Value {
        self.root
    }

    /// Whether it takes more steps than any real document. What was found by then is not all.
    pub(super) fn is_too_much(&self) -> bool {
        self.steps.get() > MOST_STEPS
    }

    fn step(&self) -> bool {
        self.steps.set(self.steps.get().saturating_add(1));
        !self.is_too_much()
    }

    /// The value itself, or what its ref leads to. `None` for a ref to another file, to nothing, or to itself.
    pub(super) fn follow(&self, mut value: &'a Value) -> Option<&'a Value> {
        for _ in 0..DEEPEST {
            if !self.step() {
                return None;
            }
            let Some(target) = value.get("$ref").and_then(Value::as_str) else { return Some(value) };
            let pointer = target.strip_prefix('#')?;
            let decoded = percent_encoding::percent_decode_str(pointer).decode_utf8().ok()?;
            value = self.root.pointer(&decoded)?;
        }
        None
    }

    /// What a schema allows.
    pub(super) fn shape(&self, schema: &'a Value) -> Shape<'a> {
        let mut shape = Shape::default();
        self.gather(schema, &mut shape, 0);
        if shape.kind == Kind::Unknown {
            if !shape.properties.is_empty() {
                shape.kind = Kind::Object;
            } else if shape.items.is_some() {
                shape.kind = Kind::List;
            } else if !shape.values.is_empty() {
                shape.kind = Kind::Text;
            }
        }
        shape
    }

    fn gather(&self, schema: &'a Value, shape: &mut Shape<'a>, depth: usize) {
        let Some(schema) = self.follow(schema).filter(|_| depth < DEEPEST) else { return };
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.gather(part, shape, depth + 1);
        }
        if shape.kind == Kind::Unknown {
            shape.kind = kind(&schema["type"]);
        }
        shape.format = shape.format.or(schema["format"].as_str());
        shape.items = shape.items.or(schema.get("items"));
        shape.default = shape.default.or(schema.get("default"));
        shape.maximum = shape.maximum.or(schema["maximum"].as_u64());
        shape.minimum = shape.minimum.or(schema["minimum"].as_u64());
        if shape.values.is_empty() {
            shape.values = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).take(50).collect();
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if shape.properties.len() == MOST_PROPERTIES || !self.step() {
                break;
            }
            if !shape.properties.iter().any(|(known, _)| known == name) {
                shape.properties.push((name, property));
            }
        }
        // Of several forms, the first one that is not null.
        for choice in ["anyOf", "oneOf"] {
            let forms = schema[choice].as_array().into_iter().flatten();
            let is_open = shape.kind == Kind::Unknown && shape.properties.is_empty();
            let mut real = forms.filter(|form| form["type"] != "null");
            if is_open && let Some(form) = real.next() {
                self.gather(form, shape, depth + 1);
            }
        }
    }
}

fn kind(name: &Value) -> Kind {
    let of_word = |word: &Value| match word.as_str() {
        Some("object") => Kind::Object,
        Some("array") => Kind::List,
        Some("string") => Kind::Text,
        Some("integer") => Kind::Integer,
        Some("number") => Kind::Number,
        Some("boolean") => Kind::Boolean,
        _ => Kind::Unknown,
    };
    match name {
        // A list of types, as in 3.1. With null beside it, the other one counts.
        Value::Array(words) => words.iter().map(of_word).find(|kind| *kind != Kind::Unknown).unwrap_or_default(),
        word => of_word(word),
    }
}

impl<'a> Shape<'a> {
    pub(super) fn property(&self, name: &str) -> Option<&'a Value> {
        self.properties.iter().find(|(known, _)| *known == name).map(|(_, schema)| *schema)
    }
}
