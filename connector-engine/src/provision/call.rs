//! One request to the source: intent, call, response.

use super::find_accounts::look;
use super::journal::{Journal, Standing, StepOutcome, StepRow, creators};
use super::lanes::Item;
use super::reasons::{not_known, not_made};
use super::settle::settle;
use connector_core::{Change, Concern, Error, ErrorKind, Happened, Operation, Outcome, Result, Retry};
use connector_project::source::Opened;
use std::time::Duration;

/// The largest number of times that a step is sent.
const MOST_TRIES: u32 = 5;

/// The result of a batch.
#[derive(Debug)]
pub(super) struct Called {
    /// The result of each step.
    pub(super) items: Vec<(Item, Next)>,
    /// Why the rest of the plan is not sent.
    pub(super) stop: Option<Error>,
}

/// The result of a step.
#[derive(Debug)]
pub(super) enum Next {
    /// It is finished; with the account's id if the response gave it.
    Done { standing: Standing, account: Option<String> },
    /// Send it again after this time.
    Again(Duration),
    /// The result is unknown, or it was not sent: a later job settles it.
    Left,
}

/// What the response says about a step.
enum Said {
    StepOutcome(StepOutcome),
    /// Not done; try again after this time.
    Again(Duration),
    /// The result is unknown.
    Lost(Error),
}

/// Applies steps of one lane. Never drop this halfway: what was sent must be recorded or settled.
pub(super) async fn carry_out(opened: &Opened, journal: &Journal, mut items: Vec<Item>) -> Result<Called> {
    let mut operations = Vec::with_capacity(items.len());
    let mut sent = Vec::with_capacity(items.len());
    let mut called = Called { items: Vec::new(), stop: None };
    let mut refused = Vec::new();
    for mut item in items.drain(..) {
        match operation(opened, journal, &mut item).await {
            Ok(operation) => {
                operations.push(operation);
                sent.push(item);
            }
            // The place that stores the password may be unavailable for a while.
            Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout) => {
                called.stop.get_or_insert(error);
                called.items.push((item, Next::Left));
            }
            Err(error) => {
                refused.push(StepOutcome::failed(item.row.id, error));
                called.items.push((item, Next::Done { standing: Standing::Failed, account: None }));
            }
        }
    }
    let ids: Vec<i64> = sent.iter().map(|item| item.row.id).collect();
    journal
        .with(move |journal| {
            journal.answer(&refused)?;
            journal.intend(&ids)
        })
        .await?;
    let now = jiff::Timestamp::now();
    for item in &mut sent {
        item.row.tries += 1;
        item.tries += 1;
        item.row.asked_at = Some(now);
    }
    if sent.is_empty() {
        return Ok(called);
    }
    let said = match call(opened, &operations).await {
        Ok(outcomes) => sent.iter().zip(outcomes).map(|(item, outcome)| of_outcome(item, outcome)).collect(),
        Err(error) => of_whole(&sent, error, &mut called.stop),
    };
    conclude(opened, journal, sent, said, &mut called).await?;
    Ok(called)
}

async fn operation(opened: &Opened, journal: &Journal, item: &mut Item) -> Result<Operation> {
    if !creators(&item.row.operation.change).is_empty() {
        let row = item.row.id;
        item.row.operation.change = journal.with(move |journal| journal.fill_in(row)).await?.map_err(|lacks| {
            let (creator, is_unknown) = lacks;
            if is_unknown { not_known(creator) } else { not_made(creator) }
        })?;
    }
    let Operation { account, change, .. } = &item.row.operation;
    let password = match change.password() {
        Some(reference) => Some(opened.context.secret(reference).await?),
        None => None,
    };
    Ok(Operation::new(account, change.clone().with_password(password)))
}

async fn call(opened: &Opened, operations: &[Operation]) -> Result<Vec<Result<Outcome>>> {
    let outcomes = match (opened.connector.capabilities().batch(), operations) {
        (Some(ability), _) => ability.provision_batch(operations).await?,
        (None, [operation]) => match opened.connector.provision(operation).await {
            Err(error) if error.happened() == Happened::No && ends_the_run(error.kind()) => return Err(error),
            outcome => vec![outcome],
        },
        (None, _) => {
            return Err(Error::new(
                ErrorKind::Internal,
                "a batch was built for a connector that takes one operation at a time",
            ));
        }
    };
    if outcomes.len() == operations.len() {
        Ok(outcomes)
    } else {
        Err(Error::new(ErrorKind::Internal, "the connector did not return an outcome for each operation")
            .with_happened(Happened::Unknown))
    }
}

fn of_outcome(item: &Item, outcome: Result<Outcome>) -> Said {
    let row = &item.row;
    match outcome {
        Ok(Outcome::Applied { account }) => {
            Said::StepOutcome(StepOutcome { account: Some(account), ..StepOutcome::new(row.id, Standing::Applied) })
        }
        Ok(Outcome::Unchanged { detail }) => {
            Said::StepOutcome(StepOutcome { detail: Some(detail), ..StepOutcome::new(row.id, Standing::Unchanged) })
        }
        Ok(Outcome::Queued { account, detail, .. }) => {
            let queued = StepOutcome::new(row.id, Standing::Pending);
            // A create that the source makes later may have no id yet.
            let account = Some(account).filter(|id| !id.is_empty());
            Said::StepOutcome(StepOutcome { account, detail: Some(detail), queued: true, ..queued })
        }
        Ok(_) => Said::Lost(Error::new(
            ErrorKind::Internal,
            "the connector returned an outcome that this version doesn't know",
        )),
        Err(error) if error.happened() != Happened::No => happened(item, error),
        // An earlier try may have created it.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && may_be_made(item) => Said::Lost(error),
        Err(error) => match error.retry() {
            Retry::After(wait) if item.tries < MOST_TRIES => Said::Again(wait * item.tries),
            _ => Said::StepOutcome(StepOutcome::failed(row.id, error)),
        },
    }
}

