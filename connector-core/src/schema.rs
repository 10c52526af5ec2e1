//! What a connector's accounts look like, and what it can do with them.

use crate::operation_kind::OperationKind;
use crate::severity::Severity;
use serde::Serialize;

/// The attributes of a source's accounts and the operations it supports.
///
/// ```
/// use connector_core::{AccountSchema, AttributeMeaning, AttributeSchema, OperationKind, Writable};
///
/// let schema = AccountSchema::new(vec![
///     AttributeSchema::text("mail").means(AttributeMeaning::Email).writable(Writable::Always),
///     AttributeSchema::date_time("lastLogon").means(AttributeMeaning::LastLogin).quiet(),
/// ])
/// .with_operations(vec![OperationKind::Update]);
/// assert_eq!(schema.meaning(AttributeMeaning::Email).map(|one| one.name.as_str()), Some("mail"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AccountSchema {
    /// The attributes, in the order people expect them.
    pub attributes: Vec<AttributeSchema>,
    /// The operations that [`Connector::provision`](crate::Connector::provision) carries out.
    pub operations: Vec<OperationKind>,
    /// Whether accounts can have attributes that are not listed here, such as fields that a customer added. Elsewhere,
    /// a plan that sets an attribute that is not listed fails in the preview.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
}

impl AccountSchema {
    /// A schema with these attributes and no operation.
    pub fn new(attributes: Vec<AttributeSchema>) -> Self {
        Self { attributes, operations: Vec::new(), open: false }
    }

    /// Sets the operations that [`Connector::provision`](crate::Connector::provision) carries out.
    #[must_use]
    pub fn with_operations(mut self, operations: Vec<OperationKind>) -> Self {
        self.operations = operations;
        self
    }

    /// Says that accounts can have other attributes too, see [`open`](Self::open).
    #[must_use]
    pub fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// The attribute of that name, whatever its letter case.
    pub fn attribute(&self, name: &str) -> Option<&AttributeSchema> {
        self.attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }

    /// The name of the attribute with the time of the last password change, if there is one.
    pub fn password_changed(&self) -> Option<String> {
        self.meaning(AttributeMeaning::PasswordChanged).map(|attribute| attribute.name.clone())
    }

    /// The first attribute with that meaning.
    pub fn meaning(&self, meaning: AttributeMeaning) -> Option<&AttributeSchema> {
        self.attributes.iter().find(|attribute| attribute.meaning == Some(meaning))
    }
}

/// One attribute of an account or an entitlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "each says something else, and connectors set them by name")]
pub struct AttributeSchema {
    /// The source's own spelling.
    pub name: String,
    /// The JSON type of its values.
    #[serde(rename = "type")]
    pub attribute_type: AttributeType,
    /// Whether it holds a list.
    pub multi: bool,
    /// Whether creating an account needs it. A plan that creates an account without it, or clears it, fails in the preview.
    pub required: bool,
    /// When it can be written.
    pub writable: Writable,
    /// What it stands for in every source, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meaning: Option<AttributeMeaning>,
    /// Whether a new value alone is no change. The store keeps the newest value, but neither counts nor records it as a change:
    /// the time of the last login, a counter of views.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub quiet: bool,
    /// Only accounts with this other attribute can have it. Of the others, its absence says nothing: an app never signs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_with: Option<String>,
    /// Whether its values are ids of accounts of this source, see [`is_account`](Self::is_account).
    #[serde(rename = "account", skip_serializing_if = "std::ops::Not::not")]
    pub of_account: bool,
    /// How much power it gives: whoever holds an entitlement where it is true can do what the description says. If an entitlement
    /// that holds others says `false` itself, it takes the power away from what it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power: Option<Severity>,
    /// What it means, in a sentence.
    pub description: String,
}

impl AttributeSchema {
    /// A single value of this type that the source sets by itself.
    pub fn new(name: impl Into<String>, attribute_type: AttributeType) -> Self {
        Self {
            name: name.into(),
            attribute_type,
            multi: false,
            required: false,
            writable: Writable::Never,
            meaning: None,
            quiet: false,
            only_with: None,
            of_account: false,
            power: None,
            description: String::new(),
        }
    }

