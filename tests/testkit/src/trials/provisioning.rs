//! Operations are applied and read back, are unchanged when repeated, and can be undone.

use super::{Kept, Need, Trial, Tried};
use crate::reading;
use crate::subject::{Fixture, Subject};
use connector_core::secrecy::SecretString;
use connector_core::{
    Account, Change, Concern, Connector, ErrorKind, Operation, OperationKind as Kind, Outcome, Prepared, Proposed,
    SecretRef,
};
use std::collections::BTreeSet;

macro_rules! operation {
    ($name:literal, $kind:ident) => {
        Trial {
            name: $name,
            need: Need::Operation(Kind::$kind),
            run: |subject| Box::pin(operation(subject, Kind::$kind)),
        }
    };
}

pub(super) const TRIALS: &[Trial] = &[
    operation!("create_adds_an_account_that_is_read_back", Create),
    operation!("update_sets_values_and_is_unchanged_when_repeated", Update),
    operation!("grant_is_read_back_and_unchanged_when_repeated", Grant),
    operation!("revoke_is_read_back_and_unchanged_when_repeated", Revoke),
    operation!("disable_is_read_back_and_unchanged_when_repeated", Disable),
    operation!("enable_is_read_back_and_unchanged_when_repeated", Enable),
    operation!("lock_is_read_back_and_unchanged_when_repeated", Lock),
    operation!("unlock_is_read_back_and_unchanged_when_repeated", Unlock),
    operation!("delete_removes_the_account", Delete),
    operation!("set_password_is_applied", SetPassword),
    Trial {
        name: "preparing_changes_nothing",
        need: Need::Preparation,
        run: |subject| Box::pin(preparing_changes_nothing(subject)),
    },
    Trial {
        name: "a_prepared_create_keeps_its_entitlements",
        need: Need::Preparation,
        run: |subject| Box::pin(prepared_create_keeps_entitlements(subject)),
    },
    Trial {
        name: "a_batch_has_the_same_results_as_single_operations",
        need: Need::Batch,
        run: |subject| Box::pin(batch_equals_singles(subject)),
    },
];

/// A password that fits most rules.
const MADE_UP_PASSWORD: &str = "Kit-4711-Plain-Words";

