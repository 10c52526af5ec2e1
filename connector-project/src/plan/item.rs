//! Checks one operation of a document or line: one verb and the block under it.

use super::intake::Created;
use super::misplaced::{
    beside_verb, flat, merge_key, no_block, no_operation, not_indented, second_verb, unknown_key, with_strays,
};
use super::operation::{PlanOperation, typed};
use super::password;
use super::schema::BlockSchema;
use super::words::{
    SECRET_CURE, bad_end, created_twice, empty_set, end, entitlement, meant_key, meant_verb, one_entitlement,
    password_choice, respelled, secret_attribute, unknown_verb,
};
use crate::document::{Block, Content, Findings, joined, leaked_secrets, unseen};
use connector_core::OperationKind;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Checks the operations of one text.
pub(super) struct Items<'a, 'text> {
    pub(super) findings: &'a mut Findings<'text>,
    /// Values and keys that already have a problem.
    pub(super) known_faults: &'a mut BTreeSet<String>,
    pub(super) created: &'a mut Created,
    /// Whether a ref may run a program.
    pub(super) commands: bool,
}

/// How to write the secret at a pointer instead.
pub(super) fn secret_cure(pointer: &str, key: &str) -> String {
    let inside = pointer.contains("/set_password/") && !key.ends_with("_ref");
    if inside { leaked_secrets::by_ref(pointer, "password") } else { SECRET_CURE.to_owned() }
}

impl Items<'_, '_> {
    /// The operation of an item; `None` when it or an earlier item has a problem.
    pub(super) fn item(&mut self, item: &Value, pointer: &str) -> Option<PlanOperation> {
        let Value::Object(members) = item else {
            self.findings.at_value(pointer, no_operation(item));
            return None;
        };
        let mut operation = None;
        match self.verbs(members, pointer).as_slice() {
            [] => {}
            [(first, kind), rest @ ..] => {
                let block = with_strays(*kind, &members[*first], members);
                operation = self.block(*kind, &block, &joined(pointer, first));
                for (key, kind) in rest {
                    let pointer = joined(pointer, key);
                    self.findings.at_key(&pointer, second_verb(key));
                    self.block(*kind, &members[*key], &pointer);
                }
            }
        }
        operation.filter(|_| !self.findings.any())
    }

