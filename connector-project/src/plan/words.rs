//! The rules for verbs, entitlements and attributes, and the words that people write instead.

use crate::document::{Fault, is_secret_name};
use connector_core::{EntitlementRef, OperationKind, nearest};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

/// Names of the verbs in other tools.
const OTHER_VERBS: &[(&str, OperationKind)] = &[
    ("add", OperationKind::Create),
    ("new", OperationKind::Create),
    ("insert", OperationKind::Create),
    ("provision", OperationKind::Create),
    ("modify", OperationKind::Update),
    ("change", OperationKind::Update),
    ("edit", OperationKind::Update),
    ("set", OperationKind::Update),
    ("assign", OperationKind::Grant),
    ("unassign", OperationKind::Revoke),
    ("ungrant", OperationKind::Revoke),
    ("deactivate", OperationKind::Disable),
    ("suspend", OperationKind::Disable),
    ("activate", OperationKind::Enable),
    ("reactivate", OperationKind::Enable),
    ("freeze", OperationKind::Lock),
    ("unfreeze", OperationKind::Unlock),
    ("password", OperationKind::SetPassword),
    ("reset_password", OperationKind::SetPassword),
    ("change_password", OperationKind::SetPassword),
    ("offboard", OperationKind::Deprovision),
    ("leaver", OperationKind::Deprovision),
    ("terminate", OperationKind::Deprovision),
    ("hand_over", OperationKind::Transfer),
    ("reassign", OperationKind::Transfer),
    ("logout", OperationKind::EndSessions),
    ("sign_out", OperationKind::EndSessions),
    ("drop", OperationKind::Delete),
];

/// Names of an operation's keys in other tools.
const OTHER_KEYS: &[(&str, &[&str])] = &[
    ("account", &["user", "username", "user_name", "login", "id", "account_id", "user_id", "name", "email"]),
    ("name", &["account", "user", "username", "user_name", "login", "account_name"]),
    ("entitlement", &["permission", "role", "group", "profile", "access", "permission_set", "entitlements"]),
    ("entitlements", &["permissions", "roles", "groups", "access", "permission_sets", "entitlement"]),
    ("attributes", &["set", "values", "fields", "data"]),
    ("set", &["attributes", "values", "fields", "data", "changes"]),
    ("transfer_to", &["to", "successor", "manager", "heir", "new_owner", "delegate"]),
    ("to", &["transfer_to", "successor", "manager", "heir", "new_owner", "delegate"]),
    ("until", &["end", "ends", "expires", "expiration", "valid_until", "expiration_date"]),
];

/// The verb that another word probably means. `with_entitlement`: whether the operation names an entitlement.
pub(super) fn meant_verb(word: &str, with_entitlement: bool) -> Option<OperationKind> {
    let plain = word.to_lowercase().replace(['-', ' '], "_");
    match (plain.as_str(), with_entitlement) {
        ("remove" | "delete", true) => return Some(OperationKind::Revoke),
        ("remove", false) => return Some(OperationKind::Delete),
        ("add", true) => return Some(OperationKind::Grant),
        _ => {}
    }
    let other = |word: &str| OTHER_VERBS.iter().find(|(other, _)| *other == word).map(|(_, kind)| *kind);
    let verbs = OperationKind::ALL.iter().map(|kind| kind.name());
    let near = || match nearest(word, verbs.chain(OTHER_VERBS.iter().map(|(other, _)| *other)).chain(["remove"]))? {
        "remove" => meant_verb("remove", with_entitlement),
        verb => OperationKind::from_name(verb).or_else(|| other(verb)),
    };
    other(&plain).or_else(near)
}

/// An unknown verb.
pub(super) fn unknown_verb(word: &str, meant: Option<OperationKind>) -> Fault {
    let verbs: Vec<_> = OperationKind::ALL.iter().map(|kind| kind.name()).collect();
    // Text that is not a word can be anything, even a secret in the wrong cell.
    let is_word = word.len() <= 24 && word.chars().all(|c| c.is_alphabetic() || "_- ".contains(c));
    Fault {
        rule: "unknown_operation",
        title: if is_word { format!("unknown operation `{word}`") } else { "this is not an operation".to_owned() },
        detail: format!("known operations: {}", verbs.join(", ")),
        help: Some(match meant {
            Some(kind) => format!("did you mean `{}`?", kind.name()),
            None => "write one of the known operations".to_owned(),
        }),
        secret: false,
    }
}

/// The key that another word probably means, of the keys that are valid here.
pub(super) fn meant_key<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = word.to_lowercase().replace('-', "_");
    let is_other = |key: &&str| OTHER_KEYS.iter().any(|(name, others)| name == key && others.contains(&plain.as_str()));
    known.iter().copied().find(is_other).or_else(|| nearest(word, known.iter().copied()))
}