    /// A text.
    pub fn text(name: impl Into<String>) -> Self {
        Self::new(name, AttributeType::String)
    }

    /// True or false.
    pub fn boolean(name: impl Into<String>) -> Self {
        Self::new(name, AttributeType::Boolean)
    }

    /// A whole number.
    pub fn integer(name: impl Into<String>) -> Self {
        Self::new(name, AttributeType::Integer)
    }

    /// A moment, as the source writes it.
    pub fn date_time(name: impl Into<String>) -> Self {
        Self::new(name, AttributeType::DateTime)
    }

    /// The id of another object of the source.
    pub fn reference(name: impl Into<String>) -> Self {
        Self::new(name, AttributeType::Reference)
    }

    /// The id of another account of the source.
    ///
    /// ```
    /// use connector_core::AttributeSchema;
    ///
    /// assert!(AttributeSchema::account("deputy").is_account());
    /// ```
    pub fn account(name: impl Into<String>) -> Self {
        Self { of_account: true, ..Self::reference(name) }
    }

    /// Whether its values are ids of accounts of this source. A plan may name such an account: the engine finds it, fills in its
    /// id, and refuses what no account has. Only a connector that [prepares](crate::PrepareOperations) operations does that
    /// itself.
    pub fn is_account(&self) -> bool {
        self.of_account || self.meaning == Some(AttributeMeaning::Manager)
    }

    /// Says in a sentence what it means.
    #[must_use]
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Says that it holds a list.
    #[must_use]
    pub fn multi(mut self) -> Self {
        self.multi = true;
        self
    }

    /// Says that creating an account needs it.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Says when it can be written.
    #[must_use]
    pub fn writable(mut self, writable: Writable) -> Self {
        self.writable = writable;
        self
    }

    /// Says what it stands for in every source.
    #[must_use]
    pub fn means(mut self, meaning: AttributeMeaning) -> Self {
        self.meaning = Some(meaning);
        self
    }

    /// Says that a new value alone is no change, see [`quiet`](Self::quiet).
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Says that only accounts with this other attribute can have it, see [`only_with`](Self::only_with).
    #[must_use]
    pub fn only_with(mut self, other: impl Into<String>) -> Self {
        self.only_with = Some(other.into());
        self
    }

    /// Says that it gives power, see [`power`](Self::power).
    ///
    /// ```
    /// use connector_core::{AttributeSchema, Severity};
    ///
    /// let admin = AttributeSchema::boolean("site_admin").described("Administer the site").gives_power(Severity::Critical);
    /// assert_eq!(admin.power, Some(Severity::Critical));
    /// ```
    #[must_use]
    pub fn gives_power(mut self, severity: Severity) -> Self {
        self.power = Some(severity);
        self
    }
}

/// The type of an attribute's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
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
    /// Bytes, as base64 text.
    Binary,
    /// A JSON object or list.
    Json,
}

/// What an attribute stands for, whatever a source calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AttributeMeaning {
    /// The name that people log in with, which is the account's own name: a plan gives it as `name`.
    LoginName,
    /// The e-mail address.
    Email,
    /// The first name.
    GivenName,
    /// The last name.
    FamilyName,
    /// The number of the person in the personnel system.
    EmployeeNumber,
    /// The department.
    Department,
    /// The job title.
    Title,
    /// The id of the account of the person's manager. A plan may name the account, see [`AttributeSchema::is_account`].
    Manager,
    /// When the account was made.
    Created,
    /// When the account last signed in.
    LastLogin,
    /// When the password was last changed. Where it is known, a change of a password whose response was lost can be
    /// settled; elsewhere such a change stays pending.
    PasswordChanged,
}

/// When an attribute can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Writable {
    /// The source sets it.
    Never,
    /// Once, when the account is made.
    OnCreate,
    /// At any time.
    Always,
}
