//! Finds the accounts of a plan as they are now.

use super::journal::StepRow;
use crate::patience::ask_each;
use connector_core::{Account, Change, Concern, Error, ErrorKind, Operation, Result};
use connector_project::effect::State;
use connector_project::source::Opened;

/// The state of each account, named by id or name, in order. A name that several accounts share is an error.
pub(super) async fn look(opened: &Opened, wanted: &[String], concern: &Concern) -> Result<Vec<Result<State>>> {
    let Some(ability) = opened.connector.capabilities().accounts() else {
        return Ok(wanted.iter().map(|id| Ok(State::unseen(id))).collect());
    };
    let mut states = Vec::with_capacity(wanted.len());
    for part in wanted.chunks(ability.most_accounts().max(1)) {
        let find = || ability.find_accounts(part, concern);
        let found = ask_each(opened, "looking up accounts", part.len(), find).await?;
        states.extend(part.iter().zip(found).map(|(wanted, found)| only(wanted, found)));
    }
    Ok(states)
}

/// How many accounts one call looks up.
pub(super) fn most(opened: &Opened) -> usize {
    opened.connector.capabilities().accounts().map_or(200, |ability| ability.most_accounts().max(1))
}

fn only(wanted: &str, mut found: Vec<Account>) -> Result<State> {
    // An id means one account, even if it is the name of another one.
    if let Some(place) = found.iter().position(|account| account.id == wanted) {
        return Ok(State::of(found.swap_remove(place)));
    }
    if found.len() > 1 {
        let candidates: Vec<_> = found.iter().map(|account| format!("`{}` ({})", account.id, account.name)).collect();
        return Err(Error::new(ErrorKind::Invalid, format!("several accounts have the name `{wanted}`"))
            .with_help(format!("use an id: {}", candidates.join(", "))));
    }
    Ok(found.pop().map_or_else(State::absent, State::of))
}

/// The error for an account that does not exist.
pub(super) fn missing(opened: &Opened, wanted: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("`{}` has no account `{wanted}`", opened.source)).with_help(format!(
        "check the spelling; `connector accounts {}` lists the accounts of the last aggregation",
        opened.source
    ))
}

/// What to read of the accounts to see whether these steps are needed.
pub(super) fn concern_of<'a, P: 'a>(operations: impl IntoIterator<Item = &'a Operation<P>>) -> Concern {
    let mut concern = Concern::default();
    for operation in operations {
        match &operation.change {
            Change::Create { attributes, entitlements, .. } => {
                concern.attributes.extend(attributes.keys().cloned());
                concern.entitlements.extend(entitlements.iter().cloned());
            }
            Change::Update { set, add, remove, .. } => {
                concern.attributes.extend(set.keys().chain(add.keys()).chain(remove.keys()).cloned());
            }
            Change::Lock | Change::Unlock | Change::Deprovision { .. } => concern.locks = true,
            other => concern.entitlements.extend(other.entitlement().cloned()),
        }
    }
    concern
}

/// What to read of accounts, each with the key that it is looked up by, to see whether their steps are needed.
pub(super) fn concern_of_each<'a, P: 'a>(steps: impl IntoIterator<Item = (String, &'a Operation<P>)>) -> Concern {
    let mut all = Concern::default();
    for (key, operation) in steps {
        let mut concern = concern_of([operation]);
        all.attributes.append(&mut concern.attributes);
        all.locks |= concern.locks;
        all.entitlements.extend(concern.entitlements.iter().cloned());
        all.held_by.entry(key).or_default().append(&mut concern.entitlements);
    }
    all
}

/// The id of a step's account, or its name if the id is unknown.
pub(super) fn key_of(row: &StepRow) -> String {
    let id = &row.operation.account;
    if id.is_empty() { row.account.clone() } else { id.clone() }
}
