//! Reads complete lists through the contract, one page at a time, like the engine.

use connector_core::{Account, Assignment, Entitlement};
use connector_core::{Connector, Cursor, Page, ReadEntitlements, Result};
use std::collections::HashSet;

/// More pages than any source for trials has.
const MOST_PAGES: usize = 10_000;

/// A complete list: the items, and the cursors in the order in which they were followed.
pub(crate) struct Listing<T> {
    pub(crate) items: Vec<T>,
    pub(crate) cursors: Vec<Cursor>,
}

/// A list that can be read in pages.
pub(crate) enum List<'a> {
    Accounts(&'a dyn Connector),
    Entitlements(&'a dyn ReadEntitlements),
    Assignments(&'a dyn ReadEntitlements),
}

/// The text of an item of any list. Two different items have different texts.
pub(crate) type Line = String;

impl List<'_> {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Accounts(_) => "accounts",
            Self::Entitlements(_) => "entitlements",
            Self::Assignments(_) => "assignments",
        }
    }

    /// One page as text, one line per item.
    pub(crate) async fn page(&self, cursor: &Cursor) -> Result<(Vec<Line>, Vec<Cursor>)> {
        self.page_and_gaps(cursor).await.map(|(lines, next, _)| (lines, next))
    }

    /// One page as text, and whether it says that something is missing or hidden: then a run removes nothing.
    pub(crate) async fn page_and_gaps(&self, cursor: &Cursor) -> Result<(Vec<Line>, Vec<Cursor>, bool)> {
        Ok(match self {
            Self::Accounts(connector) => lines(connector.aggregate_accounts(cursor).await?),
            Self::Entitlements(ability) => lines(ability.entitlements(cursor).await?),
            Self::Assignments(ability) => lines(ability.assignments(cursor).await?),
        })
    }
}

fn lines<T: std::fmt::Debug>(page: Page<T>) -> (Vec<Line>, Vec<Cursor>, bool) {
    let has_gaps = page.incomplete().is_some()
        || !page.skipped().is_empty()
        || !page.not_shown().is_empty()
        || page.only_shown().is_some()
        || page.hides_locks();
    let (items, next) = page.into_parts();
    (items.iter().map(|item| format!("{item:?}")).collect(), next, has_gaps)
}

/// The lists that a connector has.
pub(crate) fn lists(connector: &dyn Connector) -> Vec<List<'_>> {
    let mut lists = vec![List::Accounts(connector)];
    if let Some(ability) = connector.capabilities().entitlements() {
        lists.push(List::Entitlements(ability));
        lists.push(List::Assignments(ability));
    }
    lists
}

/// Reads a complete list. The error says what broke the contract.
pub(crate) async fn whole(list: &List<'_>) -> Result<Listing<Line>, String> {
    let pages = walk(list.name(), &Cursor::start(), async |cursor| list.page(cursor).await).await?;
    let mut listing = Listing { items: Vec::new(), cursors: Vec::new() };
    for (cursor, items) in pages {
        listing.items.extend(items);
        listing.cursors.push(cursor);
    }
    Ok(listing)
}

/// Reads from a cursor to the end: each cursor that was followed, with the items of its page.
pub(crate) async fn walk<T>(
    name: &str,
    from: &Cursor,
    page: impl AsyncFn(&Cursor) -> Result<(Vec<T>, Vec<Cursor>)>,
) -> Result<Vec<(Cursor, Vec<T>)>, String> {
    let mut pages = Vec::new();
    let mut known = HashSet::from([from.clone()]);
    let mut frontier = vec![from.clone()];
    while let Some(cursor) = frontier.pop() {
        let (items, next) = page(&cursor).await.map_err(|error| format!("{name} at {cursor:?}: {error}"))?;
        pages.push((cursor, items));
        for successor in next {
            if !known.insert(successor.clone()) {
                return Err(format!("{name}: the list returned the cursor {successor:?} twice"));
            }
            frontier.push(successor);
        }
        if pages.len() > MOST_PAGES {
            return Err(format!("{name}: the list did not end after {MOST_PAGES} pages"));
        }
    }
    Ok(pages)
}

fn items<T>(pages: Vec<(Cursor, Vec<T>)>) -> Vec<T> {
    pages.into_iter().flat_map(|(_, items)| items).collect()
}

/// All accounts.
pub(crate) async fn accounts(connector: &dyn Connector) -> Result<Vec<Account>, String> {
    let page = async |cursor: &Cursor| Ok(connector.aggregate_accounts(cursor).await?.into_parts());
    walk("accounts", &Cursor::start(), page).await.map(items)
}

/// All entitlements.
pub(crate) async fn entitlements(ability: &dyn ReadEntitlements) -> Result<Vec<Entitlement>, String> {
    let page = async |cursor: &Cursor| Ok(ability.entitlements(cursor).await?.into_parts());
    walk("entitlements", &Cursor::start(), page).await.map(items)
}

/// All assignments.
pub(crate) async fn assignments(ability: &dyn ReadEntitlements) -> Result<Vec<Assignment>, String> {
    let page = async |cursor: &Cursor| Ok(ability.assignments(cursor).await?.into_parts());
    walk("assignments", &Cursor::start(), page).await.map(items)
}
