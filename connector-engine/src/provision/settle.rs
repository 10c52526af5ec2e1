//! Settling: what became of steps whose answer was lost.

use super::journal::{Answer, Standing, StepRow};
use super::look::{concern_of, key_of, look};
use super::state::{EntitlementNames, State};
use connector_core::{Change, Error, ErrorKind, Operation, Prepared, Proposed, Result};
use connector_project::source::Opened;
use jiff::Timestamp;
use std::collections::HashSet;
use std::time::Duration;

/// A request may still be at work in the source when its answer is lost. What is not done by this time after it was sent
/// counts as not done.
const STILL_AT_WORK: Duration = Duration::from_secs(3);

/// Reads the source's state and says of each step what became of it: it was applied, it is to be done again, or it can't be
/// told by reading.
pub(super) async fn settle(opened: &Opened, rows: &[StepRow]) -> Result<Vec<Answer>> {
    let mut answers = judge(opened, rows).await?;
    let open: Vec<StepRow> = rows
        .iter()
        .zip(&answers)
        .filter(|(_, answer)| answer.standing != Standing::Applied)
        .map(|(row, _)| row.clone())
        .collect();
    // Nothing but time keeps a password from being reset twice.
    let resets = open.iter().any(|row| matches!(row.operation.change, Change::SetPassword { .. }));
    let at_least = resets.then_some(STILL_AT_WORK);
    let Some(wait) = open.iter().filter_map(time_left).chain(at_least).max() else { return Ok(answers) };
    tokio::time::sleep(wait).await;
    for later in judge(opened, &open).await? {
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

async fn judge(opened: &Opened, rows: &[StepRow]) -> Result<Vec<Answer>> {
    let password_changed = opened.connector.schema().password_changed();
    let mut concern = concern_of(rows.iter().map(|row| &row.operation));
    concern.attributes.extend(password_changed.clone());
    let mut wanted: Vec<_> = rows.iter().map(key_of).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let can_look = opened.connector.capabilities().accounts().is_some();
    let states = look(opened, &wanted, &concern).await?;
    let needed = still_needed(opened, rows, &wanted, &states).await?;
    let answers = rows.iter().map(|row| {
        let state = wanted.binary_search(&key_of(row)).ok().and_then(|at| states[at].as_ref().ok());
        match state {
            Some(_) if can_look && needed.contains(&row.id) => Answer::new(row.id, Standing::Planned),
            Some(state) if can_look => of_state(row, state, password_changed.as_deref()),
            _ => unknown(row, "the connector can't look at single accounts"),
        }
    });
    Ok(answers.collect())
}

/// The locks that a connector finds needed although the account counts as locked: there may be several ways of being so.
async fn still_needed(
    opened: &Opened,
    rows: &[StepRow],
    wanted: &[String],
    states: &[Result<State>],
) -> Result<HashSet<i64>> {
    let mut needed = HashSet::new();
    let Some(ability) = opened.connector.capabilities().preparation() else { return Ok(needed) };
    let (mut locks, mut proposed) = (Vec::new(), Vec::new());
    for row in rows.iter().filter(|row| row.operation.change == Change::Lock) {
        let state = wanted.binary_search(&key_of(row)).ok().and_then(|at| states[at].as_ref().ok());
        if let Some(account) = state.map(State::account).transpose()?.flatten() {
            locks.push(row.id);
            proposed.push(Proposed::new(Operation::new(&account.id, Change::Lock), Some(account)));
        }
    }
    if !locks.is_empty() {
        let prepared = ability.prepare_operations(&proposed).await?;
        let steps = locks.into_iter().zip(prepared);
        needed.extend(steps.filter(|(_, one)| matches!(one, Ok(Prepared::Steps { .. }))).map(|(row, _)| row));
    }
    Ok(needed)
}

fn of_state(row: &StepRow, state: &State, password_changed: Option<&str>) -> Answer {
    let is_so = match &row.operation.change {
        // Told by its name, which is unique: it was not there when it was previewed.
        Change::Create { .. } => state.is_there(),
        Change::SetPassword { .. } if !state.is_there() => false,
        Change::SetPassword { .. } => match (password_changed, &row.password_time) {
            (Some(attribute), Some(before)) => state.attribute(attribute) != *before,
            _ => return unknown(row, "a password can't be read"),
        },
        Change::Delete => !state.is_there(),
        _ if !state.is_there() => false,
        change => state.changes(change, &EntitlementNames::new()).is_empty(),
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
