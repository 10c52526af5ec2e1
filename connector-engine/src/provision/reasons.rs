//! Why an operation is not applied, in words.

use connector_core::{Change, End, Error, ErrorKind, OperationKind, SecretRef};
use connector_project::effect::{State, ValueChange};
use serde_json::Value;
use std::collections::BTreeSet;

/// The error of an operation on an account that an earlier operation failed to create.
pub(super) fn not_made(number: u64) -> Error {
    Error::new(ErrorKind::NotFound, format!("not done: operation {number}, which creates the account, failed"))
        .with_help("fix that operation and run the plan again")
}

/// The error of an operation on an account if the result of creating it is unknown.
pub(super) fn not_known(number: u64) -> Error {
    let message = format!("not done: the result of operation {number}, which creates the account, is unknown");
    Error::new(ErrorKind::NotFound, message)
        .with_help("look for the account in the source itself, and put the remaining operations into a new plan")
}

/// Adds how to name an account that an earlier operation renames.
pub(super) fn renamed(error: Error, number: u64, account: &str) -> Error {
    error.with_help(format!(
        "operation {number} gives this name to `{account}`; use `{account}` or its id in the whole plan"
    ))
}

/// The error of operations that name an account which only one of themselves creates.
pub(super) fn in_a_circle(numbers: &BTreeSet<u64>) -> Error {
    let named: Vec<_> = numbers.iter().take(MAX_DIFFERENCES_SHOWN).map(u64::to_string).collect();
    let message = match numbers.len() {
        1 => format!("operation {} names the account that it creates itself", named.concat()),
        count if count > named.len() => {
            format!("operations {} and {} more wait for each other's accounts", named.join(", "), count - named.len())
        }
        _ => format!("operations {} wait for each other's accounts", named.join(" and ")),
    };
    Error::new(ErrorKind::Invalid, message)
        .with_help("leave the reference out of one of them, and set it with an `update` after the creates")
}

/// The most differences that an error names.
const MAX_DIFFERENCES_SHOWN: usize = 8;

/// The error of a create whose account exists, such as that of a person who comes back.
pub(super) fn exists_already(name: &str, is_disabled: bool, differs: &[ValueChange]) -> Error {
    let mut shown: Vec<_> = differs.iter().take(MAX_DIFFERENCES_SHOWN).map(difference).collect();
    if differs.len() > shown.len() {
        shown.push(format!("{} more", differs.len() - shown.len()));
    }
    let state = if is_disabled { " and is disabled" } else { "" };
    let message = match shown.as_slice() {
        [] => format!("`{name}` already exists{state}"),
        shown => format!("`{name}` already exists with other values{state}: {}", shown.join(", ")),
    };
    let attributes = differs.iter().any(|one| matches!(one, ValueChange::Attribute { .. }));
    let entitlements = differs.iter().any(|one| matches!(one, ValueChange::Entitlement { .. }));
    let cures = [(is_disabled, "`enable`"), (attributes, "`update`"), (entitlements, "`grant`")];
    let cures: Vec<_> = cures.iter().filter(|(is_needed, _)| *is_needed).map(|(_, cure)| *cure).collect();
    Error::new(ErrorKind::AlreadyExists, message)
        .with_help(format!("if it is the same person, use {}; otherwise choose another name", cures.join(" and ")))
}

fn difference(change: &ValueChange) -> String {
    let text = |value: &Value| match value {
        Value::Null => "empty".to_owned(),
        Value::String(text) => format!("\"{text}\""),
        other => other.to_string(),
    };
    match change {
        ValueChange::Attribute { attribute, from, to } => format!("`{attribute}` is {}, not {}", text(from), text(to)),
        ValueChange::Entitlement { entitlement, name, .. } => {
            format!(
                "it does not hold {}",
                name.as_deref().map_or_else(
                    || entitlement.to_string(),
                    |name| format!("{} `{name}`", entitlement.entitlement_type)
                )
            )
        }
    }
}

/// Why there is nothing to do.
pub(super) fn already(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Create => "already exists with these values",
        OperationKind::Update => "already has these values",
        OperationKind::Grant => "already holds it",
        OperationKind::Revoke => "does not hold it",
        OperationKind::Disable => "already disabled",
        OperationKind::Enable => "already enabled",
        OperationKind::Lock => "already locked",
        OperationKind::Unlock => "not locked",
        OperationKind::SetPassword => "already has this password",
        OperationKind::Delete => "does not exist",
        OperationKind::EndSessions => "has no open session",
        OperationKind::RevokeTokens => "has no token",
        OperationKind::Transfer => "has nothing to hand over",
        OperationKind::Deprovision => "has left already",
        _ => "nothing to change",
    }
}

/// Why a grant changes nothing, if what the account holds has an end.
pub(super) fn already_until(state: &State, change: &Change<SecretRef>) -> Option<String> {
    let Change::Grant { entitlement, until, .. } = change else { return None };
    let end @ End::At(_) = state.end(entitlement)? else { return None };
    Some(match until {
        Some(_) => format!("already holds it {end}"),
        None => format!("already holds it {end}; to remove the end, revoke it and grant it again"),
    })
}

/// What to know about a grant with an end, if the account holds the entitlement already and nobody can see until when.
pub(super) fn unknown_end(state: &State, change: &Change<SecretRef>) -> Option<String> {
    let Change::Grant { entitlement, until: Some(_), .. } = change else { return None };
    let is_unknown = state.is_there() && state.holds(entitlement) && state.end(entitlement).is_none();
    is_unknown.then(|| "already holds it, but the source does not show until when".to_owned())
}

/// The error of a preview that the user stops.
pub(super) fn stopped() -> Error {
    Error::new(ErrorKind::Cancelled, "stopped before anything was sent").with_help("run it again")
}
