//! Pages of accounts.

use super::fields::Fields;
use super::mapping::account;
use crate::lists::Place;
use crate::source::Source;
use connector_core::{Account, Cursor, Page, Result};

/// One page of accounts.
pub(crate) async fn page(source: &Source, cursor: &Cursor) -> Result<Page<Account>> {
    let place: Option<Place> = cursor.position()?;
    let known = source.service.discovery().await?;
    let fields = Fields::of(known, |name| source.is_excluded(name));
    let list = source.users().await?;
    let part = list.part(place.as_ref(), &|id, user| account(source, &fields, id, user)).await?;
    let incomplete = part.incomplete("users", true);
    let next = part.next.iter().map(|place| place.cursor(place, &Cursor::start())).collect::<Result<_>>()?;
    let mut page = Page::fork(part.items, next).with_estimate(part.total);
    if let Some(reason) = incomplete {
        page = page.with_incomplete(reason);
    }
    if cursor.is_start() && !known.missing.is_empty() {
        page = page.with_warning(format!("the server has no {}; the standard applies", known.missing.join(" and no ")));
    }
    Ok(page)
}
