//! Changes start at a watermark, end with the next one, and say in one way what is gone.

use super::{Kept, Need, Trial, Tried};
use crate::reading;
use crate::stage::Stage;
use crate::subject::Subject;
use connector_core::{
    Absence, Assignment, Cursor, EntitlementRef, ErrorKind, Holder, HolderRange, ReadChanges, SourceChange,
};
use std::collections::{BTreeMap, BTreeSet};

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
        name: "numbers_and_full_lists_among_changes_are_those_of_a_whole_read",
        need: Need::Changes,
        run: |subject| Box::pin(counts_are_right(subject)),
    },
    Trial {
        name: "holders_that_are_read_again_are_those_of_a_whole_read",
        need: Need::Changes,
        run: |subject| Box::pin(holders_are_right(subject)),
    },
    Trial {
        name: "what_happens_after_a_watermark_is_among_the_changes",
        need: Need::ChangesToSee,
        run: |subject| Box::pin(new_account_is_a_change(subject)),
    },
];

/// Every change since a watermark, and the next watermark.
pub(super) async fn read(ability: &dyn ReadChanges, since: &Cursor) -> Result<(Vec<SourceChange>, Cursor), String> {
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

/// Everything since now.
async fn read_since_now(ability: &dyn ReadChanges) -> Result<Vec<SourceChange>, String> {
    let watermark = ability.watermark().await.map_err(|error| error.to_string())?;
    read(ability, &watermark).await.map(|(changes, _)| changes)
}

async fn counts_are_right(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let Some(ability) = connector.capabilities().changes() else { return Ok(Kept::NotUsed("read_changes")) };
    let changes = read_since_now(ability).await?;
    let (accounts, mut used) = (reading::accounts(connector.as_ref()).await?, ability.names_entitlements());
    let mut holders: BTreeMap<&EntitlementRef, u64> = BTreeMap::new();
    let (mut entitlements, mut assignments) = (Vec::new(), Vec::new());
    if let Some(ability) = connector.capabilities().entitlements() {
        (entitlements, assignments) = (reading::entitlements(ability).await?, reading::assignments(ability).await?);
    }
    for assignment in assignments.iter().filter(|one| one.holder.account_id().is_some()) {
        *holders.entry(&assignment.entitlement).or_default() += 1;
    }
    for change in &changes {
        match change {
            SourceChange::AccountCount(count) if *count != accounts.len() as u64 => {
                return Err(format!("the changes count {count} accounts, but there are {}", accounts.len()));
            }
            SourceChange::Locked(ids) => {
                let locked: BTreeSet<&String> = accounts.iter().filter(|one| one.locked).map(|one| &one.id).collect();
                if locked != ids.iter().collect() {
                    return Err(format!("the changes say that {ids:?} are locked, but {locked:?} are"));
                }
            }
            SourceChange::HolderCounts(of, counts) => {
                let counted: BTreeMap<&str, u64> = counts.iter().map(|(id, count)| (id.as_str(), *count)).collect();
                let there = holders.iter().filter(|(held, _)| held.entitlement_type == *of);
                let there: BTreeMap<&str, u64> = there.map(|(held, count)| (held.id.as_str(), *count)).collect();
                if there != counted {
                    return Err(format!("the changes count other holders of `{of}` than a whole read shows"));
                }
            }
            SourceChange::AccountCount(_) => {}
            _ => continue,
        }
        used = true;
    }
    if ability.names_entitlements() {
        let is_named = |wanted: &EntitlementRef| {
            changes.iter().any(|change| matches!(change, SourceChange::Entitlement(one) if one.key == *wanted))
        };
        if let Some(missing) = entitlements.iter().find(|one| !is_named(&one.key)) {
            return Err(format!("`{}` exists, but is not among the entitlements that the changes name", missing.key));
        }
        let is_held = |wanted: &Assignment| {
            changes.iter().any(|change| matches!(change, SourceChange::Held(one) if one == wanted))
        };
        let nested = |one: &&Assignment| matches!(one.holder, Holder::Entitlement(_));
        if let Some(missing) = assignments.iter().filter(nested).find(|one| !is_held(one)) {
            return Err(format!("`{}` holds `{}`, but the changes do not say so", missing.holder, missing.entitlement));
        }
    }
    Ok(if used { Kept::Promise } else { Kept::NotUsed("counts among changes") })
}

async fn holders_are_right(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let (Some(ability), Some(entitlements)) =
        (connector.capabilities().changes(), connector.capabilities().entitlements())
    else {
        return Ok(Kept::NotUsed("read_changes and read_entitlements"));
    };
    let changes = read_since_now(ability).await?;
    let mut tried = false;
    let all = reading::assignments(entitlements).await?;
    for (of, counts) in changes.iter().filter_map(|change| match change {
        SourceChange::HolderCounts(of, counts) => Some((of, counts)),
        _ => None,
    }) {
        let Some((id, count)) = counts.iter().max_by_key(|(_, count)| *count) else { continue };
        let range = HolderRange::all(EntitlementRef::new(of.clone(), id));
        let mut left = ability.read_again(&range, *count, count + 1).map_err(|error| error.to_string())?;
        let mut found = Vec::new();
        while let Some(cursor) = left.pop() {
            let (items, next) = ability.changes(&cursor).await.map_err(|error| error.to_string())?.into_parts();
            left.extend(next);
            for change in items {
                match change {
                    SourceChange::Holders(part, held) => {
                        let is_in = |one: &Assignment| one.holder.account_id().is_some_and(|id| part.has(id));
                        if part.entitlement != range.entitlement || !held.iter().all(is_in) {
                            return Err(format!("what was read again is not of {part:?}"));
                        }
                        found.extend(held);
                    }
                    SourceChange::HolderCount(part, counted) => {
                        left.extend(
                            ability.read_again(&part, counted, counted + 1).map_err(|error| error.to_string())?,
                        );
                    }
                    other => return Err(format!("{other:?} came where holders were read again")),
                }
            }
        }
        let holds = |one: &&Assignment| one.entitlement == range.entitlement && one.holder.account_id().is_some();
        let mut there: Vec<_> = all.iter().filter(holds).map(|one| format!("{one:?}")).collect();
        let mut found: Vec<_> = found.iter().map(|one| format!("{one:?}")).collect();
        there.sort_unstable();
        found.sort_unstable();
        if there != found {
            let (there, found) = (there.len(), found.len());
            return Err(format!(
                "{found} holders of `{of}/{id}` were read again, but a whole read shows {there}, or others"
            ));
        }
        tried = true;
    }
    Ok(if tried { Kept::Promise } else { Kept::NotUsed("counts of holders") })
}

async fn new_account_is_a_change(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let Some(ability) = connector.capabilities().changes() else { return Ok(Kept::NotUsed("read_changes")) };
    let watermark = ability.watermark().await.map_err(|error| error.to_string())?;
    let stage = Stage::set(subject, connector.as_ref(), "changes").await?;
    // A source that only knows that something changed makes the engine read everything.
    if ability.changes(&watermark).await.is_err_and(|error| error.kind() == ErrorKind::Expired) {
        return Ok(Kept::Promise);
    }
    let (changes, _) = read(ability, &watermark).await?;
    let is_it = |change: &SourceChange| matches!(change, SourceChange::Account(account) if account.id == stage.account);
    if changes.iter().any(is_it) {
        return Ok(Kept::Promise);
    }
    Err(format!(
        "account {} was made after the watermark {watermark:?}, but is not among the {} changes; does the source compare times as \
         texts, or with another clock?",
        stage.account,
        changes.len()
    ))
}
