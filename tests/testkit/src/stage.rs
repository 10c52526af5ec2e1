//! A connector with an account of its own, which a trial changes and looks at.

use crate::reading;
use crate::subject::{Fixture, Subject};
use connector_core::secrecy::SecretString;
use connector_core::{
    Account, Change, Concern, Connector, Error, ErrorKind, Happened, Operation, OperationKind as Kind, Outcome,
    Prepared, Proposed, Retry, SecretRef,
};
use std::collections::BTreeSet;
use std::time::Duration;

/// A password that fits most rules.
const MADE_UP_PASSWORD: &str = "Kit-4711-Plain-Words";

/// How often an operation is tried that the source refuses for a while, and the longest wait between two tries. As in the engine.
const MOST_TRIES: usize = 5;
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Carries out an operation. If the source refuses it for a while, such as with status 429, it is tried again, as in the engine.
pub(crate) async fn carry_out(connector: &dyn Connector, operation: &Operation) -> Result<Outcome, Error> {
    for _ in 1..MOST_TRIES {
        match connector.provision(operation).await {
            Err(error) => match (error.retry(), error.happened()) {
                (Retry::After(wait), Happened::No) => tokio::time::sleep(wait.min(LONGEST_WAIT)).await,
                _ => return Err(error),
            },
            outcome => return outcome,
        }
    }
    connector.provision(operation).await
}

/// A connector, and the account that the trial created.
pub(crate) struct Stage<'a> {
    pub(crate) connector: &'a dyn Connector,
    pub(crate) fixture: &'a Fixture,
    pub(crate) account: String,
}

fn unexpected(seen: String) -> Error {
    Error::new(ErrorKind::Internal, seen)
}

