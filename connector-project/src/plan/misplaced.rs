//! The messages for keys and items of a plan that are in the wrong place.

use super::schema::BlockSchema;
use super::words::meant_verb;
use crate::document::Fault;
use connector_core::OperationKind;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// An item that is not `verb: …`.
pub(super) fn no_operation(item: &Value) -> Fault {
    Fault {
        rule: "not_an_operation",
        title: if item.is_null() { "an empty item".to_owned() } else { "this is not an operation".to_owned() },
        detail: "expected a verb and its block".to_owned(),
        help: Some(match item {
            Value::Object(_) | Value::Null => {
                "write an operation, such as `disable: {account: …}`, or remove it".to_owned()
            }
            Value::Array(_) => "remove one pair of brackets, or one `-`: the list must not be nested".to_owned(),
            _ => "write the verb as a key and its block below it, such as `disable: {account: …}`".to_owned(),
        }),
        secret: false,
    }
}

/// An operation that names its kind in a separate key, as in other tools, and has no verb.
pub(super) fn flat(members: &Map<String, Value>) -> Option<(String, Fault)> {
    let key = ["operation", "op", "kind", "action", "type"]
        .into_iter()
        .find(|key| members.get(*key).is_some_and(Value::is_string))?;
    let kind = meant_verb(members[key].as_str()?, members.contains_key("entitlement"))?;
    let fault = Fault {
        rule: "unknown_operation",
        title: format!("an operation has no key `{key}`"),
        detail: "the verb itself is the key".to_owned(),
        help: Some(format!("write `{}:` and indent the rest below it", kind.name())),
        secret: false,
    };
    Some((key.to_owned(), fault))
}

pub(super) fn second_verb(key: &str) -> Fault {
    Fault {
        rule: "several_operations",
        title: format!("`{key}` is a second operation in the same item"),
        detail: "an item holds only one operation".to_owned(),
        help: Some(format!("begin it with `- `: `- {key}: …`")),
        secret: false,
    }
}

/// Keys on the level of their verb that belong under it.
pub(super) fn not_indented(verb: &str) -> Fault {
    Fault {
        rule: "not_indented",
        title: format!("`{verb}` has nothing below it"),
        detail: "the next keys are on the same level".to_owned(),
        help: Some(format!("indent the keys below `{verb}:` by four spaces from the `-`")),
        secret: false,
    }
}

/// The block under a verb, including its keys that are misplaced beside the verb. Those have their own report.
pub(super) fn with_strays<'a>(kind: OperationKind, block: &'a Value, item: &Map<String, Value>) -> Cow<'a, Value> {
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
pub(super) fn beside_verb(key: &str, verbs: &[(&str, OperationKind)]) -> Fault {
    let belongs = verbs.iter().find(|(_, kind)| BlockSchema::of(*kind).keys().contains(&key));
    Fault {
        rule: "unknown_key",
        title: format!("unknown key `{key}` next to the verb"),
        detail: "an item holds only its verb".to_owned(),
        help: Some(match belongs {
            Some((verb, _)) => format!("move it under `{verb}:` and indent it"),
            None => "remove it".to_owned(),
        }),
        secret: false,
    }
}

/// A verb with something other than a block under it.
pub(super) fn no_block(kind: OperationKind, value: &Value) -> Fault {
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
            format!("write one operation for each: `- {verb}: {form}`"),
        ),
        _ => (format!("`{verb}` must be a block of `key: value` lines"), format!("write `{verb}: {form}`")),
    };
    Fault { rule: "wrong_type", title, detail: format!("expected `{form}`"), help: Some(help), secret: false }
}

pub(super) fn unknown_key(key: &str, guess: Option<&str>, known: &[&str], kind: OperationKind) -> Fault {
    let values = match kind {
        OperationKind::Create => Some("attributes"),
        OperationKind::Update => Some("set"),
        _ => None,
    };
    Fault {
        rule: "unknown_key",
        title: format!("unknown key `{key}` in `{}`", kind.name()),
        detail: "unknown key".to_owned(),
        help: Some(match (guess, values) {
            _ if key == "<<" => "merge keys are not supported; copy the fields here".to_owned(),
            (Some(guess), _) => format!("did you mean `{guess}`?"),
            (None, Some(values)) => {
                format!("known keys: {}; put attributes of the account under `{values}:`", known.join(", "))
            }
            (None, None) => format!("known keys: {}", known.join(", ")),
        }),
        secret: false,
    }
}

pub(super) fn merge_key() -> Fault {
    Fault {
        rule: "unknown_key",
        title: "`<<` is not an attribute".to_owned(),
        detail: "a merge key".to_owned(),
        help: Some("merge keys are not supported; copy the fields here".to_owned()),
        secret: false,
    }
}
