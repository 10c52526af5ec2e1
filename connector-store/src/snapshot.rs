//! The values of a row, for comparing and for keeping what they were.

use super::column::{account_kind, assignment_state, moment};
use connector_core::{
    Account, AccountKind, Assignment, AssignmentState, Attributes, Entitlement, EntitlementRef, Error, ErrorKind,
    Result,
};
use connector_sql::Row;
use connector_sql::types::ValueRef;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use xxhash_rust::xxh3::xxh3_128;

/// The values of an account at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSnapshot {
    /// Its name.
    pub name: String,
    /// The name for people.
    pub display_name: Option<String>,
    /// Whether it can be used.
    pub enabled: bool,
    /// Whether it is locked.
    pub locked: bool,
    /// Who or what uses it.
    pub kind: AccountKind,
    /// The account that answers for it.
    pub owner: Option<String>,
    /// Its attributes.
    pub attributes: Attributes,
}

/// The values of an entitlement at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntitlementSnapshot {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its attributes.
    pub attributes: Attributes,
}

/// The values of an assignment at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignmentSnapshot {
    /// Whether it has effect.
    pub state: AssignmentState,
    /// When it ends.
    pub valid_until: Option<Timestamp>,
    /// Its attributes.
    pub attributes: Attributes,
}

/// The text of an image in the table of changes.
#[derive(Serialize, Deserialize)]
struct StoredValues<'a> {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(default)]
    enabled: bool,
    #[serde(default)]
    locked: bool,
    #[serde(default, skip_serializing_if = "AccountKind::is_unspecified")]
    kind: AccountKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(borrow)]
    attributes: &'a RawValue,
}

/// The same for an assignment.
#[derive(Serialize, Deserialize)]
struct StoredAssignment<'a> {
    state: AssignmentState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_until: Option<Timestamp>,
    #[serde(borrow)]
    attributes: &'a RawValue,
}

impl AccountSnapshot {
    /// The values of an account.
    pub fn of(account: &Account) -> Self {
        Self {
            name: account.name.clone(),
            display_name: account.display_name.clone(),
            enabled: account.enabled,
            locked: account.locked,
            kind: account.kind,
            owner: account.owner.clone(),
            attributes: account.attributes.clone(),
        }
    }

    /// Reads `name, display_name, enabled, locked, attributes, kind, owner` from that column on.
    pub fn from_row(row: &Row<'_>, column: usize) -> connector_sql::Result<Self> {
        Ok(Self {
            name: row.get(column)?,
            display_name: row.get(column + 1)?,
            enabled: row.get(column + 2)?,
            locked: row.get(column + 3)?,
            attributes: attributes(row, column + 4)?,
            kind: account_kind(row, column + 5)?,
            owner: row.get(column + 6)?,
        })
    }

    /// Whether the account has these values, quiet ones aside; the order of attributes doesn't matter.
    pub fn is_of(&self, account: &Account, quiet: &BTreeSet<String>) -> bool {
        self.name == account.name
            && self.display_name == account.display_name
            && self.enabled == account.enabled
            && self.locked == account.locked
            && self.kind == account.kind
            && self.owner == account.owner
            && same(&self.attributes, &account.attributes, quiet)
    }

    /// The text in the table of changes.
    pub fn to_text(&self) -> String {
        write(&self.attributes, |attributes| StoredValues {
            name: self.name.clone(),
            display_name: self.display_name.clone(),
            description: None,
            enabled: self.enabled,
            locked: self.locked,
            kind: self.kind,
            owner: self.owner.clone(),
            attributes,
        })
    }

    /// Reads what `to_text` wrote. Fails with kind `internal`.
    pub fn from_text(text: &str) -> Result<Self> {
        let written: StoredValues<'_> = serde_json::from_str(text).map_err(unreadable)?;
        Ok(Self {
            name: written.name,
            display_name: written.display_name,
            enabled: written.enabled,
            locked: written.locked,
            kind: written.kind,
            owner: written.owner,
            attributes: Attributes::parse(written.attributes.get()).map_err(unreadable)?,
        })
    }
}

impl EntitlementSnapshot {
    /// Reads `name, description, attributes` from that column on.
    pub fn from_row(row: &Row<'_>, column: usize) -> connector_sql::Result<Self> {
        Ok(Self { name: row.get(column)?, description: row.get(column + 1)?, attributes: attributes(row, column + 2)? })
    }

    /// Whether the entitlement has these values, quiet ones aside; the order of attributes doesn't matter.
    pub fn is_of(&self, entitlement: &Entitlement, quiet: &BTreeSet<String>) -> bool {
        self.name == entitlement.name
            && self.description == entitlement.description
            && same(&self.attributes, &entitlement.attributes, quiet)
    }

    /// The text in the table of changes.
    pub fn to_text(&self) -> String {
        write(&self.attributes, |attributes| StoredValues {
            name: self.name.clone(),
            display_name: None,
            description: self.description.clone(),
            enabled: false,
            locked: false,
            kind: AccountKind::Unspecified,
            owner: None,
            attributes,
        })
    }

    /// Reads what `to_text` wrote. Fails with kind `internal`.
    pub fn from_text(text: &str) -> Result<Self> {
        let written: StoredValues<'_> = serde_json::from_str(text).map_err(unreadable)?;
        Ok(Self {
            name: written.name,
            description: written.description,
            attributes: Attributes::parse(written.attributes.get()).map_err(unreadable)?,
        })
    }
}

impl AssignmentSnapshot {
    /// The values of an assignment.
    pub fn of(assignment: &Assignment) -> Self {
        let Assignment { state, valid_until, attributes, .. } = assignment;
        Self { state: *state, valid_until: *valid_until, attributes: attributes.clone() }
    }

