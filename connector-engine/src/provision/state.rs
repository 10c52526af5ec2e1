//! An account as it is, or as it will be after steps.

use super::change::{Change, MASKED};
use super::step::Step;
use connector_core::{Account, Attributes, AttributesBuilder, EntitlementRef, Result};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// The names of entitlements, for people.
pub(super) type EntitlementNames = HashMap<EntitlementRef, String>;

/// An account as it is, or as it will be after steps; absent where there is none.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    account: Option<Account>,
    attributes: Map<String, Value>,
    /// An earlier step sets the password, so what tells when it was changed last is of no use.
    password_set: bool,
    /// The connector can't look at accounts: whatever is asked for may be a change.
    unseen: bool,
}

impl State {
    /// No account.
    pub(super) fn absent() -> Self {
        Self::default()
    }

    pub(super) fn of(account: Account) -> Self {
        let values = account.attributes.entries().into_iter();
        let attributes = values
            .map(|(name, value)| (name.into_owned(), serde_json::from_str(value.get()).unwrap_or_default()))
            .collect();
        Self { account: Some(account), attributes, ..Self::default() }
    }

    /// The account with this id, of which nothing more is known.
    pub(super) fn unseen(id: &str) -> Self {
        let account = blank(id, id);
        Self { account: Some(account), unseen: true, ..Self::default() }
    }

    pub(super) fn is_there(&self) -> bool {
        self.account.is_some()
    }

    /// The account's id; empty where the source has yet to give it, `None` where there is no account.
    pub(super) fn id(&self) -> Option<&str> {
        self.account.as_ref().map(|account| account.id.as_str())
    }

    /// The account with its attributes as they are in this state.
    pub(super) fn account(&self) -> Result<Option<Account>> {
        self.account
            .as_ref()
            .map(|account| Ok(Account { attributes: built(&self.attributes)?, ..account.clone() }))
            .transpose()
    }

    /// The value of an attribute, whatever the case of its name; null where it has none.
    pub(super) fn attribute(&self, name: &str) -> &Value {
        let found = self.attributes.get(name).or_else(|| {
            self.attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        });
        found.unwrap_or(&Value::Null)
    }

    /// The value of the attribute that tells when the password was changed last, as JSON. `None` where it will have
    /// another one by the time this state comes about.
    pub(super) fn password_time(&self, attribute: &str) -> Option<String> {
        let is_known = self.id().is_some_and(|id| !id.is_empty()) && !self.unseen && !self.password_set;
        is_known.then(|| self.attribute(attribute).to_string())
    }

    /// What a step changes in this state; nothing when it is so already.
    pub(super) fn changes(&self, step: &Step, names: &EntitlementNames) -> Vec<Change> {
        let switch = |name: &str, from: fn(&Account) -> bool, to: bool| match &self.account {
            Some(account) if !self.unseen && from(account) == to => Vec::new(),
            _ => vec![Change::attribute(name, !to, to)],
        };
        match step {
            Step::Create { .. } if self.is_there() && !self.unseen => Vec::new(),
            Step::Create { attributes, .. } => self.assignments(attributes),
            Step::Update { set } => self.assignments(set),
            Step::Grant { entitlement } => self.holding(entitlement, true, names),
            Step::Revoke { entitlement } => self.holding(entitlement, false, names),
            Step::Disable => switch("enabled", |account| account.enabled, false),
            Step::Enable => switch("enabled", |account| account.enabled, true),
            Step::Lock => switch("locked", |account| account.locked, true),
            Step::Unlock => switch("locked", |account| account.locked, false),
            Step::SetPassword { password_ref: Some(_) } => vec![Change::attribute("password", Value::Null, MASKED)],
            Step::SetPassword { password_ref: None } => vec![Change::attribute("password", Value::Null, "(reset)")],
            Step::Delete if !self.is_there() => Vec::new(),
            Step::Delete => vec![Change::attribute("deleted", false, true)],
        }
    }

    fn assignments(&self, set: &Map<String, Value>) -> Vec<Change> {
        let changed = set.iter().filter(|(name, to)| !same(self.attribute(name), to));
        changed.map(|(name, to)| Change::attribute(name, self.attribute(name).clone(), to.clone())).collect()
    }

    fn holding(&self, entitlement: &EntitlementRef, to: bool, names: &EntitlementNames) -> Vec<Change> {
        let held = self.account.as_ref().is_some_and(|account| account.entitlements.contains(entitlement));
        if held == to && !self.unseen {
            return Vec::new();
        }
        let name = names.get(entitlement).cloned();
        vec![Change::Entitlement { entitlement: entitlement.clone(), name, from: !to, to }]
    }

    /// The state after a step.
    pub(super) fn advance(&mut self, step: &Step) {
        match step {
            Step::Create { name, attributes } => {
                self.attributes.clone_from(attributes);
                self.account.get_or_insert_with(|| blank("", name));
            }
            Step::Update { set } => {
                for (name, value) in set {
                    let known = self.attributes.keys().find(|known| known.eq_ignore_ascii_case(name)).cloned();
                    self.attributes.insert(known.unwrap_or_else(|| name.clone()), value.clone());
                }
            }
            Step::Delete => *self = Self::absent(),
            Step::SetPassword { .. } => self.password_set = true,
            Step::Grant { .. } | Step::Revoke { .. } | Step::Disable | Step::Enable | Step::Lock | Step::Unlock => {
                self.switch(step);
            }
        }
    }

    fn switch(&mut self, step: &Step) {
        let Some(account) = &mut self.account else { return };
        match step {
            Step::Grant { entitlement } if !account.entitlements.contains(entitlement) => {
                account.entitlements.push(entitlement.clone());
            }
            Step::Revoke { entitlement } => account.entitlements.retain(|held| held != entitlement),
            Step::Disable | Step::Enable => account.enabled = matches!(step, Step::Enable),
            Step::Lock | Step::Unlock => account.locked = matches!(step, Step::Lock),
            _ => {}
        }
    }
}

fn blank(id: &str, name: &str) -> Account {
    Account {
        id: id.to_owned(),
        name: name.to_owned(),
        display_name: None,
        enabled: true,
        locked: false,
        attributes: Attributes::empty(),
        entitlements: Vec::new(),
    }
}

/// Whether two values are one to a source: many tell an empty text as no value.
fn same(one: &Value, other: &Value) -> bool {
    let is_nothing = |value: &Value| value.is_null() || value.as_str() == Some("");
    // 5 and 5.0 are one number.
    let is_one_number = || one.as_f64().is_some_and(|number| other.as_f64() == Some(number));
    one == other || (is_nothing(one) && is_nothing(other)) || is_one_number()
}

fn built(attributes: &Map<String, Value>) -> Result<Attributes> {
    let mut builder = AttributesBuilder::default();
    for (name, value) in attributes {
        builder.push(name, value)?;
    }
    Ok(builder.build())
}
