//! What differs between two states of a row.

use connector_core::{AssignmentState, Attributes, EntitlementRef};
use connector_store::{AccountSnapshot, AssignmentSnapshot, EntitlementSnapshot, Quiet};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// How a row changed between two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It was added.
    Added,
    /// Its values changed.
    Changed,
    /// It was removed.
    Removed,
}

/// A value that changed; null means absent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttributeChange {
    /// `name`, `display_name`, `enabled`, `locked`, `kind`, `owner`, `description`, or the attribute's own name. An attribute
    /// with one of these names is written `attributes.NAME`. For an assignment, they are `state` and `valid_until`.
    pub attribute: String,
    /// The value before.
    pub from: Value,
    /// The value now.
    pub to: Value,
}

/// One difference between two runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Difference {
    /// An account.
    Account {
        /// How it changed.
        change: Change,
        /// Its id.
        id: String,
        /// Its name, the newer one.
        name: String,
        /// The values that differ; all of them if it was added or removed.
        changes: Vec<AttributeChange>,
    },
    /// An entitlement.
    Entitlement {
        /// How it changed.
        change: Change,
        /// Type and id.
        entitlement: EntitlementRef,
        /// Its name, the newer one.
        name: String,
        /// The values that differ; all of them if it was added or removed.
        changes: Vec<AttributeChange>,
    },
    /// An assignment.
    Assignment {
        /// How it changed.
        change: Change,
        /// The account's id.
        account: String,
        /// The account's name, if it is known.
        account_name: Option<String>,
        /// What it holds or held.
        entitlement: EntitlementRef,
        /// The entitlement's name, if it is known.
        entitlement_name: Option<String>,
        /// What gave it, according to the source.
        #[serde(skip_serializing_if = "Option::is_none")]
        through: Option<EntitlementRef>,
        /// The values that differ. If it was added or removed, the values that a plain assignment does not have.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        changes: Vec<AttributeChange>,
    },
    /// An assignment whose holder is an entitlement.
    Nesting {
        /// How it changed.
        change: Change,
        /// The entitlement that holds the other.
        holder: EntitlementRef,
        /// What it holds or held.
        entitlement: EntitlementRef,
        /// The entitlement's name, if it is known.
        entitlement_name: Option<String>,
        /// The values that differ, as for an assignment.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        changes: Vec<AttributeChange>,
    },
}

impl Difference {
    /// How it changed.
    pub fn change(&self) -> Change {
        match self {
            Self::Account { change, .. }
            | Self::Entitlement { change, .. }
            | Self::Assignment { change, .. }
            | Self::Nesting { change, .. } => *change,
        }
    }

    /// The entitlement that it is about.
    pub fn entitlement(&self) -> Option<&EntitlementRef> {
        match self {
            Self::Account { .. } => None,
            Self::Entitlement { entitlement, .. }
            | Self::Assignment { entitlement, .. }
            | Self::Nesting { entitlement, .. } => Some(entitlement),
        }
    }

    /// The values that differ.
    pub fn changes(&self) -> &[AttributeChange] {
        match self {
            Self::Account { changes, .. }
            | Self::Entitlement { changes, .. }
            | Self::Assignment { changes, .. }
            | Self::Nesting { changes, .. } => changes,
        }
    }
}

/// The names of accounts and entitlements that are not attributes of the source.
const OWN_NAMES: &[&str] = &["name", "display_name", "enabled", "locked", "kind", "owner", "description"];

/// The differences between the values of an account, without quiet ones; `None` is an absent account.
pub(super) fn of_accounts(
    from: Option<&AccountSnapshot>,
    to: Option<&AccountSnapshot>,
    quiet: &Quiet,
) -> Vec<AttributeChange> {
    let mut changes = Changes::of(OWN_NAMES);
    let mut add = |name, value: fn(&AccountSnapshot) -> Value| {
        changes.add(name, from.map_or(Value::Null, value), to.map_or(Value::Null, value));
    };
    add("name", |image| Value::from(image.name.as_str()));
    add("display_name", |image| image.display_name.as_deref().map_or(Value::Null, Value::from));
    add("enabled", |image| Value::from(image.enabled));
    add("locked", |image| Value::from(image.locked));
    add("kind", |image| if image.kind.is_unspecified() { Value::Null } else { Value::from(image.kind.name()) });
    add("owner", |image| image.owner.as_deref().map_or(Value::Null, Value::from));
    let sides = (from.map(|image| &image.attributes), to.map(|image| &image.attributes));
    changes.add_attributes(sides, &quiet.accounts);
    changes.changes
}

