//! Changes start at a watermark, end with the next one, and say in one way what is gone.

use super::provisioning::Stage;
use super::{Kept, Need, Trial, Tried};
use crate::reading;
use crate::subject::Subject;
use connector_core::{Absence, Cursor, Holder, ReadChanges, SourceChange};

pub(super) const TRIALS: &[Trial] = &[
    Trial {
        name: "changes_end_and_say_where_the_next_ones_start",
        need: Need::Changes,
        run: |subject| Box::pin(changes_end(subject)),
    },
    Trial {
        name: "changes_say_in_one_way_which_accounts_are_gone",
        need: Need::Changes,
        run: |subject| Box::pin(one_absence(subject)),
    },
    Trial {
        name: "what_happens_after_a_watermark_is_among_the_changes",
        need: Need::ChangesToSee,
        run: |subject| Box::pin(new_account_is_a_change(subject)),
    },
];

/// Every change since a watermark, and the next watermark.
async fn read(ability: &dyn ReadChanges, since: &Cursor) -> Result<(Vec<SourceChange>, Cursor), String> {
    let page = async |cursor: &Cursor| {
        let page = ability.changes(cursor).await?;
        let watermark = page.watermark().cloned();
        let (items, next) = page.into_parts();
        Ok((vec![(items, watermark)], next))
    };
    let (mut changes, mut next) = (Vec::new(), None);
    for (items, watermark) in reading::walk("changes", since, page).await?.into_iter().flat_map(|(_, page)| page) {
        changes.extend(items);
        next = watermark.or(next);
    }
    match next {
        Some(next) if next.anchor().is_some() => Err(format!("the watermark {next:?} is a live cursor")),
        Some(next) => Ok((changes, next)),
        None => Err("the changes ended without a watermark".to_owned()),
    }
}

async fn changes_end(subject: &Subject<'_>) -> Tried {
    let mut since = None;
    for _ in 0..3 {
        // Each read is another job, perhaps days later.
        let connector = subject.open()?;
        let Some(ability) = connector.capabilities().changes() else { return Ok(Kept::NotUsed("read_changes")) };
        let from = match since {
            Some(since) => since,
            None => ability.watermark().await.map_err(|error| error.to_string())?,
        };
        since = Some(read(ability, &from).await?.1);
    }
    Ok(Kept::Promise)
}

async fn one_absence(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let Some(ability) = connector.capabilities().changes() else { return Ok(Kept::NotUsed("read_changes")) };
    let watermark = ability.watermark().await.map_err(|error| error.to_string())?;
    let (changes, _) = read(ability, &watermark).await?;
    let absence = ability.absence();
    let is_odd = |change: &&SourceChange| match change {
        SourceChange::Removed(Holder::Account(_)) => absence != Absence::Told,
        SourceChange::Present(_) => absence != Absence::Survivors,
        _ => false,
    };
    if let Some(odd) = changes.iter().find(is_odd) {
        return Err(format!("{odd:?} is among the changes, but absence is {absence:?}"));
    }
    if absence != Absence::Survivors {
        return Ok(Kept::Promise);
    }
    for account in reading::accounts(connector.as_ref()).await? {
        let is_named = changes.iter().any(|change| match change {
            SourceChange::Present(id) => *id == account.id,
            SourceChange::Account(named) => named.id == account.id,
            _ => false,
        });
        if !is_named {
            return Err(format!("account {} exists, but is not among the survivors", account.id));
        }
    }
    Ok(Kept::Promise)
}

async fn new_account_is_a_change(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let (Some(ability), Some(fixture)) = (connector.capabilities().changes(), subject.fixture()) else {
        return Ok(Kept::NotUsed("read_changes and create"));
    };
    let watermark = ability.watermark().await.map_err(|error| error.to_string())?;
    let stage = Stage::set(connector.as_ref(), fixture, "changes").await?;
    let (changes, _) = read(ability, &watermark).await?;
    let is_it = |change: &SourceChange| matches!(change, SourceChange::Account(account) if account.id == stage.account);
    if changes.iter().any(is_it) {
        return Ok(Kept::Promise);
    }
    Err(format!(
        "account {} was made after the watermark, but is not among the {} changes",
        stage.account,
        changes.len()
    ))
}
