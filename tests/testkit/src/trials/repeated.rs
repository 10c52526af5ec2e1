//! What comes twice, or concerns an account that is not there, and several writers at once.

use super::{Kept, Need, Trial, Tried};
use crate::stage::{Stage, bare, carry_out, text};
use crate::subject::Subject;
use connector_core::{Change, Concern, ErrorKind, Operation, OperationKind as Kind, Outcome};
use futures_util::future::join_all;

pub(super) const TRIALS: &[Trial] = &[
    Trial {
        name: "a_second_create_of_one_name_never_returns_the_same_account_as_new",
        need: Need::Operation(Kind::Create),
        run: |subject| Box::pin(second_create(subject)),
    },
    Trial {
        name: "an_operation_on_an_account_that_is_not_there_is_not_found",
        need: Need::Operation(Kind::Create),
        run: |subject| Box::pin(unknown_account(subject)),
    },
    Trial {
        name: "a_second_delete_says_that_the_account_is_gone",
        need: Need::Operation(Kind::Delete),
        run: |subject| Box::pin(second_delete(subject)),
    },
    Trial {
        name: "several_writers_at_once_lose_nobody",
        need: Need::Operation(Kind::Grant),
        run: |subject| Box::pin(several_writers(subject)),
    },
];

/// Accounts that get one entitlement at the same time.
const WRITERS: usize = 5;

async fn second_create(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let stage = Stage::set(subject, connector.as_ref(), "twice").await?;
    let name = (stage.fixture.name)("twice");
    let change = Change::create(&name, stage.fixture.attributes_of(&name), Vec::new(), None);
    match stage.try_to_apply(&Operation::new("", change)).await {
        Ok(Outcome::Applied { account }) if account == stage.account => {
            Err(format!("a second create of `{name}` returned the account that was there before as a new one"))
        }
        Ok(Outcome::Applied { account }) => {
            subject.note_created(&account);
            Ok(Kept::Promise)
        }
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(format!("a second create of `{name}` is an error of kind {}: {error}", error.kind()))
        }
        _ => Ok(Kept::Promise),
    }
}

/// The id of an account that is not there: its account was deleted, or nobody has it.
async fn gone(subject: &Subject<'_>, stage: &Stage<'_>) -> Result<String, String> {
    if !stage.connector.schema().operations.contains(&Kind::Delete) {
        return Ok(subject.unknown_id().to_owned());
    }
    stage.apply(&stage.operation(Kind::Delete)).await?;
    Ok(stage.account.clone())
}

async fn unknown_account(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let stage = Stage::set(subject, connector.as_ref(), "gone").await?;
    let id = gone(subject, &stage).await?;
    // If it can, the engine looks an account up before it changes it, and again afterwards.
    if let Some(ability) = connector.capabilities().accounts() {
        let found = ability.find_accounts(std::slice::from_ref(&id), &Concern::default()).await.map_err(text)?;
        if let Some(other) = found.into_iter().flatten().next() {
            return Err(format!("{id}, which is not there, finds {}", other.name));
        }
        return Ok(Kept::Promise);
    }
    for kind in connector.schema().operations {
        let change = match kind {
            // What nobody holds is already revoked.
            Kind::Create | Kind::Delete | Kind::Revoke => continue,
            Kind::Update => Change::set(stage.fixture.update.clone()),
            Kind::Grant => Change::grant(stage.fixture.entitlement.clone(), None),
            other => bare(other),
        };
        match carry_out(connector.as_ref(), &Operation::new(id.clone(), change)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                let kind_of_error = error.kind();
                return Err(format!(
                    "{} of an account that is not there is an error of kind {kind_of_error}: {error}",
                    kind.name()
                ));
            }
            Ok(outcome) => return Err(format!("{} of an account that is not there returned {outcome:?}", kind.name())),
        }
    }
    Ok(Kept::Promise)
}

async fn second_delete(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let stage = Stage::set(subject, connector.as_ref(), "deleted").await?;
    stage.apply(&stage.operation(Kind::Delete)).await?;
    match carry_out(connector.as_ref(), &Operation::new(stage.account.clone(), Change::Delete)).await {
        Ok(Outcome::Unchanged { .. }) => Ok(Kept::Promise),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Kept::Promise),
        other => Err(format!("the second delete returned {other:?}")),
    }
}

async fn several_writers(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let mut stages = Vec::new();
    for number in 0..WRITERS {
        stages.push(Stage::set(subject, connector.as_ref(), &format!("writer-{number}")).await?);
    }
    let grants = stages.iter().map(|stage| {
        let change = Change::grant(stage.fixture.entitlement.clone(), None);
        let operation = Operation::new(stage.account.clone(), change);
        async move { is_granted(stage, &operation).await }
    });
    for (stage, applied) in stages.iter().zip(join_all(grants).await) {
        let (is_applied, held) = (applied?, stage.is_done(Kind::Grant).await?);
        if is_applied && !held {
            return Err(format!(
                "{WRITERS} accounts got the entitlement at the same time, but {} does not hold it",
                stage.account
            ));
        }
    }
    for stage in &stages {
        stage.give_back().await?;
    }
    Ok(Kept::Promise)
}

/// Whether the grant was applied. Others that write at the same time may be a reason to refuse it.
async fn is_granted(stage: &Stage<'_>, operation: &Operation) -> Result<bool, String> {
    match carry_out(stage.connector, operation).await {
        Ok(Outcome::Applied { .. }) => Ok(true),
        Ok(other) => Err(format!("a grant returned {other:?}")),
        Err(error) if error.kind() == ErrorKind::Conflict => Ok(false),
        Err(error) => Err(text(error)),
    }
}
