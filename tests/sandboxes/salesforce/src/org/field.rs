//! What a field of an object is: its metadata, and how the generated part of the org fills it.

use super::value::Value;
use super::world::World;

/// The describe type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Id,
    Text,
    TextArea,
    Email,
    Phone,
    Url,
    Picklist,
    Boolean,
    Int,
    Double,
    Date,
    DateTime,
    Reference,
    Address,
}

impl Kind {
    /// The describe `type`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Text => "string",
            Self::TextArea => "textarea",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Url => "url",
            Self::Picklist => "picklist",
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Double => "double",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Reference => "reference",
            Self::Address => "address",
        }
    }

    /// The describe `soapType`.
    pub(crate) fn soap_type(self) -> &'static str {
        match self {
            Self::Id | Self::Reference => "tns:ID",
            Self::Boolean => "xsd:boolean",
            Self::Int => "xsd:int",
            Self::Double => "xsd:double",
            Self::Date => "xsd:date",
            Self::DateTime => "xsd:dateTime",
            Self::Address => "urn:address",
            _ => "xsd:string",
        }
    }
}

/// How a generated record fills the field.
pub(crate) type Make = fn(&World, u64) -> Value;

/// The metadata of one field.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one flag of the describe answer")]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) kind: Kind,
    pub(crate) length: u16,
    pub(crate) createable: bool,
    pub(crate) updateable: bool,
    pub(crate) nillable: bool,
    pub(crate) defaulted: bool,
    pub(crate) unique: bool,
    pub(crate) id_lookup: bool,
    pub(crate) filterable: bool,
    pub(crate) restricted: bool,
    pub(crate) picklist: &'static [&'static str],
    pub(crate) targets: &'static [&'static str],
    pub(crate) relationship: &'static str,
    pub(crate) make: Option<Make>,
}

impl Field {
    pub(crate) const fn new(name: &'static str, label: &'static str, kind: Kind, length: u16) -> Self {
        Self {
            name,
            label,
            kind,
            length,
            createable: false,
            updateable: false,
            nillable: true,
            defaulted: false,
            unique: false,
            id_lookup: false,
            filterable: true,
            restricted: false,
            picklist: &[],
            targets: &[],
            relationship: "",
            make: None,
        }
    }

    pub(crate) const fn id() -> Self {
        Self { nillable: false, defaulted: true, id_lookup: true, ..Self::new("Id", "Record ID", Kind::Id, 18) }
    }

    pub(crate) const fn text(name: &'static str, label: &'static str, length: u16) -> Self {
        Self::new(name, label, Kind::Text, length)
    }

    pub(crate) const fn flag(name: &'static str, label: &'static str) -> Self {
        Self { nillable: false, defaulted: true, ..Self::new(name, label, Kind::Boolean, 0) }
    }

    pub(crate) const fn picklist(name: &'static str, label: &'static str, values: &'static [&'static str]) -> Self {
        Self { restricted: true, picklist: values, ..Self::new(name, label, Kind::Picklist, 40) }
    }

    pub(crate) const fn reference(
        name: &'static str,
        label: &'static str,
        relationship: &'static str,
        targets: &'static [&'static str],
    ) -> Self {
        Self { targets, relationship, ..Self::new(name, label, Kind::Reference, 18) }
    }

    pub(crate) const fn datetime(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::DateTime, 0)
    }

    /// Can be set at creation and later.
    pub(crate) const fn writable(self) -> Self {
        Self { createable: true, updateable: true, ..self }
    }

    /// Can be set at creation only.
    pub(crate) const fn createable(self) -> Self {
        Self { createable: true, ..self }
    }

    /// Can be changed only.
    pub(crate) const fn updateable(self) -> Self {
        Self { updateable: true, ..self }
    }

    /// Never null.
    pub(crate) const fn required(self) -> Self {
        Self { nillable: false, ..self }
    }

    /// Has a default.
    pub(crate) const fn defaulted(self) -> Self {
        Self { defaulted: true, ..self }
    }

    /// Unique, and a key to look a record up by.
    pub(crate) const fn key(self) -> Self {
        Self { unique: true, id_lookup: true, ..self }
    }

    /// Can't stand in a filter.
    pub(crate) const fn unfiltered(self) -> Self {
        Self { filterable: false, ..self }
    }

    /// Filled by `make` in generated records.
    pub(crate) const fn from(self, make: Make) -> Self {
        Self { make: Some(make), ..self }
    }

    /// Whether this is a custom field.
    pub(crate) fn custom(&self) -> bool {
        self.name.ends_with("__c")
    }
}
