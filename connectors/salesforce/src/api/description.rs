//! How the org describes an object to the service account.

use serde::Deserialize;
use std::collections::HashMap;
use std::sync::OnceLock;

/// The description of an object. Whatever the org does not mention counts as allowed: a later request shows the truth.
#[derive(Debug, Deserialize)]
pub(crate) struct Description {
    pub(crate) name: String,
    /// Whether the service account can create records.
    #[serde(default = "yes")]
    pub(crate) createable: bool,
    /// Whether the service account can change records.
    #[serde(default = "yes")]
    pub(crate) updateable: bool,
    /// Whether the service account can delete records.
    #[serde(default = "yes")]
    pub(crate) deletable: bool,
    /// The fields that the service account can see.
    pub(crate) fields: Vec<FieldDescription>,
    /// The places of the fields by their names in lowercase, made at the first use.
    #[serde(skip)]
    places: OnceLock<HashMap<String, usize>>,
}

/// One field of an object.
#[expect(clippy::struct_excessive_bools, reason = "each is one flag of the org's answer")]
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FieldDescription {
    /// The API name.
    pub(crate) name: String,
    /// The type in Salesforce's words, for example `picklist`.
    #[serde(rename = "type")]
    pub(crate) field_type: String,
    /// The label that people see.
    #[serde(default)]
    pub(crate) label: String,
    /// The most characters; 0 means no limit.
    #[serde(default)]
    pub(crate) length: usize,
    /// Whether it can be set when a record is created.
    #[serde(default = "yes")]
    pub(crate) createable: bool,
    /// Whether it can be changed.
    #[serde(default = "yes")]
    pub(crate) updateable: bool,
    /// Whether it may be empty.
    #[serde(default = "yes")]
    pub(crate) nillable: bool,
    /// Whether Salesforce sets it if a new record omits it.
    #[serde(default)]
    pub(crate) defaulted_on_create: bool,
    /// Whether a formula calculates it.
    #[serde(default)]
    pub(crate) calculated: bool,
    /// Whether only the values in the list are allowed.
    #[serde(default)]
    pub(crate) restricted_picklist: bool,
    #[serde(default)]
    picklist_values: Vec<PicklistValue>,
}

#[derive(Debug, Deserialize)]
struct PicklistValue {
    value: String,
    #[serde(default = "yes")]
    active: bool,
}

fn yes() -> bool {
    true
}

impl Description {
    /// The field with this name. Letter case does not matter.
    pub(crate) fn field(&self, name: &str) -> Option<&FieldDescription> {
        let places = self.places.get_or_init(|| {
            let names = self.fields.iter().map(|field| field.name.to_ascii_lowercase());
            // The first field of a name counts.
            names.enumerate().map(|(place, name)| (name, place)).rev().collect()
        });
        places.get(&name.to_ascii_lowercase()).map(|place| &self.fields[*place])
    }
}

impl FieldDescription {
    /// The values that can be chosen.
    pub(crate) fn choices(&self) -> impl Iterator<Item = &str> {
        self.picklist_values.iter().filter(|choice| choice.active).map(|choice| choice.value.as_str())
    }

    /// Whether a new record must have it.
    pub(crate) fn is_required(&self) -> bool {
        self.createable && !self.nillable && !self.defaulted_on_create && self.field_type != "boolean"
    }
}
