//! Whole lists, for tests of your own beside the trials.

use connector_core::{Account, Assignment, Connector, Cursor, Entitlement, Error, Page, Result};
use std::collections::VecDeque;

/// No list of a test has more pages.
const MOST_PAGES: usize = 100_000;

/// Everything that a list shows, page by page.
#[derive(Clone, Debug)]
pub struct Whole<T> {
    /// The items, in the order of the pages.
    pub items: Vec<T>,
    /// Why the list may not be complete, for each page that says so.
    pub incomplete: Vec<String>,
}

/// All accounts of a connector.
///
/// Fails as the connector does, and with kind `protocol` if the list does not end.
pub async fn whole_accounts(connector: &dyn Connector) -> Result<Whole<Account>> {
    whole(async |cursor: &Cursor| connector.aggregate_accounts(cursor).await).await
}

/// All entitlements of a connector.
///
/// Fails as the connector does, with kind `unsupported` if it has no entitlements, and with kind `protocol` if the list does not end.
pub async fn whole_entitlements(connector: &dyn Connector) -> Result<Whole<Entitlement>> {
    let ability = connector.capabilities().entitlements().ok_or_else(without_entitlements)?;
    whole(async |cursor: &Cursor| ability.entitlements(cursor).await).await
}

/// All assignments of a connector.
///
/// Fails as the connector does, with kind `unsupported` if it has no entitlements, and with kind `protocol` if the list does not end.
pub async fn whole_assignments(connector: &dyn Connector) -> Result<Whole<Assignment>> {
    let ability = connector.capabilities().entitlements().ok_or_else(without_entitlements)?;
    whole(async |cursor: &Cursor| ability.assignments(cursor).await).await
}

fn without_entitlements() -> Error {
    Error::unsupported("the connector reads no entitlements")
        .with_help("add `.with_entitlements(self)` to its capabilities")
}

async fn whole<T>(page: impl AsyncFn(&Cursor) -> Result<Page<T>>) -> Result<Whole<T>> {
    let mut whole = Whole { items: Vec::new(), incomplete: Vec::new() };
    let mut left = VecDeque::from([Cursor::start()]);
    for _ in 0..MOST_PAGES {
        let Some(cursor) = left.pop_front() else { return Ok(whole) };
        let page = page(&cursor).await?;
        whole.incomplete.extend(page.incomplete().map(str::to_owned));
        let (items, next) = page.into_parts();
        whole.items.extend(items);
        left.extend(next);
    }
    Err(Error::protocol(format!("the list does not end after {MOST_PAGES} pages"))
        .with_help("a page must name only cursors that lead to further pages"))
}
