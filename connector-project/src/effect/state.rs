//! An account as it is, or as it will be after steps.

use super::change::{MASKED, ValueChange};
use connector_core::{Account, Attributes, AttributesBuilder, Change, End, EntitlementRef, Result, SecretRef};
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::HashMap;

/// The names of entitlements, for people.
pub type EntitlementNames = HashMap<EntitlementRef, String>;

/// An account as it is, or as it will be after steps; absent where there is none.
#[derive(Clone, Debug, Default)]
pub struct State {
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
    pub fn absent() -> Self {
        Self::default()
    }

    /// This account.
    pub fn of(account: Account) -> Self {
        Self { account: Some(account), ..Self::default() }
    }

    /// The account with this id, of which nothing more is known.
    pub fn unseen(id: &str) -> Self {
        let account = blank(id, id);
        Self { account: Some(account), unseen: true, ..Self::default() }
    }

    /// Whether there is an account.
    pub fn is_there(&self) -> bool {
        self.account.is_some()
    }

    /// The account's id; empty where the source has yet to give it, `None` where there is no account.
    pub fn id(&self) -> Option<&str> {
        self.account.as_ref().map(|account| account.id.as_str())
    }

    /// The account's name.
    pub fn name(&self) -> Option<&str> {
        self.account.as_ref().map(|account| account.name.as_str())
    }

