//! `connector identities confirm`, `refuse` and `release`.

use super::{called, candidates};
use crate::arguments::{IdentitiesCommand, OneAccountArguments};
use crate::exit::Stop;
use crate::invocation::{Invocation, source_name};
use connector_engine::identities::{self, AccountState, CorrelatedAccount, NamedAccount};
use connector_engine::provision::this_user;
use connector_engine::store::Store;
use connector_project::identities::IdentitySettings;

pub(super) fn run(
    invocation: &Invocation,
    store: &Store,
    settings: &IdentitySettings,
    command: &IdentitiesCommand,
) -> Result<(), Stop> {
    let author = this_user();
    let known = match command {
        IdentitiesCommand::Confirm { account, person, note } => {
            identities::confirm(store, settings, named(account), person, &author, note.as_deref())?
        }
        IdentitiesCommand::Refuse { account, person, note } => {
            identities::refuse(store, settings, named(account), person.as_deref(), &author, note.as_deref())?
        }
        IdentitiesCommand::Release { account } => identities::release(store, settings, named(account), &author)?,
        IdentitiesCommand::Show { .. } | IdentitiesCommand::Correlate { .. } => return Ok(()),
    };
    if invocation.printer.is_json() {
        return invocation.printer.json(&known);
    }
    invocation.printer.result(format!("{}\n", told(&known)))
}

fn named(account: &OneAccountArguments) -> NamedAccount<'_> {
    NamedAccount { source: source_name(&account.source), account: &account.account }
}

fn told(known: &CorrelatedAccount) -> String {
    let CorrelatedAccount { source, name, state, person, rule, .. } = known;
    let rule = rule.as_deref().unwrap_or_default();
    match (state, person) {
        (AccountState::Linked, Some(person)) => {
            let how =
                if known.confirmed_by.is_some() { "confirmed".to_owned() } else { format!("by the rule `{rule}`") };
            format!("{name} in {source} belongs to {}: {how}", called(person))
        }
        (AccountState::Ambiguous, _) => {
            format!("{name} in {source} may belong to {}, says the rule `{rule}`", candidates(known))
        }
        (AccountState::Refused, _) => format!("{name} in {source} belongs to nobody: no rule links it any more"),
        (AccountState::LeftOut, _) => format!("{name} in {source} belongs to nobody, as `leave_out` says"),
        _ => format!("{name} in {source} belongs to no person: no rule finds one"),
    }
}
