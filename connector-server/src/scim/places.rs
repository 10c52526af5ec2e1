//! Where the attributes of a source stand in SCIM, and which of them clients can write.

use super::names::AttributeNames;
use connector_core::{
    AccountSchema, AttributeMeaning, AttributeSchema, AttributeType, OperationKind, ReadEntitlements, Writable,
};
use connector_project::source::{Approval, Opened};
use std::borrow::Cow;

/// What the extension of a source has besides the attributes of the source.
pub(super) const OF_EXTENSION: [&str; 2] = ["locked", "accountKind"];

/// Attributes of the core schema. An attribute of the source with such a name is this one.
const CORE: [&str; 12] = [
    "displayName",
    "externalId",
    "locale",
    "nickName",
    "preferredLanguage",
    "profileUrl",
    "timezone",
    "title",
    "userType",
    "name.formatted",
    "name.givenName",
    "name.familyName",
];

/// The schema that an attribute belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    Core,
    Enterprise,
    /// The extension of the source.
    Own,
}

/// How an attribute is written in SCIM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// By itself.
    Plain,
    /// As a part of another one, such as `givenName` of `name`.
    Part(&'static str),
    /// As the only item of a list of addresses.
    Email,
}

/// When clients can write an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutability {
    ReadOnly,
    Immutable,
    ReadWrite,
}

impl Mutability {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ReadOnly => "readOnly",
            Self::Immutable => "immutable",
            Self::ReadWrite => "readWrite",
        }
    }
}

/// Why nothing of a source can be written through SCIM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// Somebody else must approve each plan.
    NeedsApproval,
    /// The connector or the settings of the source allow no operation.
    NoOperation,
    /// The connector can't look at an account, so no answer could show what became of it.
    NoLook,
}

/// One attribute of the source.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) attribute: AttributeSchema,
    pub(super) home: Home,
    pub(super) name: String,
    pub(super) shape: Shape,
    pub(super) mutability: Mutability,
}

/// All of them, and what clients can do.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pub(super) slots: Vec<Slot>,
    pub(super) closed: Option<Closed>,
    /// The attribute with the login name.
    pub(super) login: Option<String>,
    /// The same, if clients can change it.
    pub(super) renames: Option<String>,
    operations: Vec<OperationKind>,
    /// The types of entitlements that plans can grant and revoke.
    grantable: Vec<Cow<'static, str>>,
    names: AttributeNames,
}

impl Places {
    pub(super) fn of(opened: &Opened) -> Self {
        let (schema, abilities) = (opened.connector.schema(), opened.connector.capabilities());
        let closed = if opened.provisioning.approval == Approval::Required {
            Some(Closed::NeedsApproval)
        } else if schema.operations.is_empty() {
            Some(Closed::NoOperation)
        } else if abilities.accounts().is_none() {
            Some(Closed::NoLook)
        } else {
            None
        };
        let types = abilities.entitlements().map(ReadEntitlements::entitlement_types).unwrap_or_default();
        let grantable = types.into_iter().filter(|one| one.grantable).map(|one| one.name).collect();
        Self::new(schema, closed, grantable)
    }

    /// The places of the attributes of a schema. What is `closed` can't be written.
    pub(super) fn new(schema: AccountSchema, closed: Option<Closed>, grantable: Vec<Cow<'static, str>>) -> Self {
        let operations = if closed.is_none() { schema.operations.clone() } else { Vec::new() };
        let names = AttributeNames::beside(&OF_EXTENSION);
        let mut places = Self { slots: Vec::new(), closed, login: None, renames: None, operations, grantable, names };
        for attribute in schema.attributes {
            places.add(attribute);
        }
        places
    }

    fn add(&mut self, attribute: AttributeSchema) {
        let mutability = self.mutability_of(&attribute);
        if attribute.meaning == Some(AttributeMeaning::LoginName) && self.login.is_none() {
            // It is `userName`, and stands nowhere else.
            self.renames = (mutability == Mutability::ReadWrite).then(|| attribute.name.clone());
            self.login = Some(attribute.name);
            return;
        }
        let place = standard(&attribute).filter(|(home, name, shape)| {
            let is_same = |slot: &&Slot| slot.home == *home && slot.name == *name && slot.shape == *shape;
            self.slots.iter().find(is_same).is_none()
        });
        let (home, name, shape) = match place {
            Some((home, name, shape)) => (home, name.to_owned(), shape),
            None => (Home::Own, self.names.give(&attribute.name), Shape::Plain),
        };
        self.slots.push(Slot { attribute, home, name, shape, mutability });
    }

