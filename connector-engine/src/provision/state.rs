//! An account as it is, or as it will be after steps.

use super::change::{Change, MASKED};
use super::step::Step;
use connector_core::{Account, Attributes, AttributesBuilder, EntitlementRef, Result};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::HashMap;

/// The names of entitlements, for people.
pub(super) type EntitlementNames = HashMap<EntitlementRef, String>;

/// An account as it is, or as it will be after steps; absent where there is none.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// As the source told it; what steps change beside its attributes is changed in it.
    account: Option<Account>,
    /// The attributes that steps set, in the spelling of the account. Few, while accounts have many.
    set: Map<String, Value>,
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
        Self { account: Some(account), ..Self::default() }
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
        let Some(account) = &self.account else { return Ok(None) };
        let attributes = if self.set.is_empty() { account.attributes.clone() } else { self.merged(account)? };
        let mut account = account.clone();
        account.attributes = attributes;
        Ok(Some(account))
    }

    fn merged(&self, account: &Account) -> Result<Attributes> {
        let mut builder = AttributesBuilder::default();
        for (name, value) in account.attributes.entries() {
            if !self.set.contains_key(&*name) {
                builder.push_raw(&name, value);
            }
        }
        for (name, value) in &self.set {
            builder.push(name, value)?;
        }
        Ok(builder.build())
    }

    /// The value of an attribute, whatever the case of its name; null where it has none.
    pub(super) fn attribute(&self, name: &str) -> Value {
        let spelled = self.spelled(name);
        match (self.set.get(&*spelled), &self.account) {
            (Some(value), _) => value.clone(),
            (None, Some(account)) => account.attributes.get(&spelled).unwrap_or_default(),
            (None, None) => Value::Null,
        }
    }

    /// The name of an attribute as the account spells it, where it has it.
    fn spelled<'a>(&'a self, name: &'a str) -> Cow<'a, str> {
        let told = self.account.iter().flat_map(|account| account.attributes.entries()).map(|(known, _)| known);
        let known: Vec<Cow<'_, str>> = told.chain(self.set.keys().map(|known| Cow::Borrowed(known.as_str()))).collect();
        if known.iter().any(|known| known == name) {
            return Cow::Borrowed(name);
        }
        let found = known.into_iter().find(|known| known.eq_ignore_ascii_case(name));
        found.unwrap_or(Cow::Borrowed(name))
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
        let values = set.iter().map(|(name, to)| (name, self.attribute(name), to));
        let changed = values.filter(|(_, from, to)| !same(from, to));
        changed.map(|(name, from, to)| Change::attribute(name, from, to.clone())).collect()
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
                self.account.get_or_insert_with(|| blank("", name));
                self.set.clone_from(attributes);
            }
            Step::Update { set } => {
                for (name, value) in set {
                    let spelled = self.spelled(name).into_owned();
                    self.set.insert(spelled, value.clone());
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
    Account::new(id, name)
}

/// Whether two values are one to a source: many tell an empty text as no value.
fn same(one: &Value, other: &Value) -> bool {
    let is_nothing = |value: &Value| value.is_null() || value.as_str() == Some("");
    // 5 and 5.0 are one number.
    let is_one_number = || one.as_f64().is_some_and(|number| other.as_f64() == Some(number));
    one == other || (is_nothing(one) && is_nothing(other)) || is_one_number()
}
