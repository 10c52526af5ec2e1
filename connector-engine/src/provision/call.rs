//! One request to the source: intent, call, answer.

use super::journal::{Answer, Journal, Standing, StepRow};
use super::lanes::Item;
use super::look::look;
use super::settle::settle;
use connector_core::{Change, Concern, Error, ErrorKind, Happened, Operation, Outcome, Result, Retry};
use connector_project::source::Opened;
use std::time::Duration;

/// How often a step is sent at most.
const MOST_TRIES: u32 = 5;

/// What became of a batch.
#[derive(Debug)]
pub(super) struct Called {
    /// What became of each step.
    pub(super) items: Vec<(Item, Next)>,
    /// What keeps the rest of the plan from being sent.
    pub(super) stop: Option<Error>,
}

/// What became of a step.
#[derive(Debug)]
pub(super) enum Next {
    /// It is done with; the account's id is told where it has become known.
    Done { standing: Standing, account: Option<String> },
    /// It is to be sent again after this time.
    Again(Duration),
    /// Whether it took place is not known, or it was not sent: a later job settles it.
    Left,
}

/// What an answer says of a step.
enum Said {
    Answer(Answer),
    /// Not done: worth another try after this time.
    Again(Duration),
    /// Not known whether it took place.
    Lost(Error),
}

/// Carries out steps of one lane. Never dropped halfway: what was sent is answered or settled.
pub(super) async fn carry_out(opened: &Opened, journal: &Journal, mut items: Vec<Item>) -> Result<Called> {
    let mut operations = Vec::with_capacity(items.len());
    let mut sent = Vec::with_capacity(items.len());
    let mut called = Called { items: Vec::new(), stop: None };
    let mut refused = Vec::new();
    for item in items.drain(..) {
        match operation(opened, &item).await {
            Ok(operation) => {
                operations.push(operation);
                sent.push(item);
            }
            // What keeps the password may be out of reach for a while.
            Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout) => {
                called.stop.get_or_insert(error);
                called.items.push((item, Next::Left));
            }
            Err(error) => {
                refused.push(Answer::failed(item.row.id, error));
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

async fn operation(opened: &Opened, item: &Item) -> Result<Operation> {
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
        (None, _) => return Err(Error::new(ErrorKind::Internal, "several operations for a connector that takes one")),
    };
    if outcomes.len() == operations.len() {
        Ok(outcomes)
    } else {
        Err(Error::new(ErrorKind::Internal, "the connector did not answer for each operation")
            .with_happened(Happened::Unknown))
    }
}

fn of_outcome(item: &Item, outcome: Result<Outcome>) -> Said {
    let row = &item.row;
    match outcome {
        Ok(Outcome::Applied { account }) => {
            Said::Answer(Answer { account: Some(account), ..Answer::new(row.id, Standing::Applied) })
        }
        Ok(Outcome::Unchanged { detail }) => {
            Said::Answer(Answer { detail: Some(detail), ..Answer::new(row.id, Standing::Unchanged) })
        }
        Ok(_) => {
            Said::Lost(Error::new(ErrorKind::Internal, "the connector gave an outcome that this version doesn't know"))
        }
        Err(error) if error.happened() != Happened::No => Said::Lost(error),
        // An earlier try may have made it after all.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && may_be_made(item) => Said::Lost(error),
        Err(error) => match error.retry() {
            Retry::After(wait) if item.tries < MOST_TRIES => Said::Again(wait * item.tries),
            _ => Said::Answer(Answer::failed(row.id, error)),
        },
    }
}

fn may_be_made(item: &Item) -> bool {
    item.doubtful && matches!(item.row.operation.change, Change::Create { .. })
}

/// No step has an answer of its own.
fn of_whole(sent: &[Item], error: Error, stop: &mut Option<Error>) -> Vec<Said> {
    if error.happened() != Happened::No {
        return sent.iter().map(|_| Said::Lost(error.clone())).collect();
    }
    if let Retry::After(wait) = error.retry()
        && sent.iter().all(|item| item.tries < MOST_TRIES)
    {
        return sent.iter().map(|item| Said::Again(wait * item.tries)).collect();
    }
    if ends_the_run(error.kind()) {
        // Not the fault of these steps: they stay planned.
        *stop = Some(error);
        return sent.iter().map(|item| Said::Answer(Answer::new(item.row.id, Standing::Planned))).collect();
    }
    sent.iter().map(|item| Said::Answer(Answer::failed(item.row.id, error.clone()))).collect()
}

/// Whether the next request would meet with the same trouble.
fn ends_the_run(kind: ErrorKind) -> bool {
    use ErrorKind::{Auth, Cancelled, Quota, RateLimited, Secret, Timeout, Unavailable};
    matches!(kind, Auth | Cancelled | Quota | RateLimited | Secret | Timeout | Unavailable)
}

/// Settles what was lost and writes the answers down.
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
            Said::Answer(mut answer) => {
                if item.row.is_create && answer.standing == Standing::Unchanged {
                    answer.account = id_of(opened, &item.row.account).await;
                }
                called.items.push((item, next_of(&answer)));
                answers.push(answer);
            }
            Said::Again(wait) => {
                answers.push(Answer::new(item.row.id, Standing::Planned));
                called.items.push((item, Next::Again(wait)));
            }
            Said::Lost(error) => lost.push((item, error)),
        }
    }
    journal.with(move |journal| journal.answer(&answers)).await?;
    if lost.is_empty() {
        return Ok(());
    }
    tracing::warn!(steps = lost.len(), error = %lost[0].1, "the answer was lost, reading what became of it");
    let rows: Vec<StepRow> = lost.iter().map(|(item, _)| item.row.clone()).collect();
    let settled = match settle(opened, &rows).await {
        Ok(settled) => settled,
        Err(error) => {
            // They stay pending in the journal.
            called.items.extend(lost.into_iter().map(|(item, _)| (item, Next::Left)));
            called.stop.get_or_insert(error);
            return Ok(());
        }
    };
    let mut answers = Vec::with_capacity(lost.len());
    for ((item, error), answer) in lost.into_iter().zip(settled) {
        let (answer, next) = of_settled(&item, error, answer, &mut called.stop);
        answers.push(answer);
        called.items.push((item, next));
    }
    journal.with(move |journal| journal.answer(&answers)).await
}