/// A connector, and the account that the trial created.
pub(super) struct Stage<'a> {
    connector: &'a dyn Connector,
    fixture: &'a Fixture,
    pub(super) account: String,
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl<'a> Stage<'a> {
    pub(super) async fn set(connector: &'a dyn Connector, fixture: &'a Fixture, word: &str) -> Result<Self, String> {
        let mut stage = Self { connector, fixture, account: String::new() };
        let name = (fixture.name)(word);
        let change = Change::create(&name, fixture.attributes_of(&name), Vec::new(), None);
        let create = Operation::new("", change);
        stage.account = match stage.apply(&create).await? {
            Outcome::Applied { account } if !account.is_empty() => account,
            other => return Err(format!("create returned {other:?}")),
        };
        Ok(stage)
    }

    async fn read(&self) -> Result<Option<Account>, String> {
        let Some(ability) = self.connector.capabilities().accounts() else {
            let all = reading::accounts(self.connector).await?;
            return Ok(all.into_iter().find(|account| account.id == self.account));
        };
        let mut concern = Concern::default();
        concern.attributes = self.fixture.update.keys().cloned().collect();
        concern.entitlements = BTreeSet::from([self.fixture.entitlement.clone()]);
        concern.locks = true;
        let found = ability.find_accounts(std::slice::from_ref(&self.account), &concern).await.map_err(text)?;
        Ok(found.into_iter().flatten().next())
    }

    /// The prepared steps of an operation, as in the engine. An unchanged operation has no steps.
    async fn steps(&self, operation: &Operation<SecretRef>) -> Result<Vec<Operation<SecretRef>>, String> {
        let Some(ability) = self.connector.capabilities().preparation() else { return Ok(vec![operation.clone()]) };
        let account = if self.account.is_empty() { None } else { self.read().await? };
        let proposed = Proposed::new(operation.clone(), account);
        let prepared = ability.prepare_operations(&[proposed]).await.map_err(text)?;
        match prepared.into_iter().next() {
            Some(Ok(Prepared::Steps { steps, .. })) => Ok(steps),
            Some(Ok(Prepared::Unchanged { .. })) => Ok(Vec::new()),
            Some(Ok(other)) => Err(format!("this version of the kit does not know {other:?}")),
            Some(Err(error)) => Err(text(error)),
            None => Err("preparing one operation returned no result".to_owned()),
        }
    }

    async fn apply(&self, operation: &Operation<SecretRef>) -> Result<Outcome, String> {
        let mut outcome = Outcome::Unchanged { detail: "nothing to do".to_owned() };
        for mut step in self.steps(operation).await?.into_iter().map(without_password) {
            let mut of_step = self.connector.provision(&step).await;
            // Many sources can set a password, but not choose one and notify the user.
            let is_refused = of_step.as_ref().is_err_and(|error| error.kind() == ErrorKind::Unsupported);
            if is_refused && step.kind() == Kind::SetPassword {
                let change = step.change.with_password(Some(SecretString::from(MADE_UP_PASSWORD)));
                step = Operation::new(step.account, change);
                of_step = self.connector.provision(&step).await;
            }
            let step_outcome = of_step.map_err(|error| format!("{}: {error}", step.kind().name()))?;
            if matches!(step_outcome, Outcome::Applied { .. }) {
                outcome = step_outcome;
            }
        }
        Ok(outcome)
    }

    fn operation(&self, kind: Kind) -> Operation<SecretRef> {
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

    async fn holds(&self, account: &Account) -> Result<bool, String> {
        let wanted = &self.fixture.entitlement;
        if account.entitlements.contains(wanted) || self.connector.capabilities().accounts().is_some() {
            return Ok(account.entitlements.contains(wanted));
        }
        let Some(ability) = self.connector.capabilities().entitlements() else { return Ok(false) };
        let all = reading::assignments(ability).await?;
        Ok(all.iter().any(|one| one.holder.account_id() == Some(account.id.as_str()) && one.entitlement == *wanted))
    }

    /// Whether the account is in the state that an operation of this kind must result in.
    async fn is_done(&self, kind: Kind) -> Result<bool, String> {
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
pub(super) fn bare<P>(kind: Kind) -> Change<P> {
    match kind {
        Kind::Disable => Change::Disable,
        Kind::Enable => Change::Enable,
        Kind::Lock => Change::Lock,
        Kind::Unlock => Change::Unlock,
        Kind::SetPassword => Change::set_password(None),
        _ => Change::Delete,
    }
}

/// The operation in the form for connectors, without a password.
fn without_password(operation: Operation<SecretRef>) -> Operation {
    Operation::new(operation.account, operation.change.with_password(None))
}

fn opposite(kind: Kind) -> Option<Kind> {
    Some(match kind {
        Kind::Grant => Kind::Revoke,
        Kind::Revoke => Kind::Grant,
        Kind::Disable => Kind::Enable,
        Kind::Enable => Kind::Disable,
        Kind::Lock => Kind::Unlock,
        Kind::Unlock => Kind::Lock,
        _ => return None,
    })
}

async fn operation(subject: &Subject<'_>, kind: Kind) -> Tried {
    let connector = subject.open()?;
    let Some(fixture) = subject.fixture() else { return Ok(Kept::NotUsed("a fixture")) };
    let stage = Stage::set(connector.as_ref(), fixture, kind.name()).await?;
    let name = kind.name();
    // An operation that undoes another one needs the other one first.
    if let Some(before @ (Kind::Grant | Kind::Disable | Kind::Lock)) = opposite(kind) {
        stage.apply(&stage.operation(before)).await?;
    }
    if kind != Kind::Create {
        let outcome = stage.apply(&stage.operation(kind)).await?;
        if !matches!(&outcome, Outcome::Applied { account } if *account == stage.account) {
            return Err(format!("{name} returned {outcome:?}"));
        }
    }
    if !stage.is_done(kind).await? {
        return Err(format!("{name} was applied, but the account does not show the change"));
    }
    if !matches!(kind, Kind::Create | Kind::SetPassword | Kind::Delete) {
        let again = stage.apply(&stage.operation(kind)).await?;
        if !matches!(again, Outcome::Unchanged { .. }) {
            return Err(format!("{name} returned {again:?} when repeated"));
        }
    }
    let declared = connector.schema().operations;
    if let Some(undo) = opposite(kind).filter(|undo| declared.contains(undo)) {
        stage.apply(&stage.operation(undo)).await?;
        if !stage.is_done(undo).await? {
            return Err(format!("{} does not undo {name}", undo.name()));
        }
    }
    Ok(Kept::Promise)
}

async fn preparing_changes_nothing(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let Some(fixture) = subject.fixture() else { return Ok(Kept::NotUsed("a fixture")) };
    let stage = Stage::set(connector.as_ref(), fixture, "prepare").await?;
    let before = stage.read().await?;
    for kind in connector.schema().operations {
        if kind != Kind::Create {
            stage.steps(&stage.operation(kind)).await?;
        }
    }
    if before == stage.read().await? {
        Ok(Kept::Promise)
    } else {
        Err("preparing an operation changed the account".to_owned())
    }
}

/// The engine grants what a prepared create leaves out, but then the connector counted no license for it.
async fn prepared_create_keeps_entitlements(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let (Some(fixture), Some(ability)) = (subject.fixture(), connector.capabilities().preparation()) else {
        return Ok(Kept::NotUsed("prepare_operations and create"));
    };
    if !connector.schema().operations.contains(&Kind::Create) {
        return Ok(Kept::NotUsed("prepare_operations and create"));
    }
    let wanted = &fixture.entitlement;
    let name = (fixture.name)("prepared");
    let change = Change::create(&name, fixture.attributes_of(&name), vec![wanted.clone()], None);
    let proposed = Proposed::new(Operation::new("", change), None);
    let prepared = ability.prepare_operations(&[proposed]).await.map_err(text)?;
    let steps = match prepared.into_iter().next() {
        Some(Ok(Prepared::Steps { steps, .. })) => steps,
        Some(Err(error)) => return Err(text(error)),
        other => return Err(format!("preparing to create a new account returned {other:?}")),
    };
    let names = |value: &serde_json::Value| value.as_str() == Some(wanted.id.as_str());
    let is_kept = steps.iter().any(|step| match &step.change {
        Change::Grant { entitlement, .. } => entitlement == wanted,
        Change::Create { attributes, entitlements, .. } => {
            let has_it =
                |value: &serde_json::Value| names(value) || value.as_array().is_some_and(|all| all.iter().any(names));
            entitlements.contains(wanted) || attributes.values().any(has_it)
        }
        _ => false,
    });
    if is_kept { Ok(Kept::Promise) } else { Err(format!("preparing to create an account that holds {wanted} lost it")) }
}

async fn batch_equals_singles(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let (Some(fixture), Some(batch)) = (subject.fixture(), connector.capabilities().batch()) else {
        return Ok(Kept::NotUsed("provision_batch"));
    };
    let one = Stage::set(connector.as_ref(), fixture, "batch-one").await?;
    let two = Stage::set(connector.as_ref(), fixture, "batch-two").await?;
    let mut operations = one.steps(&one.operation(Kind::Update)).await?;
    operations.extend(two.steps(&two.operation(Kind::Update)).await?);
    let operations: Vec<_> = operations.into_iter().map(without_password).collect();
    let outcomes = batch.provision_batch(&operations).await.map_err(text)?;
    let mut expected = Vec::new();
    for operation in &operations {
        expected.push(Outcome::Applied { account: operation.account.clone() });
    }
    let given = outcomes.into_iter().collect::<Result<Vec<_>, _>>().map_err(text)?;
    if given != expected {
        return Err(format!("the batch returned {given:?} instead of {expected:?}"));
    }
    for stage in [one, two] {
        if !stage.is_done(Kind::Update).await? {
            return Err(format!("the batch did not change {}", stage.account));
        }
    }
    Ok(Kept::Promise)
}
