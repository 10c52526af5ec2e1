//! Settling: what became of steps whose answer was lost.

use super::job::Job;
use super::journal::{Answer, Standing, StepRow};
use super::look::{concern_of, key_of, look};
use super::state::{EntitlementNames, State};
use super::step::Step;
use connector_core::{Error, ErrorKind, Operation, Prepared, Proposed, Result};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::HashSet;
use std::time::Duration;

/// A request may still be at work in the source when its answer is lost. What is not done by this time after it was sent
/// counts as not done.
const STILL_AT_WORK: Duration = Duration::from_secs(3);

/// Reads the source's state and says of each step what became of it: it was applied, it is to be done again, or it can't be
/// told by reading.
pub(super) async fn settle(job: &Job<'_>, rows: &[StepRow]) -> Result<Vec<Answer>> {
    let mut answers = judge(job, rows).await?;
    let open: Vec<StepRow> = rows
        .iter()
        .zip(&answers)
        .filter(|(_, answer)| answer.standing != Standing::Applied)
        .map(|(row, _)| row.clone())
        .collect();
    // Nothing but time keeps a password from being reset twice.
    let resets = open.iter().any(|row| matches!(Step::from_json(&row.step), Ok(Step::SetPassword { .. })));
    let at_least = resets.then_some(STILL_AT_WORK);
    let Some(wait) = open.iter().filter_map(time_left).chain(at_least).max() else { return Ok(answers) };
    tokio::time::sleep(wait).await;
    for later in judge(job, &open).await? {
        if let Some(answer) = answers.iter_mut().find(|answer| answer.id == later.id) {
            *answer = later;
        }
    }
    Ok(answers)
}

/// How long a request may still be at work.
fn time_left(row: &StepRow) -> Option<Duration> {
    let since = Timestamp::now().duration_since(row.asked_at?);
    let since = Duration::try_from(since).unwrap_or_default();
    STILL_AT_WORK.checked_sub(since).filter(|left| !left.is_zero())
}

async fn judge(job: &Job<'_>, rows: &[StepRow]) -> Result<Vec<Answer>> {
    let steps = rows.iter().map(|row| Step::from_json(&row.step)).collect::<Result<Vec<_>>>()?;
    let password_changed = job.connector.schema().password_changed();
    let mut concern = concern_of(&steps);
    concern.attributes.extend(password_changed.clone());
    let mut wanted: Vec<_> = rows.iter().map(key_of).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let can_look = job.connector.capabilities().accounts().is_some();
    let states = look(job, &wanted, &concern).await?;
    let needed = still_needed(job, rows, &steps, &wanted, &states).await?;
    let answers = rows.iter().zip(&steps).map(|(row, step)| {
        let state = wanted.binary_search(&key_of(row)).ok().and_then(|at| states[at].as_ref().ok());
        match state {
            Some(_) if can_look && needed.contains(&row.id) => Answer::new(row.id, Standing::Planned),
            Some(state) if can_look => of_state(row, step, state, password_changed.as_deref()),
            _ => unknown(row, "the connector can't look at single accounts"),
        }
    });
    Ok(answers.collect())
}

/// The locks that a connector finds needed although the account counts as locked: there may be several ways of being so.
async fn still_needed(
    job: &Job<'_>,
    rows: &[StepRow],
    steps: &[Step],
    wanted: &[String],
    states: &[Result<State>],
) -> Result<HashSet<i64>> {
    let mut needed = HashSet::new();
    let Some(ability) = job.connector.capabilities().preparation() else { return Ok(needed) };
    let (mut locks, mut proposed) = (Vec::new(), Vec::new());
    for (row, _) in rows.iter().zip(steps).filter(|(_, step)| **step == Step::Lock) {
        let state = wanted.binary_search(&key_of(row)).ok().and_then(|at| states[at].as_ref().ok());
        if let Some(account) = state.map(State::account).transpose()?.flatten() {
            locks.push(row.id);
            proposed
                .push(Proposed { operation: Operation::Lock { account: account.id.clone() }, account: Some(account) });
        }
    }
    if !locks.is_empty() {
        let prepared = ability.prepare_operations(&proposed).await?;
        let steps = locks.into_iter().zip(prepared);
        needed.extend(steps.filter(|(_, one)| matches!(one, Ok(Prepared::Steps { .. }))).map(|(row, _)| row));
    }
    Ok(needed)
}

fn of_state(row: &StepRow, step: &Step, state: &State, password_changed: Option<&str>) -> Answer {
    let is_so = match step {
        // Told by its name, which is unique: it was not there when it was previewed.
        Step::Create { .. } => state.is_there(),
        Step::SetPassword { .. } if !state.is_there() => false,
        Step::SetPassword { .. } => match (password_changed, &row.password_time) {
            (Some(attribute), Some(before)) => {
                let before: Value = serde_json::from_str(before).unwrap_or_default();
                state.attribute(attribute) != before
            }
            _ => return unknown(row, "a password can't be read"),
        },
        Step::Delete => !state.is_there(),
        _ if !state.is_there() => false,
        _ => state.changes(step, &EntitlementNames::new()).is_empty(),
    };
    if !is_so {
        return Answer::new(row.id, Standing::Planned);
    }
    let account = state.id().map(str::to_owned);
    let detail = Some("settled by reading the account".to_owned());
    Answer { detail, account, ..Answer::new(row.id, Standing::Applied) }
}

fn unknown(row: &StepRow, why: &str) -> Answer {
    let error =
        Error::new(ErrorKind::Unavailable, format!("the answer was lost, and what became of it can't be told: {why}"))
            .with_help("look at the account in the source itself; if it was not done, ask for it in a new plan");
    Answer { error: Some(error), ..Answer::new(row.id, Standing::Pending) }
}
