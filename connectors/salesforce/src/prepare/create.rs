//! Prepares the creation of a user.

use super::attributes::{self, When, username};
use super::references::alias;
use super::{Known, grants};
use crate::api::rights::Act;
use crate::entitlements::types::TYPES;
use connector_core::{Change, EntitlementRef, Error, ErrorKind, Operation, Prepared, Result, SecretRef};
use serde_json::{Map, Value};

/// The user with everything it needs, and a grant for each entitlement, licenses first.
pub(super) fn prepare(
    known: &Known<'_>,
    name: &str,
    given: &Map<String, Value>,
    entitlements: &[EntitlementRef],
    unresolved: &[EntitlementRef],
    password: Option<&SecretRef>,
) -> Result<Prepared> {
    known.may("User", Act::Make)?;
    let name = username(name)?;
    let mut record = match attributes::record(&known.user, &known.references, given, When::Create) {
        Ok(record) => record,
        Err(fault) => return Err(with_the_missing(known, given, &[entitlements, unresolved].concat(), fault)),
    };
    if let Some(other) = record.remove("Username").filter(|other| *other != name.as_str()) {
        let message = format!("the account is named `{name}`, but its attribute `Username` is {other}");
        return Err(Error::new(ErrorKind::Invalid, message).with_help("remove the attribute"));
    }
    record.retain(|_, value| !value.is_null());
    let inline = |held: &&EntitlementRef| held.entitlement_type == "profile" || held.entitlement_type == "role";
    for held in entitlements.iter().filter(inline) {
        let field = if held.entitlement_type == "profile" { "ProfileId" } else { "UserRoleId" };
        let id = grants::id(held)?;
        if record.insert(field.to_owned(), Value::from(id.as_str())).is_some_and(|other| other != id.as_str()) {
            let message = format!("a user has one {}, but two are given", held.entitlement_type);
            return Err(Error::new(ErrorKind::Invalid, message).with_help("remove one of them"));
        }
    }
    if unresolved.iter().any(|held| held.entitlement_type == "profile") {
        record.insert("ProfileId".to_owned(), Value::Null);
    }
    if let Some(defaults) = known.defaults {
        defaults.fill(&name, &mut record);
    }
    complete(known, &record)?;

    let active = record.get("IsActive").and_then(Value::as_bool).unwrap_or(true);
    let profile = record.get("ProfileId").and_then(Value::as_str).filter(|_| active);
    let mut seats = known.licenses.moved(None, profile);
    let mut steps = vec![Operation::new("", Change::create(name, record, Vec::new(), None))];
    if !active {
        // The create already includes it. The step states it in the terms of the contract, for the operations that follow.
        steps.push(Operation::new("", Change::Disable));
    }
    if let Some(password) = password {
        // Salesforce takes no password with the user: it is set in a request of its own.
        known.may_set_passwords()?;
        steps.push(Operation::new("", Change::set_password(Some(password.clone()))));
    }
    let mut others: Vec<_> = entitlements.iter().filter(|held| !inline(held)).collect();
    others.sort_by_key(|held| TYPES.iter().find(|known| known.name == held.entitlement_type).map(|known| known.rank));
    others.dedup();
    for held in others {
        let granted = grants::grant(known, "", active, held, None)?;
        steps.push(granted.step);
        seats.extend(granted.seat);
    }
    Ok(Prepared::steps(steps, seats).with_note(known.recalculating.note(entitlements)))
}

/// The fault of given attributes, together with what is missing beside them: one look at the plan should mend it.
fn with_the_missing(
    known: &Known<'_>,
    given: &Map<String, Value>,
    entitlements: &[EntitlementRef],
    fault: Error,
) -> Error {
    let field_of = |name: &String| known.user.field(alias(name).map_or(name, |alias| alias.field));
    let mut record: Map<String, Value> = given
        .iter()
        .filter(|(_, value)| !value.is_null())
        .filter_map(|(name, value)| Some((field_of(name)?.name.clone(), value.clone())))
        .collect();
    if entitlements.iter().any(|held| held.entitlement_type == "profile") {
        record.insert("ProfileId".to_owned(), Value::Null);
    }
    if let Some(defaults) = known.defaults {
        defaults.fill("", &mut record);
    }
    match complete(known, &record).err() {
        Some(missing) => attributes::both(&fault, &missing),
        None => fault,
    }
}

/// Checks that nothing is missing that the org needs. The error names everything that is missing.
fn complete(known: &Known<'_>, record: &Map<String, Value>) -> Result<()> {
    // The username is the account's name, and Salesforce makes a nickname where none is given.
    let own = ["Username", "CommunityNickname"];
    let mut missing: Vec<&str> =
        known.user.fields.iter().filter(|field| field.is_required()).map(|field| field.name.as_str()).collect();
    missing.extend(["LastName", "ProfileId"].iter().filter(|name| known.user.field(name).is_some()));
    missing.retain(|name| !own.contains(name) && !record.contains_key(*name));
    missing.sort_unstable();
    missing.dedup();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = missing.iter().map(|name| format!("`{name}`")).collect();
    let help = if missing.contains(&"ProfileId") {
        "add what is missing; for `ProfileId`, write `Profile: NAME` or an entitlement `profile/NAME`"
    } else {
        "add what is missing"
    };
    let verb = if names.len() == 1 { "is" } else { "are" };
    let message = format!("{} {verb} required to create a user", names.join(", "));
    Err(Error::new(ErrorKind::Invalid, message).with_help(help))
}
