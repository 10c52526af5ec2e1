//! Checks one operation of a document or line: one verb, and what stands under it.

use super::intake::Created;
use super::operation::PlanOperation;
use super::schema::BlockSchema;
use super::words::{
    SECRET_CURE, bare, created_twice, empty_set, entitlement, meant_key, meant_verb, one_entitlement, password_choice,
    secret_attribute, unknown_verb,
};
use crate::document::{Block, Fault, Findings, joined, literals, ref_fault};
use connector_core::OperationKind;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Checks the operations of one text.
pub(super) struct Items<'a, 'text> {
    pub(super) findings: &'a mut Findings<'text>,
    /// Values and keys that have been complained about.
    pub(super) known_faults: &'a mut BTreeSet<String>,
    pub(super) created: &'a mut Created,
}

/// How the secret that a pointer names is written instead.
pub(super) fn secret_cure(pointer: &str, key: &str) -> String {
    let inside = pointer.contains("/set_password/") && !key.ends_with("_ref");
    if inside { literals::by_ref(pointer, "password") } else { SECRET_CURE.to_owned() }
}

impl Items<'_, '_> {
    /// The operation that an item says; `None` when something in it, or before it, is wrong.
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

    /// The verbs of an item with their keys. There must be one, and nothing beside it.
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
                // What stands below it is checked as what was meant.
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

    /// Checks what stands under a verb.
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
        if let (OperationKind::Create, Some(name)) = (kind, value["name"].as_str().filter(|name| !name.is_empty())) {
            self.check_new_name(name, pointer);
        }
        if self.findings.any() { None } else { typed(kind, &value) }
    }

    /// Reports each unknown key, and puts its value under the key that was meant, so that it is not missed there.
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
                // What is wrong with it shows when the key is right.
                self.known_faults.insert(joined(pointer, guess));
            }
        }
        meant
    }

    /// What no schema says as well.
    fn check_values(&mut self, kind: OperationKind, members: &Map<String, Value>, pointer: &str) {
        match kind {
            OperationKind::Create => {
                self.check_attributes(members.get("attributes"), &joined(pointer, "attributes"));
                for (index, item) in
                    members.get("entitlements").and_then(Value::as_array).into_iter().flatten().enumerate()
                {
                    self.check_entitlement(item, &format!("{pointer}/entitlements/{index}"));
                }
            }
            OperationKind::Update => {
                let at = joined(pointer, "set");
                self.check_attributes(members.get("set"), &at);
                if members.get("set").and_then(Value::as_object).is_some_and(Map::is_empty) {
                    self.findings.at_key(&at, empty_set());
                }
            }
            OperationKind::Grant | OperationKind::Revoke => {
                let at = joined(pointer, "entitlement");
                match members.get("entitlement") {
                    Some(Value::Array(_)) if self.known_faults.insert(at.clone()) => {
                        self.findings.at_value(&at, one_entitlement(kind));
                    }
                    Some(item) => self.check_entitlement(item, &at),
                    None => {}
                }
            }
            OperationKind::SetPassword => self.check_password(members, pointer),
            _ => {}
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
            if value.is_string()
                && let Some(fault) = secret_attribute(name)
                && self.known_faults.insert(at.clone())
            {
                self.findings.at_value(&at, fault);
            }
        }
    }

    fn check_password(&mut self, members: &Map<String, Value>, pointer: &str) {
        let at = joined(pointer, "password_ref");
        if let Some(text) = members.get("password_ref").and_then(Value::as_str)
            && !self.known_faults.contains(&at)
            && let Some(fault) = ref_fault("password_ref", text)
        {
            self.findings.at_value(&at, fault);
        }
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

/// A checked block as an operation.
fn typed(kind: OperationKind, block: &Value) -> Option<PlanOperation> {
    let text = |key: &str| block[key].as_str();
    let mut operation = bare(kind, text("account").or(text("name"))?);
    match kind {
        OperationKind::Create => {
            operation.attributes = block["attributes"].as_object().cloned().unwrap_or_default();
            let entitlements = block["entitlements"].as_array().into_iter().flatten();
            operation.entitlements =
                entitlements.map(|item| entitlement(item.as_str()?).ok()).collect::<Option<Vec<_>>>()?;
        }
        OperationKind::Update => operation.attributes = block["set"].as_object().cloned()?,
        OperationKind::Grant | OperationKind::Revoke => {
            operation.entitlements = vec![entitlement(text("entitlement")?).ok()?];
        }
        OperationKind::SetPassword => operation.password = text("password_ref").and_then(|text| text.parse().ok()),
        _ => {}
    }
    Some(operation)
}

/// An item that is no `verb: …`.
fn no_operation(item: &Value) -> Fault {
    Fault {
        rule: "not_an_operation",
        title: if item.is_null() { "an empty item".to_owned() } else { "this is no operation".to_owned() },
        detail: "expected a verb and what it concerns".to_owned(),
        help: Some(match item {
            Value::Object(_) | Value::Null => {
                "write an operation, such as `disable: {account: …}`, or remove it".to_owned()
            }
            Value::Array(_) => "remove one pair of brackets, or one `-`: the list is not nested".to_owned(),
            _ => "write the verb as a key and what it concerns below it, such as `disable: {account: …}`".to_owned(),
        }),
        secret: false,
    }
}

/// An operation without verb whose kind stands in a key of its own, as in other tools.
fn flat(members: &Map<String, Value>) -> Option<(String, Fault)> {
    let key = ["operation", "op", "kind", "action", "type"]
        .into_iter()
        .find(|key| members.get(*key).is_some_and(Value::is_string))?;
    let kind = meant_verb(members[key].as_str()?, members.contains_key("entitlement"))?;
    let fault = Fault {
        rule: "unknown_operation",
        title: format!("`{key}` does not stand in an operation"),
        detail: "the verb is the key".to_owned(),
        help: Some(format!("write `{}:` and the rest below it, indented", kind.name())),
        secret: false,
    };
    Some((key.to_owned(), fault))
}

fn second_verb(key: &str) -> Fault {
    Fault {
        rule: "several_operations",
        title: format!("`{key}` is a second operation in one item"),
        detail: "one item is one operation".to_owned(),
        help: Some(format!("begin it with `- `: `- {key}: …`")),
        secret: false,
    }
}

/// Keys that should stand under their verb and stand beside it.
fn not_indented(verb: &str) -> Fault {
    Fault {
        rule: "not_indented",
        title: format!("nothing stands under `{verb}`"),
        detail: "the keys that follow stand beside it".to_owned(),
        help: Some(format!("indent the keys below `{verb}:` further, by four blanks from the `-`")),
        secret: false,
    }
}

/// What stands under a verb, with the keys that slipped out of it: those are reported where they are.
fn with_strays<'a>(kind: OperationKind, block: &'a Value, item: &Map<String, Value>) -> Cow<'a, Value> {
    let keys = BlockSchema::of(kind).keys();
    let stray = |key: &str| keys.contains(&key) && block.get(key).is_none();
    match block {
        Value::Object(members) if item.keys().any(|key| stray(key)) => {
            let strays = item.iter().filter(|(key, _)| stray(key)).map(|(key, value)| (key.clone(), value.clone()));
            Cow::Owned(Value::Object(members.clone().into_iter().chain(strays).collect()))
        }
        _ => Cow::Borrowed(block),
    }
}