    /// The account with its attributes as they are in this state.
    pub fn account(&self) -> Result<Option<Account>> {
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
    pub fn attribute(&self, name: &str) -> Value {
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

    /// The value of the attribute with the time of the last password change. `None` if it will have
    /// another value when this state is reached.
    pub fn password_time(&self, attribute: &str) -> Option<Value> {
        let is_known = self.id().is_some_and(|id| !id.is_empty()) && !self.unseen && !self.password_set;
        is_known.then(|| self.attribute(attribute))
    }

    /// Notes that the account holds the entitlement: the connector read it although nobody asked for it.
    pub fn learn(&mut self, entitlement: &EntitlementRef) {
        if let Some(account) = &mut self.account
            && !account.entitlements.contains(entitlement)
        {
            account.entitlements.push(entitlement.clone());
        }
    }

    /// Whether the account holds the entitlement.
    pub fn holds(&self, entitlement: &EntitlementRef) -> bool {
        self.account.as_ref().is_some_and(|account| account.entitlements.contains(entitlement))
    }

    /// When the account stops holding an entitlement that it holds, if that is known.
    pub fn end(&self, entitlement: &EntitlementRef) -> Option<End> {
        let account = self.account.as_ref().filter(|account| account.entitlements.contains(entitlement))?;
        account.ends.get(entitlement).copied()
    }

    /// The values that a change changes in this state; none if it already has them.
    pub fn changes(&self, change: &Change<SecretRef>, names: &EntitlementNames) -> Vec<ValueChange> {
        let switch = |name: &str, from: fn(&Account) -> bool, to: bool| match &self.account {
            Some(account) if !self.unseen && from(account) == to => Vec::new(),
            _ => vec![ValueChange::attribute(name, !to, to)],
        };
        let password = |to: String| ValueChange::attribute("password", Value::Null, to);
        // The value is never shown; where it comes from is what the user approves.
        let from = |reference: &SecretRef| password(format!("{MASKED} (from {reference})"));
        match change {
            Change::Create { .. } if self.is_there() && !self.unseen => Vec::new(),
            Change::Create { attributes, password: first, .. } => {
                let mut changes = self.assignments(attributes);
                changes.extend(first.as_ref().map(from));
                changes
            }
            Change::Update { .. } => self.assignments(&self.updated(change)),
            Change::Grant { entitlement, until, .. } => self.holding(entitlement, true, *until, names),
            Change::Revoke { entitlement, .. } => self.holding(entitlement, false, None, names),
            Change::Disable => switch("enabled", |account| account.enabled, false),
            Change::Enable => switch("enabled", |account| account.enabled, true),
            Change::Lock => switch("locked", |account| account.locked, true),
            Change::Unlock => switch("locked", |account| account.locked, false),
            Change::SetPassword { password: Some(reference), .. } => vec![from(reference)],
            Change::SetPassword { .. } => vec![password("(reset)".to_owned())],
            Change::Delete if !self.is_there() => Vec::new(),
            Change::Delete => vec![ValueChange::attribute("deleted", false, true)],
            Change::EndSessions => vec![ValueChange::attribute("sessions", Value::Null, "(ended)")],
            Change::RevokeTokens => vec![ValueChange::attribute("tokens", Value::Null, "(revoked)")],
            Change::Transfer { to, what, .. } => {
                let what = what.as_deref().unwrap_or("everything");
                vec![ValueChange::attribute(what, self.id(), to.as_str())]
            }
            other => vec![ValueChange::attribute(other.kind().name(), false, true)],
        }
    }

    fn assignments(&self, set: &Map<String, Value>) -> Vec<ValueChange> {
        let values = set.iter().map(|(name, to)| (name, self.attribute(name), to));
        let changed = values.filter(|(_, from, to)| !same(from, to));
        changed.map(|(name, from, to)| ValueChange::attribute(name, from, to.clone())).collect()
    }

    /// The attributes that an update touches, with their values after it.
    fn updated(&self, change: &Change<SecretRef>) -> Map<String, Value> {
        let Change::Update { set, add, remove, .. } = change else { return Map::new() };
        let mut updated = set.clone();
        for name in add.keys().chain(remove.keys()) {
            let before = updated.get(name).cloned().unwrap_or_else(|| self.attribute(name));
            let mut values = values_of(&before);
            values.retain(|value| !remove.get(name).is_some_and(|removed| removed.contains(value)));
            for value in add.get(name).into_iter().flatten() {
                if !values.contains(value) {
                    values.push(value.clone());
                }
            }
            if values != values_of(&before) {
                updated.insert(name.clone(), values.into());
            }
        }
        updated
    }

    /// The change without the values that the state already has.
    pub fn trimmed(&self, mut change: Change<SecretRef>) -> Change<SecretRef> {
        if let Change::Update { set, add, remove, .. } = &mut change {
            set.retain(|name, to| !same(&self.attribute(name), to));
            for (values, is_added) in [(add, true), (remove, false)] {
                for (name, values) in values.iter_mut().filter(|(name, _)| !set.contains_key(*name)) {
                    let held = values_of(&self.attribute(name));
                    values.retain(|value| held.contains(value) != is_added);
                }
                values.retain(|_, values| !values.is_empty());
            }
        }
        change
    }

    /// A grant with an end is needed unless the account is known to hold it until then.
    fn holding(
        &self,
        entitlement: &EntitlementRef,
        to: bool,
        until: Option<Timestamp>,
        names: &EntitlementNames,
    ) -> Vec<ValueChange> {
        let from = self.holds(entitlement);
        let end = self.end(entitlement);
        let is_until = until.is_none_or(|until| end.is_some_and(|end| end.is_at(until)));
        if from == to && !self.unseen && is_until {
            return Vec::new();
        }
        let from = if self.unseen { !to } else { from };
        let name = names.get(entitlement).cloned();
        let until_before = end.filter(|_| until.is_some());
        vec![ValueChange::Entitlement { entitlement: entitlement.clone(), name, from, to, until, until_before }]
    }

    /// The state after a change.
    pub fn advance(&mut self, change: &Change<SecretRef>) {
        match change {
            Change::Create { name, attributes, password, .. } => {
                self.account.get_or_insert_with(|| blank("", name));
                self.set.clone_from(attributes);
                self.password_set |= password.is_some();
            }
            Change::Update { .. } => {
                for (name, value) in self.updated(change) {
                    let spelt = self.spelled(&name).into_owned();
                    self.set.insert(spelt, value);
                }
            }
            Change::Delete => *self = Self::absent(),
            Change::SetPassword { .. } => self.password_set = true,
            other => self.switch(other),
        }
    }

    fn switch(&mut self, change: &Change<SecretRef>) {
        let Some(account) = &mut self.account else { return };
        match change {
            Change::Grant { entitlement, until, .. } => {
                let is_new = !account.entitlements.contains(entitlement);
                if is_new {
                    account.entitlements.push(entitlement.clone());
                }
                // What is held already keeps its end, unless the grant has one.
                if is_new || until.is_some() {
                    account.ends.insert(entitlement.clone(), End::from(*until));
                }
            }
            Change::Revoke { entitlement, .. } => {
                account.entitlements.retain(|held| held != entitlement);
                account.ends.remove(entitlement);
            }
            Change::Disable | Change::Enable => account.enabled = matches!(change, Change::Enable),
            Change::Lock | Change::Unlock => account.locked = matches!(change, Change::Lock),
            _ => {}
        }
    }
}

/// The values of a multi-valued attribute.
fn values_of(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.clone(),
        one => vec![one.clone()],
    }
}

fn blank(id: &str, name: &str) -> Account {
    Account::new(id, name)
}

/// Whether two values differ only in the way that a source writes them: letter case, blanks, line ends, types of scalars.
pub(super) fn is_alike(one: &Value, other: &Value) -> bool {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), |text| text.replace("\r\n", "\n"));
    let (text, others) = (text(one), text(other));
    let moment = |text: &str| text.parse::<Timestamp>().ok();
    let members = || values_of(one).len() == values_of(other).len() && one.is_array() | other.is_array();
    same(one, other)
        || text.trim().to_lowercase() == others.trim().to_lowercase()
        || moment(&text).is_some_and(|moment_of_one| moment(&others) == Some(moment_of_one))
        || members() && values_of(one).iter().all(|value| values_of(other).iter().any(|next| is_alike(value, next)))
}

/// Whether a source treats two values as equal: many return an empty text as no value.
fn same(one: &Value, other: &Value) -> bool {
    let is_nothing = |value: &Value| value.is_null() || value.as_str() == Some("");
    // 5 and 5.0 are the same number.
    let is_one_number = || one.as_f64().is_some_and(|number| other.as_f64() == Some(number));
    one == other || (is_nothing(one) && is_nothing(other)) || is_one_number()
}