    fn mutability_of(&self, attribute: &AttributeSchema) -> Mutability {
        // Nobody here knows the parts of an object.
        if attribute.attribute_type == AttributeType::Json {
            return Mutability::ReadOnly;
        }
        let (creates, updates) = (self.can(OperationKind::Create), self.can(OperationKind::Update));
        match attribute.writable {
            Writable::Always if updates => Mutability::ReadWrite,
            Writable::Always | Writable::OnCreate if creates => Mutability::Immutable,
            _ => Mutability::ReadOnly,
        }
    }

    /// Whether clients can have this done.
    pub(super) fn can(&self, kind: OperationKind) -> bool {
        self.operations.contains(&kind)
    }

    /// Whether clients can change who holds entitlements.
    pub(super) fn can_assign(&self) -> bool {
        self.can(OperationKind::Grant) && self.can(OperationKind::Revoke) && !self.grantable.is_empty()
    }

    /// Whether clients can change who holds entitlements of this type.
    pub(super) fn can_assign_type(&self, entitlement_type: &str) -> bool {
        self.can_assign() && self.grantable.iter().any(|one| one == entitlement_type)
    }

    /// Whether clients can enable or disable an account.
    pub(super) fn can_switch(&self) -> bool {
        self.can(OperationKind::Enable) || self.can(OperationKind::Disable)
    }

    /// Whether PATCH can do anything.
    pub(super) fn can_patch(&self) -> bool {
        self.can_switch() || self.can_assign() || self.can(OperationKind::Update)
    }

    /// The place of an attribute of the source.
    pub(super) fn of_attribute(&self, name: &str) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.attribute.name == name)
    }

    /// Names for attributes that no schema describes.
    pub(super) fn more_names(&self) -> AttributeNames {
        self.names.clone()
    }

    /// Whether the store keeps what clients call the accounts: the source has no attribute for it, and clients can write.
    pub(super) fn keeps_external_ids(&self) -> bool {
        self.closed.is_none() && !self.slots.iter().any(|slot| slot.home == Home::Core && slot.name == "externalId")
    }

    /// Whether the standard place of the display name is that of an attribute.
    pub(super) fn has_display_name(&self) -> bool {
        self.slots.iter().any(|slot| slot.home == Home::Core && slot.name == "displayName")
    }
}

/// The place that the standard has for what an attribute means, or for its name.
fn standard(attribute: &AttributeSchema) -> Option<(Home, &'static str, Shape)> {
    if attribute.multi || attribute.attribute_type == AttributeType::Json {
        return None;
    }
    let by_meaning = attribute.meaning.and_then(|meaning| {
        Some(match meaning {
            AttributeMeaning::GivenName => (Home::Core, "name", Shape::Part("givenName")),
            AttributeMeaning::FamilyName => (Home::Core, "name", Shape::Part("familyName")),
            AttributeMeaning::Email => (Home::Core, "emails", Shape::Email),
            AttributeMeaning::Title => (Home::Core, "title", Shape::Plain),
            AttributeMeaning::EmployeeNumber => (Home::Enterprise, "employeeNumber", Shape::Plain),
            AttributeMeaning::Department => (Home::Enterprise, "department", Shape::Plain),
            AttributeMeaning::Manager => (Home::Enterprise, "manager", Shape::Part("value")),
            _ => return None,
        })
    });
    let is_text = matches!(attribute.attribute_type, AttributeType::String | AttributeType::Reference);
    let by_name = || {
        let name = CORE.into_iter().find(|name| is_text && name.eq_ignore_ascii_case(&attribute.name))?;
        Some(match name {
            "name.formatted" => (Home::Core, "name", Shape::Part("formatted")),
            "name.givenName" => (Home::Core, "name", Shape::Part("givenName")),
            "name.familyName" => (Home::Core, "name", Shape::Part("familyName")),
            name => (Home::Core, name, Shape::Plain),
        })
    };
    by_meaning.or_else(by_name)
}
