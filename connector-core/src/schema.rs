//! What a connector's accounts look like, and what it can do with them.

use crate::operation::OperationKind;
use serde::Serialize;

/// The attributes of a source's accounts and the operations it supports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AccountSchema {
    /// The attributes, in the order people expect them.
    pub attributes: Vec<AttributeSchema>,
    /// The operations that [`Connector::provision`](crate::Connector::provision) carries out.
    pub operations: Vec<OperationKind>,
    /// The attribute that tells when the password was last changed. A change of a password whose answer was lost can be
    /// settled by it; without one it stays pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_changed: Option<String>,
}

impl AccountSchema {
    /// The attribute of that name, whatever its letter case.
    pub fn attribute(&self, name: &str) -> Option<&AttributeSchema> {
        self.attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }
}

/// One attribute of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttributeSchema {
    /// The source's own spelling.
    pub name: String,
    /// The JSON type of its values.
    #[serde(rename = "type")]
    pub attribute_type: AttributeType,
    /// Whether it holds a list.
    pub multi: bool,
    /// Whether creating an account needs it.
    pub required: bool,
    /// When it can be written.
    pub writable: Writable,
    /// What it means, in a sentence.
    pub description: String,
}

/// The type of an attribute's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeType {
    /// Text.
    String,
    /// True or false.
    Boolean,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// A moment, as the source writes it.
    DateTime,
    /// A day, as `YYYY-MM-DD`.
    Date,
    /// The id of another object of the source.
    Reference,
    /// A JSON object or list.
    Json,
}

/// When an attribute can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Writable {
    /// The source sets it.
    Never,
    /// Once, when the account is made.
    OnCreate,
    /// At any time.
    Always,
}
