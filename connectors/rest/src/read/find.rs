//! Finding a few accounts.

use super::assignments::{Position, page_at};
use super::holds::held;
use super::one::{FoundAccount, by_name, one};
use super::position::{Mark, Spot};
use crate::api::Api;
use crate::system::Shape;
use connector_core::{Account, Assignment, Concern, Error, Holder, Page, Result, SourceChange};
use futures_util::future::try_join_all;
use std::collections::BTreeSet;

/// How many accounts are looked for at once.
const AT_ONCE: usize = 8;

/// For each of `wanted`, the accounts with that id or name.
pub(crate) async fn find_accounts(
    api: &Api,
    mark: Mark,
    wanted: &[String],
    concern: &Concern,
) -> Result<Vec<Vec<Account>>> {
    let mut found: Vec<Vec<FoundAccount>> = Vec::with_capacity(wanted.len());
    for keys in wanted.chunks(AT_ONCE) {
        found.extend(try_join_all(keys.iter().map(|key| find(api, key))).await?);
    }
    let mut pairs = BTreeSet::new();
    let mut number = 0;
    for (key, accounts) in wanted.iter().zip(&found) {
        let matters = concern.held_by.get(key).unwrap_or(&concern.entitlements);
        for _ in accounts {
            pairs.extend(matters.iter().map(|entitlement| (number, entitlement.clone())));
            number += 1;
        }
    }
    let held = {
        let accounts: Vec<_> = found.iter().flatten().collect();
        held(api, mark, &accounts, pairs).await?
    };
    let mut accounts: Vec<_> = found.iter_mut().flatten().map(|found| &mut found.account).collect();
    for ((number, entitlement), held) in held {
        match held.end {
            Some(end) => accounts[number].hold(entitlement, end),
            None if accounts[number].entitlements.contains(&entitlement) => {}
            None => accounts[number].entitlements.push(entitlement),
        }
    }
    Ok(found.into_iter().map(|found| found.into_iter().map(|found| found.account).collect()).collect())
}

async fn find(api: &Api, key: &str) -> Result<Vec<FoundAccount>> {
    let by_id = one(api, key).await?;
    match by_id {
        Some(found) => Ok(vec![found]),
        None => by_name(api, key).await,
    }
}

/// Reads these accounts and what they hold again. Lists that are not by account are read as a whole.
pub(crate) async fn read_accounts(api: &Api, mark: Mark, ids: &[String]) -> Result<Option<Page<SourceChange>>> {
    let blocks: Vec<_> = api.system.blocks.iter().enumerate().filter(|(_, block)| !block.is_of_record()).collect();
    let by_account = |block: &crate::system::Block| {
        matches!(block.shape, Shape::ForEachAccount(_)) && block.account.is_none() && block.alias.is_none()
    };
    let (own, others): (Vec<_>, Vec<_>) = blocks.into_iter().partition(|(_, block)| by_account(block));
    let mut everything = Vec::new();
    for (at, block) in others {
        let spot = Spot::first();
        let begin = match &block.shape {
            Shape::Flat(_) => Position::Flat { block: at, spot },
            _ => Position::Parents { block: at, spot },
        };
        everything.push(begin);
    }
    let mut changes = Vec::new();
    let mut found_accounts = Vec::new();
    for id in ids {
        let Some(found) = one(api, id).await? else {
            changes.push(SourceChange::Removed(Holder::account(id)));
            continue;
        };
        let mut held = Vec::new();
        for (at, _) in &own {
            let parent = found.subject.clone();
            let mut left = vec![Position::Members { block: *at, parent, spot: Spot::first() }];
            while let Some(position) = left.pop() {
                let page = page_at(api, mark, &position).await?;
                if let Some(why) = page.incomplete() {
                    return Err(Error::protocol(format!("what account {id} holds can't be read: {why}")));
                }
                for cursor in page.next() {
                    left.extend(cursor.position::<Position>()?);
                }
                held.extend(page.into_parts().0);
            }
        }
        found_accounts.push((found.account, held));
    }
    if !everything.is_empty() && !found_accounts.is_empty() {
        add_held(api, mark, everything, &mut found_accounts).await?;
    }
    for (account, held) in found_accounts {
        let holder = Holder::account(&*account.id);
        changes.push(SourceChange::Account(account));
        changes.push(SourceChange::AllOf(holder, held));
    }
    Ok(Some(Page::last(changes)))
}

/// Adds what each of these accounts holds by lists that are not theirs.
async fn add_held(
    api: &Api,
    mark: Mark,
    mut left: Vec<Position>,
    accounts: &mut [(Account, Vec<Assignment>)],
) -> Result<()> {
    while !left.is_empty() {
        let now = left.split_off(left.len().saturating_sub(AT_ONCE));
        for page in try_join_all(now.iter().map(|position| page_at(api, mark, position))).await? {
            if let Some(why) = page.incomplete() {
                return Err(Error::protocol(format!("what the accounts hold can't be read: {why}")));
            }
            for cursor in page.next() {
                left.extend(cursor.position::<Position>()?);
            }
            for one in page.into_parts().0 {
                let is_holder = |account: &Account| match &one.holder {
                    Holder::Account(id) => *id == account.id,
                    Holder::Alias(alias) => Some(alias) == account.alias.as_ref(),
                    _ => false,
                };
                for (_, held) in accounts.iter_mut().filter(|(account, _)| is_holder(account)) {
                    held.push(one.clone());
                }
            }
        }
    }
    Ok(())
}
