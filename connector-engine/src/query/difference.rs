//! What differs between two states of a row.

use crate::store::{AccountSnapshot, EntitlementSnapshot};
use connector_core::{Attributes, EntitlementRef};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What became of a row between two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is there now and was not before.
    Added,
    /// It was there before with other values.
    Changed,
    /// It was there before and is not now.
    Removed,
}

/// A value that changed; null is an absent value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttributeChange {
    /// `name`, `display_name`, `enabled`, `locked`, `description`, or the attribute's own name. An attribute that is
    /// called like one of the five is written `attributes.NAME`.
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
        /// What became of it.
        change: Change,
        /// Its id.
        id: String,
        /// Its name, the newer one.
        name: String,
        /// Its values that differ: all of them for one that came or is gone.
        changes: Vec<AttributeChange>,
    },
    /// An entitlement.
    Entitlement {
        /// What became of it.
        change: Change,
        /// Type and id.
        entitlement: EntitlementRef,
        /// Its name, the newer one.
        name: String,
        /// Its values that differ: all of them for one that came or is gone.
        changes: Vec<AttributeChange>,
    },
    /// An assignment.
    Assignment {
        /// What became of it: added or removed.
        change: Change,
        /// The account's id.
        account: String,
        /// The account's name, where the account is known.
        account_name: Option<String>,
        /// What it holds or held.
        entitlement: EntitlementRef,
        /// The entitlement's name, where it is known.
        entitlement_name: Option<String>,
    },
}

/// The names that are not attributes of the source.
pub(super) const OWN_NAMES: [&str; 5] = ["name", "display_name", "enabled", "locked", "description"];

/// What differs between an account's values; `None` is an account that is not there.
pub(super) fn of_accounts(from: Option<&AccountSnapshot>, to: Option<&AccountSnapshot>) -> Vec<AttributeChange> {
    let mut changes = Changes::default();
    let mut add = |name, value: fn(&AccountSnapshot) -> Value| {
        changes.add(name, from.map_or(Value::Null, value), to.map_or(Value::Null, value));
    };
    add("name", |image| Value::from(image.name.as_str()));
    add("display_name", |image| image.display_name.as_deref().map_or(Value::Null, Value::from));
    add("enabled", |image| Value::from(image.enabled));
    add("locked", |image| Value::from(image.locked));
    changes.add_attributes(from.map(|image| &image.attributes), to.map(|image| &image.attributes));
    changes.0
}

/// What differs between an entitlement's values; `None` is an entitlement that is not there.
pub(super) fn of_entitlements(
    from: Option<&EntitlementSnapshot>,
    to: Option<&EntitlementSnapshot>,
) -> Vec<AttributeChange> {
    let mut changes = Changes::default();
    let name = |side: Option<&EntitlementSnapshot>| side.map_or(Value::Null, |image| Value::from(image.name.as_str()));
    let description = |side: Option<&EntitlementSnapshot>| {
        side.and_then(|image| image.description.as_deref()).map_or(Value::Null, Value::from)
    };
    changes.add("name", name(from), name(to));
    changes.add("description", description(from), description(to));
    changes.add_attributes(from.map(|image| &image.attributes), to.map(|image| &image.attributes));
    changes.0
}

#[derive(Default)]
struct Changes(Vec<AttributeChange>);

impl Changes {
    fn add(&mut self, name: &str, from: Value, to: Value) {
        if from != to {
            self.0.push(AttributeChange { attribute: name.to_owned(), from, to });
        }
    }

    fn add_attributes(&mut self, from: Option<&Attributes>, to: Option<&Attributes>) {
        let from = from.map(Attributes::entries).unwrap_or_default();
        let to = to.map(Attributes::entries).unwrap_or_default();
        for (name, old) in &from {
            match find(&to, name) {
                Some(new) if new.get() == old.get() => {}
                new => self.add(&written(name), value(old), new.map_or(Value::Null, value)),
            }
        }
        for (name, new) in &to {
            if find(&from, name).is_none() {
                self.add(&written(name), Value::Null, value(new));
            }
        }
    }
}

/// An attribute's name beside the names that are not attributes.
pub(super) fn written(name: &str) -> Cow<'_, str> {
    if OWN_NAMES.contains(&name) { Cow::Owned(format!("attributes.{name}")) } else { Cow::Borrowed(name) }
}

fn find<'a>(entries: &[(Cow<'_, str>, &'a RawValue)], name: &str) -> Option<&'a RawValue> {
    entries.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
}

fn value(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap_or_else(|_| Value::from(raw.get()))
}