    /// Active, without end and attributes.
    pub fn plain() -> Self {
        Self { state: AssignmentState::Active, valid_until: None, attributes: Attributes::empty() }
    }

    /// Reads `state, valid_until, attributes` from that column on.
    pub fn from_row(row: &Row<'_>, column: usize) -> connector_sql::Result<Self> {
        let attributes = match row.get_ref(column + 2)? {
            ValueRef::Null => Attributes::empty(),
            _ => attributes(row, column + 2)?,
        };
        Ok(Self { state: assignment_state(row, column)?, valid_until: moment(row, column + 1)?, attributes })
    }

    /// How the store writes state, end and attributes: nothing for the values of a plain assignment.
    pub fn columns(&self) -> (Option<&'static str>, Option<String>, Option<&str>) {
        let state = (self.state != AssignmentState::Active).then(|| self.state.name());
        let attributes = Some(self.attributes.as_str()).filter(|_| self.attributes != Attributes::empty());
        (state, self.valid_until.map(|until| until.to_string()), attributes)
    }

    /// Whether both have the same values; the order of attributes doesn't matter.
    pub fn is_same(&self, other: &Self) -> bool {
        self.state == other.state
            && self.valid_until == other.valid_until
            && same(&self.attributes, &other.attributes, &BTreeSet::new())
    }

    /// The text in the table of changes.
    pub fn to_text(&self) -> String {
        let (state, valid_until) = (self.state, self.valid_until);
        write(&self.attributes, |attributes| StoredAssignment { state, valid_until, attributes })
    }

    /// Reads what `to_text` wrote. Fails with kind `internal`.
    pub fn from_text(text: &str) -> Result<Self> {
        let StoredAssignment { state, valid_until, attributes } = serde_json::from_str(text).map_err(unreadable)?;
        Ok(Self { state, valid_until, attributes: Attributes::parse(attributes.get()).map_err(unreadable)? })
    }
}

/// The attributes in a column. A store that somebody else wrote to is damaged when they are no JSON object.
pub fn attributes(row: &Row<'_>, column: usize) -> connector_sql::Result<Attributes> {
    let text: String = row.get(column)?;
    Attributes::parse(text).map_err(|cause| {
        connector_sql::Error::FromSqlConversionFailure(column, connector_sql::types::Type::Text, cause.into())
    })
}

fn unreadable(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    let message = format!("the store holds earlier values of a row that can't be read: {cause}");
    Error::new(ErrorKind::Internal, message)
        .with_help("if a newer version of this program wrote to the store, update this one")
        .with_cause(cause)
}

fn write<'a, T: Serialize>(attributes: &'a Attributes, written: impl FnOnce(&'a RawValue) -> T) -> String {
    let raw: &RawValue = serde_json::from_str(attributes.as_str()).expect("attributes are a JSON object");
    serde_json::to_string(&written(raw)).expect("texts, booleans and JSON text can be written as JSON")
}

fn same(left: &Attributes, right: &Attributes, quiet: &BTreeSet<String>) -> bool {
    if left == right {
        return true;
    }
    let (mut left, mut right) = (left.entries(), right.entries());
    left.retain(|(name, _)| !quiet.contains(&**name));
    right.retain(|(name, _)| !quiet.contains(&**name));
    left.sort_by(|one, other| one.0.cmp(&other.0));
    right.sort_by(|one, other| one.0.cmp(&other.0));
    left.len() == right.len()
        && left.iter().zip(&right).all(|(left, right)| left.0 == right.0 && is_same_value(left.1, right.1))
}

/// One value can be written as JSON in several ways: with other escapes, spaces, or order of members.
fn is_same_value(left: &RawValue, right: &RawValue) -> bool {
    let value = |raw: &RawValue| serde_json::from_str::<Value>(raw.get());
    left.get() == right.get() || matches!((value(left), value(right)), (Ok(left), Ok(right)) if left == right)
}

/// Makes the hash of a row's content. Each text goes in with its length, so that no two contents give the same bytes.
#[derive(Debug, Default)]
pub(crate) struct Hasher {
    bytes: Vec<u8>,
}

impl Hasher {
    pub(crate) fn account(&mut self, account: &Account, inline: &[&EntitlementRef]) -> [u8; 16] {
        self.bytes.clear();
        self.text(Some(&account.name));
        self.text(account.display_name.as_deref());
        self.bytes.extend([u8::from(account.enabled), u8::from(account.locked)]);
        self.text(Some(account.attributes.as_str()));
        for entitlement in inline {
            self.text(Some(&entitlement.entitlement_type));
            self.text(Some(&entitlement.id));
        }
        // Only where the source says something of it: the hashes of all other rows of older stores stay right.
        if !account.kind.is_unspecified() || account.owner.is_some() || account.alias.is_some() {
            // No text is that long, so no list of entitlements gives the same bytes.
            self.bytes.extend((u64::MAX - 1).to_le_bytes());
            self.text(Some(account.kind.name()));
            self.text(account.owner.as_deref());
            self.text(account.alias.as_deref());
        }
        xxh3_128(&self.bytes).to_be_bytes()
    }

    pub(crate) fn entitlement(&mut self, entitlement: &Entitlement) -> [u8; 16] {
        self.bytes.clear();
        self.text(Some(&entitlement.name));
        self.text(entitlement.description.as_deref());
        self.text(Some(entitlement.attributes.as_str()));
        if entitlement.alias.is_some() {
            self.text(entitlement.alias.as_deref());
        }
        xxh3_128(&self.bytes).to_be_bytes()
    }

    fn text(&mut self, text: Option<&str>) {
        let length = text.map_or(u64::MAX, |text| text.len() as u64);
        self.bytes.extend(length.to_le_bytes());
        self.bytes.extend(text.unwrap_or_default().as_bytes());
    }
}