/// A request that failed although it changed something, or may have. That an account is there does not show that its create was
/// completed: a create that failed after it made the account stays failed, with the error that says what is missing.
fn happened(item: &Item, error: Error) -> Said {
    if error.happened() == Happened::Yes && is_create(item) {
        Said::StepOutcome(StepOutcome::failed(item.row.id, error))
    } else {
        Said::Lost(error)
    }
}

fn may_be_made(item: &Item) -> bool {
    item.doubtful && is_create(item)
}

fn is_create(item: &Item) -> bool {
    matches!(item.row.operation.change, Change::Create { .. })
}

/// The whole request failed, so no step has its own outcome.
fn of_whole(sent: &[Item], error: Error, stop: &mut Option<Error>) -> Vec<Said> {
    if error.happened() != Happened::No {
        return sent.iter().map(|item| happened(item, error.clone())).collect();
    }
    if let Retry::After(wait) = error.retry()
        && sent.iter().all(|item| item.tries < MOST_TRIES)
    {
        return sent.iter().map(|item| Said::Again(wait * item.tries)).collect();
    }
    if ends_the_run(error.kind()) {
        // These steps are not at fault: they stay planned.
        *stop = Some(error);
        return sent.iter().map(|item| Said::StepOutcome(StepOutcome::new(item.row.id, Standing::Planned))).collect();
    }
    sent.iter().map(|item| Said::StepOutcome(StepOutcome::failed(item.row.id, error.clone()))).collect()
}

/// Whether the next request would fail in the same way.
fn ends_the_run(kind: ErrorKind) -> bool {
    use ErrorKind::{Auth, Cancelled, Quota, RateLimited, Secret, Timeout, Unavailable};
    matches!(kind, Auth | Cancelled | Quota | RateLimited | Secret | Timeout | Unavailable)
}

/// Settles lost steps and records the outcomes.
async fn conclude(
    opened: &Opened,
    journal: &Journal,
    sent: Vec<Item>,
    said: Vec<Said>,
    called: &mut Called,
) -> Result<()> {
    let mut answers = Vec::with_capacity(sent.len());
    let mut lost: Vec<(Item, Error)> = Vec::new();
    for (item, said) in sent.into_iter().zip(said) {
        match said {
            Said::StepOutcome(mut answer) => {
                if item.row.is_create && answer.standing == Standing::Unchanged {
                    answer.account = id_of(opened, &item.row.account).await;
                }
                called.items.push((item, next_of(&answer)));
                answers.push(answer);
            }
            Said::Again(wait) => {
                answers.push(StepOutcome::new(item.row.id, Standing::Planned));
                called.items.push((item, Next::Again(wait)));
            }
            Said::Lost(error) => lost.push((item, error)),
        }
    }
    journal.with(move |journal| journal.answer(&answers)).await?;
    if lost.is_empty() {
        return Ok(());
    }
    tracing::warn!(steps = lost.len(), error = %lost[0].1, "the response was lost; reading the accounts to find the result");
    let rows: Vec<StepRow> = lost.iter().map(|(item, _)| item.row.clone()).collect();
    let settled = match settle(opened, &rows).await {
        Ok(settled) => settled,
        Err(error) => {
            // These steps stay pending in the journal.
            called.items.extend(lost.into_iter().map(|(item, _)| (item, Next::Left)));
            called.stop.get_or_insert(error);
            return Ok(());
        }
    };
    let mut answers = Vec::with_capacity(lost.len());
    for ((mut item, error), answer) in lost.into_iter().zip(settled) {
        // The source may still be at work on it.
        item.doubtful = true;
        let (answer, next) = of_settled(&item, error, answer, &mut called.stop);
        answers.push(answer);
        called.items.push((item, next));
    }
    journal.with(move |journal| journal.answer(&answers)).await
}

/// The id of an account that already exists although the step creates it; `None` if it can't be determined.
async fn id_of(opened: &Opened, name: &str) -> Option<String> {
    opened.connector.capabilities().accounts()?;
    let states = look(opened, &[name.to_owned()], &Concern::default()).await.ok()?;
    states.into_iter().next()?.ok()?.id().map(str::to_owned)
}

fn next_of(answer: &StepOutcome) -> Next {
    match answer.standing {
        Standing::Planned => Next::Left,
        Standing::Pending if !answer.queued => Next::Left,
        standing => Next::Done { standing, account: answer.account.clone() },
    }
}

/// A later job could not determine it either, so the account continues without it.
fn next_of_settled(answer: &StepOutcome) -> Next {
    match answer.standing {
        Standing::Planned => Next::Left,
        standing => Next::Done { standing, account: answer.account.clone() },
    }
}

/// Sends again what was not done, up to a limit.
fn of_settled(item: &Item, error: Error, answer: StepOutcome, stop: &mut Option<Error>) -> (StepOutcome, Next) {
    match answer.standing {
        Standing::Planned if item.tries < MOST_TRIES => (answer, Next::Again(Duration::ZERO)),
        // The connection is at fault, not the step.
        Standing::Planned if ends_the_run(error.kind()) => {
            stop.get_or_insert(error);
            (answer, Next::Left)
        }
        Standing::Planned => {
            let failed = StepOutcome::failed(item.row.id, error);
            let next = next_of(&failed);
            (failed, next)
        }
        _ => {
            let next = next_of_settled(&answer);
            (answer, next)
        }
    }
}