    /// The verbs of an item with their keys. An item must have exactly one verb and no other key.
    fn verbs<'a>(&mut self, members: &'a Map<String, Value>, pointer: &str) -> Vec<(&'a str, OperationKind)> {
        let exact = |key: &'a String| OperationKind::from_name(key).map(|kind| (key.as_str(), kind));
        let mut verbs: Vec<_> = members.keys().filter_map(exact).collect();
        if let [(verb, kind)] = verbs.as_slice()
            && members[*verb].is_null()
            && members.len() > 1
        {
            let keys = BlockSchema::of(*kind).keys();
            if members.keys().filter(|key| key != verb).all(|key| meant_key(key, &keys).is_some()) {
                self.findings.at_key(&joined(pointer, verb), not_indented(verb));
                return Vec::new();
            }
        }
        if verbs.is_empty()
            && let Some(fault) = flat(members)
        {
            self.findings.at_key(&joined(pointer, &fault.0), fault.1);
            return Vec::new();
        }
        let no_verb = verbs.is_empty();
        for (key, value) in members.iter().filter(|(key, _)| OperationKind::from_name(key).is_none()) {
            let at = joined(pointer, key);
            if self.known_faults.contains(&at) {
                continue;
            }
            let meant = meant_verb(key, value.get("entitlement").is_some());
            if no_verb || meant.is_some() && value.is_object() {
                self.findings.at_key(&at, unknown_verb(key, meant));
                // The block under it is checked as if the verb were right.
                verbs.extend(meant.filter(|_| no_verb).map(|kind| (key.as_str(), kind)));
            } else {
                self.findings.at_key(&at, beside_verb(key, &verbs));
            }
        }
        if members.is_empty() {
            self.findings.at_value(pointer, no_operation(&Value::Null));
        }
        verbs
    }

    /// Checks the block under a verb.
    fn block(&mut self, kind: OperationKind, value: &Value, pointer: &str) -> Option<PlanOperation> {
        let Value::Object(members) = value else {
            if !self.known_faults.contains(pointer) {
                self.findings.at_value(pointer, no_block(kind, value));
            }
            return None;
        };
        let known = BlockSchema::of(kind);
        let meant = self.with_meant_keys(members, &known.keys(), kind, pointer);
        self.check_values(kind, &meant, pointer);
        let value = Value::Object(meant);
        let name = format!("`{}`", kind.name());
        Block {
            pointer,
            name: &name,
            value: &value,
            schema: &known.schema,
            known_faults: self.known_faults,
            homes: &[],
        }
        .check_by(&known.validator, self.findings);
        // Names of entitlements can have odd blanks; those of accounts can't.
        for (key, ends_only) in [("account", false), ("name", false), ("entitlement", true), ("entitlements", true)] {
            unseen::check(self.findings, &joined(pointer, key), self.known_faults, ends_only);
        }
        if let (OperationKind::Create, Some(name)) = (kind, value["name"].as_str().filter(|name| !name.is_empty())) {
            self.check_new_name(name, pointer);
        }
        if self.findings.any() { None } else { typed(kind, value.as_object().cloned()?) }
    }

    /// Reports each unknown key, and moves its value to the key that it probably means, so that this one is not missing.
    fn with_meant_keys(
        &mut self,
        members: &Map<String, Value>,
        known: &[&str],
        kind: OperationKind,
        pointer: &str,
    ) -> Map<String, Value> {
        let mut meant = Map::new();
        for (key, value) in members {
            if known.contains(&key.as_str()) {
                meant.insert(key.clone(), value.clone());
                continue;
            }
            let at = joined(pointer, key);
            let free: Vec<_> = known.iter().copied().filter(|known| !members.contains_key(*known)).collect();
            let guess = meant_key(key, &free);
            if self.known_faults.contains(&at) {
                continue;
            }
            self.findings.at_key(&at, unknown_key(key, guess, known, kind));
            if let Some(guess) = guess.filter(|guess| !meant.contains_key(*guess)) {
                meant.insert(guess.to_owned(), value.clone());
                // Its own problems appear when the key is fixed.
                self.known_faults.insert(joined(pointer, guess));
            }
        }
        meant
    }

    /// Checks what a schema can't express.
    fn check_values(&mut self, kind: OperationKind, members: &Map<String, Value>, pointer: &str) {
        match kind {
            OperationKind::Create => {
                self.check_attributes(members.get("attributes"), &joined(pointer, "attributes"));
                for (index, item) in
                    members.get("entitlements").and_then(Value::as_array).into_iter().flatten().enumerate()
                {
                    self.check_entitlement(item, &format!("{pointer}/entitlements/{index}"));
                }
                self.check_ref(members, pointer);
            }
            OperationKind::Update => self.check_update(members, pointer),
            OperationKind::Grant | OperationKind::Revoke => {
                let at = joined(pointer, "entitlement");
                match members.get("entitlement") {
                    Some(Value::Array(_)) if self.known_faults.insert(at.clone()) => {
                        self.findings.at_value(&at, one_entitlement(kind));
                    }
                    Some(item) => self.check_entitlement(item, &at),
                    None => {}
                }
                self.check_end(members.get("until"), &joined(pointer, "until"));
            }
            OperationKind::SetPassword => self.check_password(members, pointer),
            _ => {}
        }
    }

    fn check_update(&mut self, members: &Map<String, Value>, pointer: &str) {
        let keys = ["set", "add", "remove"];
        for key in keys {
            let at = joined(pointer, key);
            self.check_attributes(members.get(key), &at);
            if members.get(key).and_then(Value::as_object).is_some_and(Map::is_empty) {
                self.findings.at_key(&at, empty_set());
            }
        }
        if !keys.iter().any(|key| members.contains_key(*key)) {
            self.findings.at_key(pointer, empty_set());
        }
    }

    fn check_end(&mut self, value: Option<&Value>, pointer: &str) {
        if let Some(text) = value.and_then(Value::as_str)
            && end(text).is_none()
            && self.known_faults.insert(pointer.to_owned())
        {
            self.findings.at_value(pointer, bad_end());
        }
    }

    fn check_entitlement(&mut self, item: &Value, pointer: &str) {
        let text = match item {
            Value::String(text) if !text.is_empty() => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return,
        };
        if let Err(fault) = entitlement(&text)
            && self.known_faults.insert(pointer.to_owned())
        {
            self.findings.at_value(pointer, fault);
        }
    }

    fn check_attributes(&mut self, values: Option<&Value>, pointer: &str) {
        for (name, value) in values.and_then(Value::as_object).into_iter().flatten() {
            let at = joined(pointer, name);
            if name == "<<" {
                self.findings.at_key(&at, merge_key());
            }
            self.check_spelling(value, &at);
            if value.is_string()
                && let Some(fault) = secret_attribute(name)
                && self.known_faults.insert(at.clone())
            {
                self.findings.at_value(&at, fault);
            }
        }
    }

    /// Reports values that lose characters when they are parsed: `+49` would reach the source as 49.
    fn check_spelling(&mut self, value: &Value, pointer: &str) {
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(key, value)| self.check_spelling(value, &joined(pointer, key)));
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(at, item)| self.check_spelling(item, &format!("{pointer}/{at}")));
            }
            _ => {
                let node = self.findings.tree.value(pointer);
                let Some(Content::Scalar { text, quoted: false }) = node.map(|node| &node.content) else { return };
                if let Some(fault) = respelled(text, value) {
                    self.findings.at_value(pointer, fault);
                }
            }
        }
    }

    fn check_ref(&mut self, members: &Map<String, Value>, pointer: &str) {
        let at = joined(pointer, "password_ref");
        if let Some(text) = members.get("password_ref").and_then(Value::as_str)
            && !self.known_faults.contains(&at)
            && let Some(fault) = password::fault(text, self.commands)
        {
            self.findings.at_value(&at, fault);
        }
    }

    fn check_password(&mut self, members: &Map<String, Value>, pointer: &str) {
        self.check_ref(members, pointer);
        let literal = self.known_faults.contains(&joined(pointer, "password"));
        match (members.contains_key("password_ref"), members.contains_key("reset")) {
            (true, true) => self.findings.at_key(&joined(pointer, "reset"), password_choice(true)),
            (false, false) if !literal => self.findings.at_key(pointer, password_choice(false)),
            _ => {}
        }
    }

    fn check_new_name(&mut self, name: &str, pointer: &str) {
        let at = joined(pointer, "name");
        let span = self.findings.tree.value(&at).map_or(0..0, |node| node.span.clone());
        let line = self.findings.text.place(span).line;
        if let Some(before) = self.created.add(name, line) {
            self.findings.at_value(&at, created_twice(before));
        }
    }
}
