//! What an object looks like to one login, as the org describes it.

use serde::Deserialize;

/// What an object looks like to this login. What the org leaves unsaid counts as allowed: it will say so itself when asked.
#[derive(Debug, Deserialize)]
pub(crate) struct Description {
    pub(crate) name: String,
    /// Whether the login may make records.
    #[serde(default = "yes")]
    pub(crate) createable: bool,
    /// Whether the login may change records.
    #[serde(default = "yes")]
    pub(crate) updateable: bool,
    /// Whether the login may remove records.
    #[serde(default = "yes")]
    pub(crate) deletable: bool,
    /// The fields that the login may see.
    pub(crate) fields: Vec<FieldDescription>,
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
    /// The name for people.
    #[serde(default)]
    pub(crate) label: String,
    /// The most characters; 0 where there is no such limit.
    #[serde(default)]
    pub(crate) length: usize,
    /// Whether it can be set when a record is made.
    #[serde(default = "yes")]
    pub(crate) createable: bool,
    /// Whether it can be changed.
    #[serde(default = "yes")]
    pub(crate) updateable: bool,
    /// Whether it may be empty.
    #[serde(default = "yes")]
    pub(crate) nillable: bool,
    /// Whether Salesforce fills it in when a record is made without it.
    #[serde(default)]
    pub(crate) defaulted_on_create: bool,
    /// Whether it is worked out by a formula.
    #[serde(default)]
    pub(crate) calculated: bool,
    /// Whether only the values of the list are taken.
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
    /// The field of that name, whatever its letter case.
    pub(crate) fn field(&self, name: &str) -> Option<&FieldDescription> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }
}

impl FieldDescription {
    /// The values that can be chosen.
    pub(crate) fn choices(&self) -> impl Iterator<Item = &str> {
        self.picklist_values.iter().filter(|choice| choice.active).map(|choice| choice.value.as_str())
    }

    /// Whether a record can't be made without it.
    pub(crate) fn is_required(&self) -> bool {
        self.createable && !self.nillable && !self.defaulted_on_create && self.field_type != "boolean"
    }
}
