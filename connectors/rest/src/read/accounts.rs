//! Pages of accounts.

use super::mapping::{self, Mapped};
use super::one;
use super::pages::{Batch, batch};
use super::part::with_part;
use super::position::{Mark, Spot};
use crate::api::{Api, Asked, undone};
use crate::settings::Where;
use crate::system::System;
use connector_core::{Account, AccountSchema, Cursor, Page, Result};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

/// How many accounts one page of details reads.
const DETAILS: usize = 20;

/// A position in the accounts.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Position {
    List(Spot),
    Details(Vec<String>),
}

/// The request for the first page of the list.
pub(super) fn asked(system: &System, spot: &Spot) -> Result<Asked> {
    let list = &system.accounts.list;
    Asked::list(list, &with_part(list, spot, system.vars())).map_err(|fault| undone("the list of accounts", &fault))
}

/// One page of accounts.
pub(crate) async fn page(api: &Api, mark: Mark, cursor: &Cursor) -> Result<Page<Account>> {
    let position = cursor.position()?.unwrap_or_else(|| Position::List(Spot::first()));
    match position {
        Position::List(spot) => listed(api, mark, &spot, None, |position| position).await.map(|(page, _)| page),
        Position::Details(ids) => details(api, ids).await,
    }
}

/// A page of the list with a further parameter, and the batch that it comes from without its items. `wrap` puts a position of
/// the list into that of the whole read.
pub(super) async fn listed<P: Serialize>(
    api: &Api,
    mark: Mark,
    spot: &Spot,
    extra: Option<(String, String)>,
    wrap: impl Fn(Position) -> P + Send,
) -> Result<(Page<Account>, Batch)> {
    let system = &*api.system;
    let list = &system.accounts.list;
    let mut asked = asked(system, spot)?;
    // It may narrow what the settings ask for, such as a filter that shows every account.
    if let Some((name, value)) = extra {
        asked.query.retain(|(known, _)| *known != name);
        asked.query.push((name, value));
    }
    let mut found = batch(api, list, asked, spot, mark, Where::Accounts).await?;
    let expires = list.paging.as_ref().is_some_and(|paging| paging.expires);
    let mut cursors = Vec::new();
    for next in std::mem::take(&mut found.next) {
        cursors.push(mark.cursor(|spot| wrap(Position::List(spot)), next, expires)?);
    }
    let items = &found.items;
    let mut page = if system.accounts.detail {
        let mut ids = Vec::new();
        for item in items {
            ids.extend(mapping::account_subject(system, item)?.map(|subject| subject.id));
        }
        for ids in ids.chunks(DETAILS) {
            cursors.push(Cursor::of(&wrap(Position::Details(ids.to_vec())))?);
        }
        Page::fork(Vec::new(), cursors)
    } else {
        let mut mapped = Vec::new();
        for item in items {
            mapped.extend(mapping::account(system, item)?);
        }
        page_of(system, mapped, cursors)
    };
    if let Some(total) = found.total {
        page = page.with_estimate(total);
    }
    if let Some(why) = found.incomplete.take() {
        page = page.with_incomplete(why);
    }
    Ok((page, found))
}

/// A page of accounts. What the API hides from one of them is not known of any.
fn page_of(system: &System, mapped: Vec<Mapped>, cursors: Vec<Cursor>) -> Page<Account> {
    let mut hidden: Vec<usize> = mapped.iter().flat_map(|one| one.hidden.iter().copied()).collect();
    hidden.sort_unstable();
    hidden.dedup();
    let names: Vec<_> = hidden.iter().map(|at| system.accounts.attributes[*at].schema.name.as_str()).collect();
    let accounts = mapped.into_iter().map(|one| without(one.account, &names)).collect();
    let page = Page::fork(accounts, cursors);
    if names.is_empty() { page } else { page.with_not_shown(names) }
}

fn without(mut account: Account, names: &[&str]) -> Account {
    if names.is_empty() {
        return account;
    }
    let mut builder = connector_core::AttributesBuilder::default();
    for (name, value) in account.attributes.entries() {
        if !names.contains(&&*name) {
            builder.push_raw(&name, value);
        }
    }
    account.attributes = builder.build();
    account
}

pub(super) async fn details(api: &Api, ids: Vec<String>) -> Result<Page<Account>> {
    let read = ids.iter().map(|id| one::item_of(api, id));
    let items = try_join_all(read).await?;
    let mut mapped = Vec::new();
    let mut gone = None;
    for (id, item) in ids.iter().zip(items) {
        match item {
            Some(item) => mapped.extend(mapping::account(&api.system, &item)?),
            // Deleted meanwhile, or the path is wrong: that proves nothing.
            None => gone = gone.or_else(|| Some(format!("account {id} is listed, but can't be read"))),
        }
    }
    let page = page_of(&api.system, mapped, Vec::new());
    Ok(match gone {
        Some(why) => page.with_incomplete(why),
        None => page,
    })
}

/// The attributes, and the operations that the settings describe.
pub(crate) fn schema(system: &System) -> AccountSchema {
    let attributes = system.accounts.attributes.iter().map(|one| one.schema.clone()).collect();
    AccountSchema::new(attributes).with_operations(system.operations.kinds())
}
