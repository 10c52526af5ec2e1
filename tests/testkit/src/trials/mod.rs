//! The trials: one file per topic, one function per promise.

mod accounts;
mod budget;
mod changes;
mod connection;
mod delta;
mod ends;
mod entitlements;
mod faults;
mod find;
mod pages;
mod provisioning;
mod refusal;
mod repeated;
mod residue;
mod texts;

use crate::subject::Subject;
use connector_core::{Connector, OperationKind};
use std::pin::Pin;

/// The error says what the trial saw.
pub(crate) type Tried = Result<Kept, String>;

/// What a trial found that saw nothing wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// The connector keeps the promise.
    Promise,
    /// The connector did nothing that the promise is about. Only reading shows it.
    NotUsed(&'static str),
}

/// One promise of the contract, and its test.
#[derive(Clone, Copy)]
pub(crate) struct Trial {
    pub(crate) name: &'static str,
    need: Need,
    run: for<'a> fn(&'a Subject<'a>) -> Pin<Box<dyn Future<Output = Tried> + 'a>>,
}

/// The requirement of a trial.
#[derive(Clone, Copy)]
enum Need {
    Nothing,
    Entitlements,
    Accounts,
    EntitlementsOfAccounts,
    Changes,
    /// Changes, a fixture, and the operation that makes an account.
    ChangesToSee,
    /// The same, and a way to remove an account without the connector.
    ChangesAndRemoval,
    Preparation,
    Batch,
    Secrets,
    Proxy,
    ProxyAndSecrets,
    ProxyAndBudget,
    /// A proxy, a fixture, and the ability to prepare.
    ProxyAndPreparation,
    /// The operation, and a fixture.
    Operation(OperationKind),
}

impl Trial {
    /// Tries it, and removes the accounts that it created.
    pub(crate) async fn run(&self, subject: &Subject<'_>) -> Tried {
        let tried = (self.run)(subject).await;
        let cleaned = residue::clean(subject).await;
        tried.and_then(|kept| cleaned.map(|()| kept))
    }

    /// The requirement that the connector or the subject does not meet.
    pub(crate) fn missing(&self, subject: &Subject<'_>, connector: &dyn Connector) -> Option<&'static str> {
        let abilities = connector.capabilities();
        let (is_there, name) = match self.need {
            Need::Nothing => (true, ""),
            Need::Entitlements => (abilities.entitlements().is_some(), "read_entitlements"),
            Need::EntitlementsOfAccounts if abilities.entitlements().is_none() => (false, "read_entitlements"),
            Need::Accounts | Need::EntitlementsOfAccounts => (abilities.accounts().is_some(), "find_accounts"),
            Need::Changes => (abilities.changes().is_some(), "read_changes"),
            Need::ChangesToSee if subject.fixture().is_some() => {
                let creates = connector.schema().operations.contains(&OperationKind::Create);
                (abilities.changes().is_some() && creates, "read_changes and create")
            }
            Need::ChangesAndRemoval if subject.fixture().is_some() => {
                let creates = connector.schema().operations.contains(&OperationKind::Create);
                let needs = "read_changes, create, and a way to remove an account without the connector";
                (abilities.changes().is_some() && creates && subject.removal().is_some(), needs)
            }
            Need::Preparation if subject.fixture().is_some() => {
                (abilities.preparation().is_some(), "prepare_operations")
            }
            Need::Batch if subject.fixture().is_some() => (abilities.batch().is_some(), "provision_batch"),
            Need::Proxy => (subject.proxy().is_some(), "a proxy"),
            Need::ProxyAndSecrets => {
                (subject.proxy().is_some() && !subject.secrets().is_empty(), "a proxy and a secret to look for")
            }
            Need::ProxyAndBudget => (
                subject.proxy().is_some() && subject.most_requests().is_some(),
                "a proxy and the number of requests that a whole read may take",
            ),
            Need::ProxyAndPreparation if subject.fixture().is_some() => {
                (subject.proxy().is_some() && abilities.preparation().is_some(), "a proxy and prepare_operations")
            }
            Need::Secrets => (!subject.secrets().is_empty(), "a secret to look for"),
            Need::Operation(kind) if subject.fixture().is_some() => {
                (connector.schema().operations.contains(&kind), kind.name())
            }
            Need::ChangesToSee
            | Need::ChangesAndRemoval
            | Need::Preparation
            | Need::ProxyAndPreparation
            | Need::Batch
            | Need::Operation(_) => (false, "a fixture"),
        };
        (!is_there).then_some(name)
    }
}

/// Every trial, in the order in which they run.
pub(crate) fn all() -> impl Iterator<Item = &'static Trial> {
    [
        connection::TRIALS,
        pages::TRIALS,
        accounts::TRIALS,
        entitlements::TRIALS,
        find::TRIALS,
        changes::TRIALS,
        delta::TRIALS,
        provisioning::TRIALS,
        ends::TRIALS,
        repeated::TRIALS,
        texts::TRIALS,
        residue::TRIALS,
        refusal::TRIALS,
        budget::TRIALS,
        faults::TRIALS,
    ]
    .into_iter()
    .flatten()
}
