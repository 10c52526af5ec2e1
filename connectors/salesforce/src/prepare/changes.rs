//! Prepares changes of a user's own row.

use super::attributes::{self, When};
use super::{Known, several, unchanged};
use crate::api::ranges::RecordId;
use crate::api::rights::Act;
use crate::provision::EMAIL;
use crate::users::kept::is_same;
use crate::users::locks::FROZEN;
use connector_core::{Account, Change, Error, ErrorKind, Operation, Prepared, Result, Seat, SecretRef};
use serde_json::Value;

/// Setting attributes. `IsActive` becomes a step of its own.
pub(super) fn update(known: &Known<'_>, account: &Account, change: &Change<SecretRef>) -> Result<Prepared> {
    known.may("User", Act::Change)?;
    let given = several::as_set(&known.user, account, change)?;
    let mut set = attributes::record(&known.user, &known.references, &given, When::Update)?;
    for (name, value) in &mut set {
        // What is the same to Salesforce is no change.
        if let (Some(field), Some(kept)) = (known.user.field(name), account.attributes.get::<Value>(name))
            && is_same(field, value, &kept)
        {
            *value = kept;
        }
    }
    let active = set.remove("IsActive").and_then(|value| value.as_bool()).filter(|active| *active != account.enabled);
    let profile = set.get("ProfileId").and_then(Value::as_str).map(str::to_owned);
    let mut steps = Vec::new();
    // A new address may wait for its user. The other values must not wait with it.
    let is_new = |email: &Value| account.attributes.get::<Value>(EMAIL).as_ref() != Some(email);
    let email = if set.len() > 1 && set.get(EMAIL).is_some_and(is_new) { set.remove(EMAIL) } else { None };
    if !set.is_empty() {
        steps.push(Operation::new(&account.id, Change::set(set)));
    }
    steps.extend(
        email.map(|email| Operation::new(&account.id, Change::set([(EMAIL.to_owned(), email)].into_iter().collect()))),
    );
    steps.extend(active.map(|active| switch(account, active)));
    if let Some(false) = active {
        not_oneself(known, account, "disable it")?;
    }
    let signs_in_by = |step: &Operation<SecretRef>| matches!(&step.change, Change::Update { set, .. } if ["Username", "ProfileId"].iter().any(|name| set.contains_key(*name)));
    if steps.iter().any(signs_in_by) {
        not_oneself(known, account, "change its username or profile")?;
    }
    if steps.is_empty() {
        return Ok(unchanged("already has these values"));
    }
    let seats = seats(known, account, active.unwrap_or(account.enabled), profile.as_deref());
    Ok(Prepared::steps(steps, seats))
}

/// Enabling or disabling.
pub(super) fn enable(known: &Known<'_>, account: &Account, active: bool) -> Result<Prepared> {
    known.may("User", Act::Change)?;
    if !active {
        not_oneself(known, account, "disable it")?;
    }
    let seats = seats(known, account, active, None);
    Ok(Prepared::steps(vec![switch(account, active)], seats))
}

/// Locking or unlocking.
pub(super) fn lock(known: &Known<'_>, account: &Account, lock: bool) -> Result<Prepared> {
    known.may("UserLogin", Act::Change)?;
    if lock {
        not_oneself(known, account, "lock it")?;
    }
    // Locked after wrong passwords is not frozen: that ends by itself.
    let is_frozen = account.locked && account.attributes.get::<bool>(FROZEN) == Some(true);
    if lock && is_frozen {
        return Ok(Prepared::unchanged("is frozen already"));
    }
    Ok(Prepared::step(Operation::new(&account.id, if lock { Change::Lock } else { Change::Unlock })))
}

fn switch(account: &Account, active: bool) -> Operation<SecretRef> {
    Operation::new(&account.id, if active { Change::Enable } else { Change::Disable })
}

/// The seats that change when the user is enabled or not, and has that profile or keeps the one it has.
pub(super) fn seats(known: &Known<'_>, account: &Account, active: bool, profile: Option<&str>) -> Vec<Seat> {
    let has: Option<String> = account.attributes.get("ProfileId");
    let before = has.as_deref().filter(|_| account.enabled);
    let after = profile.or(has.as_deref()).filter(|_| active);
    known.licenses.moved(before, after)
}

/// The service account must not bar itself: nobody could take that back from here.
pub(super) fn not_oneself(known: &Known<'_>, account: &Account, what: &str) -> Result<()> {
    if known.own.is_none() || RecordId::read(&account.id) != known.own {
        return Ok(());
    }
    let message = format!("`{}` is the service account that this source signs in with", account.name);
    Err(Error::new(ErrorKind::Invalid, message).with_help(format!("if it must be, {what} in Setup")))
}
