//! The schemas of a server: which attributes its resources have.

use serde::Deserialize;

/// A schema, as a server describes it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Schema {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) attributes: Vec<Attribute>,
}

/// An attribute of a schema.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Attribute {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) multi_valued: bool,
    pub(crate) required: bool,
    pub(crate) description: Option<String>,
    pub(crate) mutability: Option<String>,
    pub(crate) returned: Option<String>,
    pub(crate) sub_attributes: Vec<Attribute>,
}

impl Attribute {
    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kind.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(kind))
    }

    pub(crate) fn mutability(&self) -> &str {
        self.mutability.as_deref().unwrap_or("readWrite")
    }

    /// Whether the server never shows it.
    pub(crate) fn is_hidden(&self) -> bool {
        self.mutability() == "writeOnly" || self.returned.as_deref() == Some("never")
    }
}