/// The differences between the values of an entitlement, without quiet ones; `None` is an absent entitlement.
pub(super) fn of_entitlements(
    from: Option<&EntitlementSnapshot>,
    to: Option<&EntitlementSnapshot>,
    quiet: &BTreeSet<String>,
) -> Vec<AttributeChange> {
    let mut changes = Changes::of(OWN_NAMES);
    let name = |side: Option<&EntitlementSnapshot>| side.map_or(Value::Null, |image| Value::from(image.name.as_str()));
    let description = |side: Option<&EntitlementSnapshot>| {
        side.and_then(|image| image.description.as_deref()).map_or(Value::Null, Value::from)
    };
    changes.add("name", name(from), name(to));
    changes.add("description", description(from), description(to));
    changes.add_attributes((from.map(|image| &image.attributes), to.map(|image| &image.attributes)), quiet);
    changes.changes
}

/// The differences between the values of an assignment; `None` is an absent assignment. An added or removed one is active
/// unless a value says otherwise.
pub(super) fn of_assignments(
    from: Option<&AssignmentSnapshot>,
    to: Option<&AssignmentSnapshot>,
) -> Vec<AttributeChange> {
    let mut changes = Changes::of(&["state", "valid_until"]);
    let is_kept = from.is_some() && to.is_some();
    let state = |side: Option<&AssignmentSnapshot>| {
        let told = side.filter(|image| is_kept || image.state != AssignmentState::Active);
        told.map_or(Value::Null, |image| Value::from(image.state.name()))
    };
    let end = |side: Option<&AssignmentSnapshot>| {
        side.and_then(|image| image.valid_until).map_or(Value::Null, |until| Value::from(until.to_string()))
    };
    changes.add("state", state(from), state(to));
    changes.add("valid_until", end(from), end(to));
    let sides = (from.map(|image| &image.attributes), to.map(|image| &image.attributes));
    changes.add_attributes(sides, &BTreeSet::new());
    changes.changes
}

struct Changes {
    /// The names that are not attributes of the source.
    own: &'static [&'static str],
    changes: Vec<AttributeChange>,
}

impl Changes {
    fn of(own: &'static [&'static str]) -> Self {
        Self { own, changes: Vec::new() }
    }

    /// An attribute's name that can't be confused with the names that are not attributes.
    fn written<'n>(&self, name: &'n str) -> Cow<'n, str> {
        if self.own.contains(&name) { Cow::Owned(format!("attributes.{name}")) } else { Cow::Borrowed(name) }
    }

    fn add(&mut self, name: &str, from: Value, to: Value) {
        if from != to {
            self.changes.push(AttributeChange { attribute: name.to_owned(), from, to });
        }
    }

    fn add_attributes(&mut self, sides: (Option<&Attributes>, Option<&Attributes>), quiet: &BTreeSet<String>) {
        let from = sides.0.map(Attributes::entries).unwrap_or_default();
        let to = sides.1.map(Attributes::entries).unwrap_or_default();
        // An added or removed row has all its values.
        let is_quiet = |name: &str| sides.0.is_some() && sides.1.is_some() && quiet.contains(name);
        for (name, old) in from.iter().filter(|(name, _)| !is_quiet(name)) {
            match find(&to, name) {
                Some(new) if new.get() == old.get() => {}
                new => self.add(&self.written(name), value(old), new.map_or(Value::Null, value)),
            }
        }
        for (name, new) in to.iter().filter(|(name, _)| !is_quiet(name)) {
            if find(&from, name).is_none() {
                self.add(&self.written(name), Value::Null, value(new));
            }
        }
    }
}

fn find<'a>(entries: &[(Cow<'_, str>, &'a RawValue)], name: &str) -> Option<&'a RawValue> {
    entries.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
}

fn value(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap_or_else(|_| Value::from(raw.get()))
}