/// Parses an entitlement: `TYPE/ID` or `TYPE/NAME`, split at the first slash.
pub(super) fn entitlement(text: &str) -> Result<EntitlementRef, Fault> {
    let fault = |title: &str, help: String| Fault {
        rule: "bad_entitlement",
        title: title.to_owned(),
        detail: "expected `TYPE/ID` or `TYPE/NAME`".to_owned(),
        help: Some(help),
        secret: false,
    };
    let example = "for example `permission_set/Sales_Ops`";
    let Some((kind, id)) = text.split_once('/') else {
        let title = "the entitlement does not include its type";
        return Err(fault(title, format!("write the type and a `/` before it, {example}")));
    };
    if kind.is_empty() {
        return Err(fault("the entitlement has no type", format!("write the type before the `/`, {example}")));
    }
    if id.trim().is_empty() {
        return Err(fault(
            "the entitlement has no id or name",
            format!("write the id or name after the `/`, {example}"),
        ));
    }
    if !is_type(kind) {
        let snake = snake_case(kind);
        let help = if is_type(&snake) {
            format!("did you mean `{snake}`?")
        } else {
            format!("write the type in lower case with `_`, {example}")
        };
        return Err(fault("the type of the entitlement is not in snake_case", help));
    }
    Ok(EntitlementRef::new(kind.to_owned(), id))
}

/// Whether a text can be the type of an entitlement.
fn is_type(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// `PermissionSet` and `Permission Set` as `permission_set`.
fn snake_case(text: &str) -> String {
    let mut snake = String::new();
    for c in text.trim().chars() {
        let parts = c.is_uppercase() || c == ' ' || c == '-';
        if parts && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        if c != ' ' && c != '-' {
            snake.extend(c.to_lowercase());
        }
    }
    snake
}

/// What is wrong with an attribute of this name and this text.
///
/// A separate operation references a secret, so an attribute can't hold even a ref.
pub(super) fn secret_attribute(name: &str) -> Option<Fault> {
    is_secret_name(name).then(|| crate::document::leaked_secrets::literal(name, SECRET_CURE.to_owned()))
}

/// How a plan references a secret.
pub(super) const SECRET_CURE: &str = "a plan must not contain secrets: remove it, and reference the password in a separate operation, `set_password: {account: …, password_ref: env:NEW_PASSWORD}`";

/// An update that changes nothing.
pub(super) fn empty_set() -> Fault {
    Fault {
        rule: "empty_set",
        title: "the update changes nothing".to_owned(),
        detail: "the update has no values".to_owned(),
        help: Some("name at least one attribute and its new value; `null` clears one".to_owned()),
        secret: false,
    }
}

/// A second new account with the same name.
pub(super) fn created_twice(line: usize) -> Fault {
    Fault {
        rule: "created_twice",
        title: "the plan creates two accounts with this name".to_owned(),
        detail: format!("first created on line {line}"),
        help: Some("remove one of them, or change the second to an `update`".to_owned()),
        secret: false,
    }
}

/// A new password with neither a ref nor a reset, or with both.
pub(super) fn password_choice(both: bool) -> Fault {
    let (title, help) = if both {
        ("the operation has both `password_ref` and `reset`", "remove one of them")
    } else {
        (
            "the operation does not say where the new password comes from",
            "add `password_ref: env:NEW_PASSWORD`, or add `reset: true` if the source must send the user a new one",
        )
    };
    Fault {
        rule: "password_choice",
        title: title.to_owned(),
        detail: "expected either `password_ref` or `reset`".to_owned(),
        help: Some(help.to_owned()),
        secret: false,
    }
}

/// A grant or revoke with several entitlements.
pub(super) fn one_entitlement(kind: OperationKind) -> Fault {
    Fault {
        rule: "several_entitlements",
        title: format!("`{}` takes only one entitlement", kind.name()),
        detail: "expected one `TYPE/ID` or `TYPE/NAME`".to_owned(),
        help: Some(format!("write one `{}` for each entitlement", kind.name())),
        secret: false,
    }
}

/// The end of a grant: a time, or a date, which means midnight UTC at its beginning.
pub(super) fn end(text: &str) -> Option<Timestamp> {
    let of_day = |text: &str| text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let is_day = text.len() == "2027-01-31".len();
    if is_day { of_day(text) } else { text.parse().ok() }
}

/// An invalid end.
pub(super) fn bad_end() -> Fault {
    Fault::new(
        "bad_until",
        "`until` is not a date or time",
        "expected a date or an RFC 3339 time",
        "write `2027-01-31` (the end is midnight UTC) or `2027-01-31T18:00:00Z`",
    )
}

/// A value without quotes that is read as a number or a null, and that would reach the source in another form.
pub(super) fn respelled(text: &str, value: &Value) -> Option<Fault> {
    let read = match value {
        Value::Number(number) => number.to_string(),
        Value::Null if !matches!(text, "" | "~" | "null" | "Null" | "NULL") => "null".to_owned(),
        _ => return None,
    };
    (read != text).then(|| Fault {
        rule: "respelled",
        title: format!("`{text}` would become `{read}`"),
        detail: format!("read as {}", if value.is_null() { "no value" } else { "a number" }),
        help: Some(format!("if it is text, put it in quotes: `\"{text}\"`; otherwise write `{read}`")),
        secret: false,
    })
}