/// The text of an error, for what a trial saw.
pub(crate) fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl<'a> Stage<'a> {
    /// Creates an account that the kit removes after the trial.
    pub(crate) async fn set(
        subject: &'a Subject<'_>,
        connector: &'a dyn Connector,
        word: &str,
    ) -> Result<Self, String> {
        let fixture = subject.fixture().ok_or("the trial needs a fixture")?;
        let mut stage = Self { connector, fixture, account: String::new() };
        let name = (fixture.name)(word);
        let change = Change::create(&name, fixture.attributes_of(&name), Vec::new(), None);
        let create = Operation::new("", change);
        stage.account = match stage.apply(&create).await? {
            Outcome::Applied { account } if !account.is_empty() => account,
            other => return Err(format!("create returned {other:?}")),
        };
        subject.note_created(&stage.account);
        Ok(stage)
    }

    /// Takes the entitlement from the account, if the connector can. Some sources keep who held it when the account is deleted.
    pub(crate) async fn give_back(&self) -> Result<(), String> {
        if self.connector.schema().operations.contains(&Kind::Revoke) {
            self.apply(&self.operation(Kind::Revoke)).await?;
        }
        Ok(())
    }

    /// Prepares an operation on the account.
    pub(crate) async fn prepare(&self, kind: Kind) -> Result<(), String> {
        self.steps(&self.operation(kind)).await.map(drop).map_err(text)
    }

    pub(crate) async fn read(&self) -> Result<Option<Account>, String> {
        let Some(ability) = self.connector.capabilities().accounts() else {
            let all = reading::accounts(self.connector).await?;
            return Ok(all.into_iter().find(|account| account.id == self.account));
        };
        let mut concern = Concern::default();
        concern.attributes = self.fixture.update.keys().chain(self.fixture.attributes.keys()).cloned().collect();
        concern.entitlements = BTreeSet::from([self.fixture.entitlement.clone()]);
        concern.locks = true;
        let found = ability.find_accounts(std::slice::from_ref(&self.account), &concern).await.map_err(text)?;
        Ok(found.into_iter().flatten().next())
    }

    /// The prepared steps of an operation, as in the engine. An unchanged operation has no steps.
    pub(crate) async fn steps(&self, operation: &Operation<SecretRef>) -> Result<Vec<Operation<SecretRef>>, Error> {
        let Some(ability) = self.connector.capabilities().preparation() else { return Ok(vec![operation.clone()]) };
        let account = if operation.account.is_empty() { None } else { self.read().await.map_err(unexpected)? };
        let proposed = Proposed::new(operation.clone(), account);
        let prepared = ability.prepare_operations(&[proposed]).await?;
        match prepared.into_iter().next() {
            Some(Ok(Prepared::Steps { steps, .. })) => Ok(steps),
            Some(Ok(Prepared::Unchanged { .. })) => Ok(Vec::new()),
            Some(Ok(other)) => Err(unexpected(format!("this version of the kit does not know {other:?}"))),
            Some(Err(error)) => Err(error),
            None => Err(unexpected("preparing one operation returned no result".to_owned())),
        }
    }

    pub(crate) async fn apply(&self, operation: &Operation<SecretRef>) -> Result<Outcome, String> {
        self.try_to_apply(operation).await.map_err(|error| format!("{}: {error}", operation.kind().name()))
    }

    /// Prepares and applies an operation. The error is that of the connector.
    pub(crate) async fn try_to_apply(&self, operation: &Operation<SecretRef>) -> Result<Outcome, Error> {
        let mut outcome = Outcome::Unchanged { detail: "nothing to do".to_owned() };
        for step in self.steps(operation).await?.into_iter().map(without_password) {
            let of_step = self.provision(step).await?;
            if matches!(of_step, Outcome::Applied { .. }) {
                outcome = of_step;
            }
        }
        Ok(outcome)
    }

    /// Applies a step. Many sources can set a password, but not choose one and notify the user.
    async fn provision(&self, step: Operation) -> Result<Outcome, Error> {
        match carry_out(self.connector, &step).await {
            Err(error) if error.kind() == ErrorKind::Unsupported && step.kind() == Kind::SetPassword => {
                let change = step.change.with_password(Some(SecretString::from(MADE_UP_PASSWORD)));
                carry_out(self.connector, &Operation::new(step.account, change)).await
            }
            outcome => outcome,
        }
    }

    pub(crate) fn operation(&self, kind: Kind) -> Operation<SecretRef> {
        let entitlement = self.fixture.entitlement.clone();
        let change = match kind {
            Kind::Create => {
                let name = (self.fixture.name)("create");
                Change::create(&name, self.fixture.attributes_of(&name), Vec::new(), None)
            }
            Kind::Update => Change::set(self.fixture.update.clone()),
            Kind::Grant => Change::grant(entitlement, None),
            Kind::Revoke => Change::revoke(entitlement),
            other => bare(other),
        };
        Operation::new(self.account.clone(), change)
    }

    pub(crate) async fn holds(&self, account: &Account) -> Result<bool, String> {
        let wanted = &self.fixture.entitlement;
        if account.entitlements.contains(wanted) || self.connector.capabilities().accounts().is_some() {
            return Ok(account.entitlements.contains(wanted));
        }
        let Some(ability) = self.connector.capabilities().entitlements() else { return Ok(false) };
        let all = reading::assignments(ability).await?;
        Ok(all.iter().any(|one| one.holder.account_id() == Some(account.id.as_str()) && one.entitlement == *wanted))
    }

    /// Whether the account is in the state that an operation of this kind must result in.
    pub(crate) async fn is_done(&self, kind: Kind) -> Result<bool, String> {
        let Some(account) = self.read().await? else { return Ok(kind == Kind::Delete) };
        Ok(match kind {
            Kind::Delete => false,
            Kind::Disable => !account.enabled,
            Kind::Enable => account.enabled,
            Kind::Lock => account.locked,
            Kind::Unlock => !account.locked,
            Kind::Grant => self.holds(&account).await?,
            Kind::Revoke => !self.holds(&account).await?,
            Kind::Update => self.fixture.update.iter().all(|(name, value)| {
                account.attributes.get::<serde_json::Value>(name).as_ref().is_some_and(|is| is == value)
            }),
            _ => true,
        })
    }
}

/// A change that needs only its kind. The source chooses a new password itself.
pub(crate) fn bare<P>(kind: Kind) -> Change<P> {
    match kind {
        Kind::Disable => Change::Disable,
        Kind::Enable => Change::Enable,
        Kind::Lock => Change::Lock,
        Kind::Unlock => Change::Unlock,
        Kind::SetPassword => Change::set_password(None),
        Kind::EndSessions => Change::EndSessions,
        Kind::RevokeTokens => Change::RevokeTokens,
        Kind::Deprovision => Change::deprovision(None),
        Kind::Transfer => Change::transfer("nobody", None),
        _ => Change::Delete,
    }
}

/// The operation in the form for connectors. The trials set no password.
pub(crate) fn without_password(operation: Operation<SecretRef>) -> Operation {
    Operation::new(operation.account, operation.change.with_password(None))
}