/// The id of an account that was to be made and is there already; none where it can't be told.
async fn id_of(opened: &Opened, name: &str) -> Option<String> {
    opened.connector.capabilities().accounts()?;
    let states = look(opened, &[name.to_owned()], &Concern::default()).await.ok()?;
    states.into_iter().next()?.ok()?.id().map(str::to_owned)
}

fn next_of(answer: &Answer) -> Next {
    match answer.standing {
        Standing::Planned | Standing::Pending => Next::Left,
        standing => Next::Done { standing, account: answer.account.clone() },
    }
}

/// What can't be told today can't be told later: the account goes on without it.
fn next_of_settled(answer: &Answer) -> Next {
    match answer.standing {
        Standing::Planned => Next::Left,
        standing => Next::Done { standing, account: answer.account.clone() },
    }
}

/// What was not done is sent again, but not for ever.
fn of_settled(item: &Item, error: Error, answer: Answer, stop: &mut Option<Error>) -> (Answer, Next) {
    match answer.standing {
        Standing::Planned if item.tries < MOST_TRIES => (answer, Next::Again(Duration::ZERO)),
        // The way to the source is broken, not the step.
        Standing::Planned if ends_the_run(error.kind()) => {
            stop.get_or_insert(error);
            (answer, Next::Left)
        }
        Standing::Planned => {
            let failed = Answer::failed(item.row.id, error);
            let next = next_of(&failed);
            (failed, next)
        }
        _ => {
            let next = next_of_settled(&answer);
            (answer, next)
        }
    }
}
