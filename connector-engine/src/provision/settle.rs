//! Settles steps whose response was lost.

use super::find_accounts::{concern_of_each, key_of, look};
use super::journal::{Standing, StepOutcome, StepRow};
use crate::patience::prepare;
use connector_core::{Change, Error, ErrorKind, Operation, Prepared, Proposed, Result};
use connector_project::effect::{EntitlementNames, State};
use connector_project::source::Opened;
use jiff::Timestamp;
use std::collections::HashSet;
use std::time::Duration;

/// The source may still process a request whose response is lost. What is not done this long after it was sent
/// counts as not done.
pub(super) const STILL_AT_WORK: Duration = Duration::from_secs(3);

/// Reads the accounts and determines the result of each step: it was applied, it must be sent again, or reading can't
/// determine it.
pub(super) async fn settle(opened: &Opened, rows: &[StepRow]) -> Result<Vec<StepOutcome>> {
    let mut answers = judge(opened, rows).await?;
    let open: Vec<StepRow> = rows
        .iter()
        .zip(&answers)
        .filter(|(_, answer)| answer.standing != Standing::Applied)
        .map(|(row, _)| row.clone())
        .collect();
    // Only waiting prevents a second password reset.
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

/// How long the source may still process a request.
pub(super) fn time_left(row: &StepRow) -> Option<Duration> {
    let since = Timestamp::now().duration_since(row.asked_at?);
    let since = Duration::try_from(since).unwrap_or_default();
    STILL_AT_WORK.checked_sub(since).filter(|left| !left.is_zero())
}

async fn judge(opened: &Opened, rows: &[StepRow]) -> Result<Vec<StepOutcome>> {
    let password_changed = opened.connector.schema().password_changed();
    let mut concern = concern_of_each(rows.iter().map(|row| (key_of(row), &row.operation)));
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
            Some(_) if can_look && needed.contains(&row.id) => StepOutcome::new(row.id, Standing::Planned),
            Some(state) if can_look => of_state(row, state, password_changed.as_deref()),
            _ => unknown(row, "the connector can't look up single accounts"),
        }
    });
    Ok(answers.collect())
}

/// The locks that the connector still needs although the account is locked: an account can be locked in several ways.
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
        let prepared = prepare(opened, ability, &proposed).await?;
        let steps = locks.into_iter().zip(prepared);
        needed.extend(steps.filter(|(_, one)| matches!(one, Ok(Prepared::Steps { .. }))).map(|(row, _)| row));
    }
    Ok(needed)
}

fn of_state(row: &StepRow, state: &State, password_changed: Option<&str>) -> StepOutcome {
    let is_so = match &row.operation.change {
        // The unique name identifies it: it did not exist at the preview.
        Change::Create { .. } => state.is_there(),
        Change::SetPassword { .. } if !state.is_there() => false,
        Change::SetPassword { .. } => match (password_changed, &row.password_time) {
            (Some(attribute), Some(before)) => state.attribute(attribute) != *before,
            _ => return unknown(row, "passwords can't be read"),
        },
        Change::Delete => !state.is_there(),
        _ if !state.is_there() => false,
        change => state.changes(change, &EntitlementNames::new()).is_empty(),
    };
    if !is_so {
        return StepOutcome::new(row.id, Standing::Planned);
    }
    let account = state.id().map(str::to_owned);
    let detail = Some("settled by reading the account".to_owned());
    StepOutcome { detail, account, ..StepOutcome::new(row.id, Standing::Applied) }
}

fn unknown(row: &StepRow, why: &str) -> StepOutcome {
    let error =
        Error::new(ErrorKind::Unavailable, format!("the response was lost and the result can't be determined: {why}"))
            .with_help("check the account in the source itself; if the operation was not done, put it into a new plan");
    StepOutcome { error: Some(error), ..StepOutcome::new(row.id, Standing::Pending) }
}
