//! Accounts are found by id and by name.

use super::{Kept, Need, Trial, Tried};
use crate::reading;
use crate::subject::Subject;
use connector_core::{Assignment, Concern, Holder, SourceChange};

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
];

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
