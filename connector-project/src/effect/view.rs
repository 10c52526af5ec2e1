//! What an account shows of the steps of a plan.

use super::state::{EntitlementNames, State, is_alike};
use connector_core::{AccountSchema, AttributeSchema, AttributeType, Change, SecretRef};
use serde_json::Value;
use std::collections::HashSet;

/// A step that was taken.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'a> {
    /// What it changes.
    pub change: &'a Change<SecretRef>,
    /// When the password was last changed before it, if that is known.
    pub password_before: Option<&'a Value>,
    /// When the password was last changed now, if that is known.
    pub password_now: Option<&'a Value>,
}

/// An account after a plan, looked at from the last step to the first: a later step can undo an earlier one.
#[derive(Debug)]
pub struct View<'a> {
    schema: &'a AccountSchema,
    state: &'a State,
    /// Whether the connector put ids in the place of names.
    prepares: bool,
    /// What later steps changed: attributes, entitlements and their types, switches.
    later: HashSet<String>,
    /// Whether a later step deleted or created the account.
    gone: bool,
}

impl<'a> View<'a> {
    /// The account that reading found. `prepares` says whether the connector puts ids in the place of names.
    pub fn new(schema: &'a AccountSchema, state: &'a State, prepares: bool) -> Self {
        Self { schema, state, prepares, later: HashSet::new(), gone: false }
    }

    /// What the account doesn't show of the step before those that were asked for, if something.
    pub fn missing(&mut self, step: Taken<'_>) -> Option<String> {
        if self.gone {
            return None;
        }
        let change = step.change;
        if matches!(change, Change::Delete) {
            self.gone = true;
            return self.state.is_there().then(|| "it still exists".to_owned());
        }
        if !self.state.is_there() {
            return Some("it does not exist".to_owned());
        }
        match change {
            Change::Create { attributes, .. } => {
                // What came before concerns an account that had the name before.
                self.gone = true;
                self.values(attributes.iter().map(|(name, value)| (name, value.clone())))
            }
            Change::Update { set, .. } => {
                self.values(set.iter().map(|(name, value)| (name, value.clone()))).or_else(|| self.members(change))
            }
            Change::Grant { entitlement, .. } | Change::Revoke { entitlement, .. } => {
                let (grants, key) = (matches!(change, Change::Grant { .. }), entitlement.to_string());
                let is_first = self.later.insert(key);
                // One of a type can replace another one.
                let replaced = grants && !self.later.insert(format!("{}/", entitlement.entitlement_type));
                if !is_first || replaced {
                    return None;
                }
                if self.state.holds(entitlement) != grants {
                    return Some(format!("it {} {entitlement}", if grants { "does not hold" } else { "still holds" }));
                }
                let Change::Grant { until: Some(until), .. } = change else { return None };
                // An end that the source does not show can't be checked.
                let end = self.state.end(entitlement).filter(|end| !end.is_at(*until))?;
                Some(format!("it holds {entitlement} {end}, not until {until}"))
            }
            Change::SetPassword { .. } => {
                let is_first = self.later.insert("password".to_owned());
                let is_old = step.password_before.is_some() && step.password_before == step.password_now;
                (is_first && is_old).then(|| "the time of its last password change is the same".to_owned())
            }
            // An account shows neither sessions nor tokens nor who refers to it: the connector itself looks whether any are left.
            Change::EndSessions | Change::RevokeTokens | Change::Deprovision { .. } | Change::Transfer { .. } => None,
            switch => {
                let name = if matches!(switch, Change::Lock | Change::Unlock) { "locked" } else { "enabled" };
                let is_first = self.later.insert(name.to_owned());
                let is_wrong = !self.state.changes(switch, &EntitlementNames::new()).is_empty();
                (is_first && is_wrong).then(|| format!("`{name}` is as before"))
            }
        }
    }

    fn values<'n>(&mut self, wanted: impl Iterator<Item = (&'n String, Value)>) -> Option<String> {
        let mut missing = None;
        for (name, wanted) in wanted {
            if self.later.insert(name.to_lowercase()) && missing.is_none() {
                missing = self.value(name, &wanted);
            }
        }
        missing
    }

    fn value(&self, name: &str, wanted: &Value) -> Option<String> {
        let shown = self.state.attribute(name);
        let known = self.schema.attribute(name);
        // An attribute that nobody declares may be one that can't be read, and a reference can be written by name.
        let is_hidden = shown.is_null() && known.is_none();
        let is_reference = |one: &AttributeSchema| one.attribute_type == AttributeType::Reference && !one.is_account();
        let by_name = !self.prepares && known.is_some_and(is_reference);
        let is_shown = is_alike(&shown, wanted) || is_hidden || (by_name && !shown.is_null());
        (!is_shown).then(|| format!("`{name}` is {shown}"))
    }

    fn members(&mut self, change: &Change<SecretRef>) -> Option<String> {
        let Change::Update { add, remove, .. } = change else { return None };
        let touched: Vec<_> = add.keys().chain(remove.keys()).map(|name| name.to_lowercase()).collect();
        let is_untouched = |later: &HashSet<String>, name: &str| !later.contains(&name.to_lowercase());
        let differs = |(name, values): (&String, &Vec<Value>), is_added: bool| {
            let shown = self.state.attribute(name);
            let held: Vec<Value> = shown.as_array().cloned().unwrap_or_else(|| vec![shown.clone()]);
            let has = |value: &Value| held.iter().any(|one| is_alike(one, value));
            is_untouched(&self.later, name) && values.iter().any(|value| has(value) != is_added)
        };
        let wrong =
            add.iter().find(|one| differs(*one, true)).or_else(|| remove.iter().find(|one| differs(*one, false)));
        let missing = wrong.map(|(name, _)| format!("`{name}` is {}", self.state.attribute(name)));
        self.later.extend(touched);
        missing
    }
}
