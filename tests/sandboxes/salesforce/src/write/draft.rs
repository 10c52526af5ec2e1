//! The fields and values of a write request, read from JSON.

use serde_json::{Map, Value as Json};

use super::refusal::Refusal;
use crate::org::field::{Field, Kind};
use crate::org::object::Object;
use crate::org::schema;
use crate::org::state::State;
use crate::org::value::{self, Value};

/// What a draft is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Create,
    Update,
}

/// The fields that a client sent for one record.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) object: Object,
    pub(crate) values: Vec<(usize, Value)>,
}

/// Why a draft can't be read.
#[derive(Clone, Debug)]
pub(crate) enum Unreadable {
    /// The row is refused.
    Row(Vec<Refusal>),
    /// A value of the wrong JSON type: the whole document is invalid.
    Document(String),
}

impl From<Refusal> for Unreadable {
    fn from(refusal: Refusal) -> Self {
        Self::Row(vec![refusal])
    }
}

impl Draft {
    /// Reads a record. Names are compared without case; fields that the login does not see are unknown.
    pub(crate) fn read(
        state: &State,
        object: Object,
        purpose: Purpose,
        json: &Map<String, Json>,
    ) -> Result<Self, Unreadable> {
        let mut fields = Vec::new();
        for (name, json) in json.iter().filter(|(name, _)| name.as_str() != "attributes") {
            if name.eq_ignore_ascii_case("Id") {
                let message = "The Id field should not be specified in the sobject data.";
                return Err(Refusal::new("INVALID_FIELD", message).into());
            }
            let place = state.field(object, name).ok_or_else(|| {
                Refusal::new("INVALID_FIELD", format!("No such column '{name}' on sobject of type {}", object.name()))
            })?;
            fields.push((place, json));
        }
        let known = schema::fields(object);
        let writable = |field: &Field| if purpose == Purpose::Create { field.createable } else { field.updateable };
        let fixed: Vec<&'static str> =
            fields.iter().map(|(place, _)| &known[*place]).filter(|field| !writable(field)).map(|f| f.name).collect();
        if !fixed.is_empty() {
            let message = format!(
                "Unable to create/update fields: {}. Please check the security settings of this field and verify that \
                 it is read/write for your profile or permission set.",
                fixed.join(", ")
            );
            return Err(Refusal::new("INVALID_FIELD_FOR_INSERT_UPDATE", message).of(&fixed).into());
        }
        let mut values = Vec::with_capacity(fields.len());
        for (place, json) in fields {
            values.push((place, converted(&known[place], json)?));
        }
        Ok(Self { object, values })
    }

    /// The value that was sent for a field; `None` if the field was left out.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        let place = schema::place(self.object, name)?;
        self.values.iter().find(|(known, _)| *known == place).map(|(_, value)| value)
    }

    /// Puts a value into the draft.
    pub(crate) fn put(&mut self, name: &str, value: impl Into<Value>) {
        let Some(place) = schema::place(self.object, name) else { return };
        let value = value.into();
        match self.values.iter_mut().find(|(known, _)| *known == place) {
            Some(sent) => sent.1 = value,
            None => self.values.push((place, value)),
        }
    }

    /// The names of the fields that were sent.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.values.iter().map(|(place, _)| schema::fields(self.object)[*place].name).collect()
    }
}

/// The value of a field from JSON. Text is stored without surrounding blanks, and empty text as null.
fn converted(field: &Field, json: &Json) -> Result<Value, Unreadable> {
    let trimmed = match json {
        Json::String(text) if text.trim().is_empty() && field.kind != Kind::Boolean => Json::Null,
        Json::String(text) => Json::String(text.trim().to_owned()),
        other => other.clone(),
    };
    if trimmed.is_null() && field.kind == Kind::Boolean {
        let message = format!("{}: value not of required type: ", field.label);
        return Err(Refusal::new("INVALID_TYPE_ON_FIELD_IN_RECORD", message).of(&[field.name]).into());
    }
    if let Some(value) = value::from_json(&trimmed, field.kind) {
        return Ok(value);
    }
    match &trimmed {
        Json::String(text) if field.kind == Kind::Reference => {
            let message = format!("{}: id value of incorrect type: {text}", field.label);
            Err(Refusal::new("MALFORMED_ID", message).of(&[field.name]).into())
        }
        other => Err(Unreadable::Document(format!(
            "Cannot deserialize instance of {} from {} value {} or request may be missing a required field at \
             [line:1, column:1]",
            field.kind.soap_type().rsplit(':').next().unwrap_or_default(),
            token(other),
            other.as_str().map_or_else(|| other.to_string(), str::to_owned),
        ))),
    }
}

/// The name of a JSON value in messages of the org's parser.
fn token(json: &Json) -> &'static str {
    match json {
        Json::Null => "VALUE_NULL",
        Json::Bool(true) => "VALUE_TRUE",
        Json::Bool(false) => "VALUE_FALSE",
        Json::Number(number) if number.is_f64() => "VALUE_NUMBER_FLOAT",
        Json::Number(_) => "VALUE_NUMBER_INT",
        Json::String(_) => "VALUE_STRING",
        Json::Array(_) => "START_ARRAY",
        Json::Object(_) => "START_OBJECT",
    }
}
