//! Finding a few accounts.

use super::assignments::{Position, page_at};
use super::holds::holds;
use super::one::{by_name, one};
use super::position::{Mark, Spot};
use crate::api::Api;
use crate::settings::Where;
use crate::system::Shape;
use connector_core::{Account, Concern, Error, Holder, Page, Result, SourceChange};
use futures_util::future::try_join_all;

/// How many accounts are looked for at once.
const AT_ONCE: usize = 8;

/// For each of `wanted`, the accounts with that id or name.
pub(crate) async fn find_accounts(
    api: &Api,
    mark: Mark,
    wanted: &[String],
    concern: &Concern,
) -> Result<Vec<Vec<Account>>> {
    let mut all = Vec::with_capacity(wanted.len());
    for keys in wanted.chunks(AT_ONCE) {
        all.extend(try_join_all(keys.iter().map(|key| find(api, mark, key, concern))).await?);
    }
    Ok(all)
}

async fn find(api: &Api, mark: Mark, key: &str, concern: &Concern) -> Result<Vec<Account>> {
    let by_id = one(api, key, Where::Accounts).await?.filter(|found| found.account.id == key);
    let mut accounts = match by_id {
        Some(found) => vec![found],
        None => by_name(api, key, Where::Accounts).await?,
    };
    for found in &mut accounts {
        for entitlement in concern.held_by.get(key).unwrap_or(&concern.entitlements) {
            if !found.account.entitlements.contains(entitlement) && holds(api, mark, found, entitlement).await? {
                found.account.entitlements.push(entitlement.clone());
            }
        }
    }
    Ok(accounts.into_iter().map(|found| found.account).collect())
}

/// Reads these accounts and what they hold again; `None` if the lists are not by account.
pub(crate) async fn read_accounts(api: &Api, mark: Mark, ids: &[String]) -> Result<Option<Page<SourceChange>>> {
    let blocks: Vec<_> = api.system.blocks.iter().enumerate().filter(|(_, block)| !block.is_of_record()).collect();
    let by_account = |block: &crate::system::Block| {
        matches!(block.shape, Shape::ForEachAccount(_)) && block.account.is_none() && block.alias.is_none()
    };
    if !blocks.iter().all(|(_, block)| by_account(block)) {
        return Ok(None);
    }
    let mut changes = Vec::new();
    for id in ids {
        let Some(found) = one(api, id, Where::Accounts).await?.filter(|found| found.account.id == *id) else {
            changes.push(SourceChange::Removed(Holder::account(id)));
            continue;
        };
        let mut held = Vec::new();
        for (at, _) in &blocks {
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
        changes.push(SourceChange::Account(found.account));
        changes.push(SourceChange::AllOf(Holder::account(id), held));
    }
    Ok(Some(Page::last(changes)))
}