/// A key beside the verb of an item.
fn beside_verb(key: &str, verbs: &[(&str, OperationKind)]) -> Fault {
    let belongs = verbs.iter().find(|(_, kind)| BlockSchema::of(*kind).keys().contains(&key));
    Fault {
        rule: "unknown_key",
        title: format!("unknown key `{key}` beside the verb"),
        detail: "an item holds one verb and nothing else".to_owned(),
        help: Some(match belongs {
            Some((verb, _)) => format!("it belongs under `{verb}:`, indented"),
            None => "remove it".to_owned(),
        }),
        secret: false,
    }
}

/// A verb with something under it that is no block.
fn no_block(kind: OperationKind, value: &Value) -> Fault {
    let verb = kind.name();
    let form = match kind {
        OperationKind::Create => "{name: …, attributes: {…}}",
        OperationKind::Update => "{account: …, set: {…}}",
        OperationKind::Grant | OperationKind::Revoke => "{account: …, entitlement: TYPE/NAME}",
        OperationKind::SetPassword => "{account: …, password_ref: env:NEW_PASSWORD}",
        _ => "{account: …}",
    };
    let (title, help) = match value {
        Value::Null => (format!("`{verb}` is empty"), format!("write `{verb}: {form}`")),
        Value::Array(_) => (
            format!("`{verb}` must be a block, not a list"),
            format!("write an operation for each: `- {verb}: {form}`"),
        ),
        _ => (format!("`{verb}` must be a block of `key: value` lines"), format!("write `{verb}: {form}`")),
    };
    Fault { rule: "wrong_type", title, detail: format!("expected `{form}`"), help: Some(help), secret: false }
}

fn unknown_key(key: &str, guess: Option<&str>, known: &[&str], kind: OperationKind) -> Fault {
    let values = match kind {
        OperationKind::Create => Some("attributes"),
        OperationKind::Update => Some("set"),
        _ => None,
    };
    Fault {
        rule: "unknown_key",
        title: format!("unknown key `{key}` in `{}`", kind.name()),
        detail: "not known here".to_owned(),
        help: Some(match (guess, values) {
            _ if key == "<<" => "merge keys are not supported: write the fields out".to_owned(),
            (Some(guess), _) => format!("did you mean `{guess}`?"),
            (None, Some(values)) => {
                format!("known here: {}; an attribute of the account stands under `{values}:`", known.join(", "))
            }
            (None, None) => format!("known here: {}", known.join(", ")),
        }),
        secret: false,
    }
}

fn merge_key() -> Fault {
    Fault {
        rule: "unknown_key",
        title: "`<<` is no attribute".to_owned(),
        detail: "a merge key".to_owned(),
        help: Some("merge keys are not supported: write the fields out".to_owned()),
        secret: false,
    }
}
