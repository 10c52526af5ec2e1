//! Accounts are found by id and by name.

use super::{Kept, Need, Trial, Tried};
use crate::reading;
use crate::subject::Subject;
use connector_core::jiff::Timestamp;
use connector_core::{Assignment, AssignmentState, Concern, End, Holder, SourceChange};

pub(super) const TRIALS: &[Trial] = &[
    Trial {
        name: "an_account_is_found_by_id_and_by_name_and_an_unknown_one_is_not",
        need: Need::Accounts,
        run: |subject| Box::pin(accounts_are_found(subject)),
    },
    Trial {
        name: "as_many_accounts_as_allowed_are_found_in_one_call",
        need: Need::Accounts,
        run: |subject| Box::pin(many_are_found(subject)),
    },
    Trial {
        name: "accounts_that_are_read_again_are_those_of_a_whole_read",
        need: Need::Accounts,
        run: |subject| Box::pin(accounts_are_read_again(subject)),
    },
    Trial {
        name: "what_is_found_as_held_has_the_end_of_its_assignment",
        need: Need::EntitlementsOfAccounts,
        run: |subject| Box::pin(ends_are_found(subject)),
    },
];

/// The most assignments with an end that are looked for.
const MOST_ENDS: usize = 20;

/// Without the end, a plan can't tell whether a grant with an end has anything to do.
async fn ends_are_found(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let abilities = connector.capabilities();
    let (Some(ability), Some(finding)) = (abilities.entitlements(), abilities.accounts()) else {
        return Ok(Kept::NotUsed("find_accounts"));
    };
    let has_effect = |one: &Assignment| {
        let ends_later = one.valid_until.is_some_and(|until| until > Timestamp::now());
        ends_later && one.state == AssignmentState::Active && one.through.is_none()
    };
    let mut all = reading::assignments(ability).await?;
    all.retain(|one| has_effect(one) && one.holder.account_id().is_some());
    all.truncate(MOST_ENDS);
    if all.is_empty() {
        return Ok(Kept::NotUsed("an assignment that ends"));
    }
    for one in all {
        let Some(account) = one.holder.account_id() else { continue };
        let mut concern = Concern::default();
        concern.entitlements.insert(one.entitlement.clone());
        let found = finding.find_accounts(&[account.to_owned()], &concern).await.map_err(|error| error.to_string())?;
        let end = found.iter().flatten().find_map(|found| found.ends.get(&one.entitlement).copied());
        if end != Some(End::from(one.valid_until)) {
            let listed = End::from(one.valid_until);
            return Err(format!("{account} holds {} {listed}, but a lookup shows {end:?}", one.entitlement));
        }
    }
    Ok(Kept::Promise)
}

/// A refresh replaces what the store has of an account.
async fn accounts_are_read_again(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let Some(ability) = connector.capabilities().accounts() else { return Ok(Kept::NotUsed("find_accounts")) };
    let mut all = reading::accounts(connector.as_ref()).await?;
    all.truncate(ability.most_accounts().min(20));
    let ids: Vec<String> = all.iter().map(|account| account.id.clone()).collect();
    let page = ability.read_accounts(&ids).await.map_err(|error| error.to_string())?;
    let Some(page) = page else { return Ok(Kept::NotUsed("read_accounts")) };
    if !page.next().is_empty() {
        return Err("accounts that are read again come on one page, but another one follows".to_owned());
    }
    let held = match connector.capabilities().entitlements() {
        Some(ability) => reading::assignments(ability).await?,
        None => Vec::new(),
    };
    for account in &all {
        let is_it = |change: &&SourceChange| matches!(change, SourceChange::Account(read) if read == account);
        if !page.items().iter().any(|change| is_it(&change)) {
            return Err(format!("account {} was read again, but differs from the account in the list", account.id));
        }
        // A list may call the account by its alias; what is read again names the account.
        let is_its = |holder: &Holder| match holder {
            Holder::Alias(alias) => account.alias.as_ref() == Some(alias),
            holder => holder.account_id() == Some(account.id.as_str()),
        };
        let lines = |held: Vec<&Assignment>| {
            let of_account = |one: &Assignment| {
                let mut one = one.clone();
                one.holder = Holder::account(account.id.clone());
                format!("{one:?}")
            };
            let mut lines: Vec<_> = held.into_iter().map(of_account).collect();
            lines.sort_unstable();
            lines
        };
        let there = lines(held.iter().filter(|one| is_its(&one.holder)).collect());
        let is_whole = page.items().iter().any(|change| {
            matches!(change, SourceChange::AllOf(Holder::Account(id), read)
                if *id == account.id && lines(read.iter().collect()) == there)
        });
        if connector.capabilities().entitlements().is_some() && !is_whole {
            return Err(format!("what account {} holds differs from a whole read", account.id));
        }
    }
    Ok(Kept::Promise)
}

/// An aggregation looks up what a list did not show, and removes what is not found.
async fn many_are_found(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let Some(ability) = connector.capabilities().accounts() else { return Ok(Kept::NotUsed("find_accounts")) };
    let all = reading::accounts(connector.as_ref()).await?;
    let mut wanted: Vec<String> = all.iter().map(|account| account.id.clone()).collect();
    wanted.truncate(ability.most_accounts());
    wanted.reverse();
    let found = ability.find_accounts(&wanted, &Concern::default()).await.map_err(|error| error.to_string())?;
    if found.len() != wanted.len() {
        return Err(format!("{} accounts were asked for, and {} answers came", wanted.len(), found.len()));
    }
    match wanted.iter().zip(&found).find(|(id, found)| found.iter().all(|one| one.id != **id)) {
        Some((id, _)) => Err(format!("account {id} was read, but not found in its place among {}", wanted.len())),
        None => Ok(Kept::Promise),
    }
}

async fn accounts_are_found(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let Some(ability) = connector.capabilities().accounts() else { return Ok(Kept::NotUsed("find_accounts")) };
    let all = reading::accounts(connector.as_ref()).await?;
    let Some(first) = all.first() else {
        return Err("the source has no accounts, and this trial needs one".to_owned());
    };
    let wanted = [first.id.clone(), first.name.clone(), "no-such-account".to_owned()];
    let found = ability.find_accounts(&wanted, &Concern::default()).await.map_err(|error| error.to_string())?;
    let ids: Vec<Vec<_>> = found.iter().map(|found| found.iter().map(|one| one.id.as_str()).collect()).collect();
    let is_named = ids.get(1).is_some_and(|named| named.contains(&first.id.as_str()));
    if ids.len() != 3 || ids[0] != [first.id.as_str()] || !is_named || !ids[2].is_empty() {
        return Err(format!("a search for {wanted:?} found {ids:?}"));
    }
    if found[0][0].enabled != first.enabled || found[0][0].name != first.name {
        return Err(format!("account {} differs from the account in the list", first.id));
    }
    Ok(Kept::Promise)
}
