//! Grants with an end.

use super::{Kept, Need, Trial, Tried};
use crate::reading;
use crate::stage::{Stage, text};
use crate::subject::Subject;
use connector_core::jiff::{SignedDuration, Timestamp};
use connector_core::{Change, End, ErrorKind, Operation, OperationKind as Kind, Outcome, SecretRef};

pub(super) const TRIALS: &[Trial] = &[Trial {
    name: "a_grant_with_an_end_replaces_the_end_that_was_there",
    need: Need::Operation(Kind::Grant),
    run: |subject| Box::pin(ends_are_replaced(subject)),
}];

/// Midnight in so many days: some sources keep only the day.
fn midnight(days: i64) -> Result<Timestamp, String> {
    let now = Timestamp::now();
    let of_day = now.as_second().rem_euclid(24 * 60 * 60);
    now.checked_add(SignedDuration::from_hours(24 * days) - SignedDuration::from_secs(of_day))
        .and_then(|time| Timestamp::from_second(time.as_second()))
        .map_err(text)
}

async fn ends_are_replaced(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let stage = Stage::set(subject, connector.as_ref(), "ends").await?;
    let first = midnight(60)?;
    match stage.try_to_apply(&grant(&stage, Some(first))).await {
        Err(error) if error.kind() == ErrorKind::Unsupported => return Ok(Kept::NotUsed("a grant with an end")),
        outcome => applied(&outcome.map_err(text)?, "a grant with an end")?,
    }
    shows(&stage, first).await?;
    let (earlier, later) = (midnight(30)?, midnight(90)?);
    for (until, what) in [(earlier, "an earlier end"), (later, "a later end")] {
        applied(&stage.apply(&grant(&stage, Some(until))).await?, what)?;
        shows(&stage, until).await?;
    }
    if let outcome @ Outcome::Applied { .. } = stage.apply(&grant(&stage, Some(later))).await? {
        return Err(format!("a grant with the end that is there returned {outcome:?} instead of unchanged"));
    }
    if connector.schema().operations.contains(&Kind::Revoke) {
        stage.apply(&stage.operation(Kind::Revoke)).await?;
        stage.apply(&grant(&stage, None)).await?;
        applied(&stage.apply(&grant(&stage, Some(first))).await?, "an end for what has none")?;
        shows(&stage, first).await?;
    }
    stage.give_back().await.map(|()| Kept::Promise)
}

fn grant(stage: &Stage<'_>, until: Option<Timestamp>) -> Operation<SecretRef> {
    Operation::new(stage.account.clone(), Change::grant(stage.fixture.entitlement.clone(), until))
}

fn applied(outcome: &Outcome, what: &str) -> Result<(), String> {
    match outcome {
        Outcome::Applied { .. } => Ok(()),
        other => Err(format!("{what}: the grant returned {other:?}")),
    }
}

/// What is found and what is listed show the end.
async fn shows(stage: &Stage<'_>, until: Timestamp) -> Result<(), String> {
    let wanted = &stage.fixture.entitlement;
    let abilities = stage.connector.capabilities();
    if abilities.accounts().is_some() {
        let end = stage.read().await?.and_then(|account| account.ends.get(wanted).copied());
        if !end.is_some_and(|end| end.is_at(until)) {
            return Err(format!("{wanted} was granted until {until}, but a lookup of the account shows {end:?}"));
        }
    }
    let Some(ability) = abilities.entitlements() else { return Ok(()) };
    let all = reading::assignments(ability).await?;
    let is_it = |holder: Option<&str>| holder == Some(stage.account.as_str());
    let one = all.iter().find(|one| one.entitlement == *wanted && is_it(one.holder.account_id()));
    match one {
        Some(one) if !End::from(one.valid_until).is_at(until) => {
            Err(format!("{wanted} was granted until {until}, but the list shows {:?}", one.valid_until))
        }
        _ => Ok(()),
    }
}
