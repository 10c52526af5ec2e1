//! Large groups: one response has all their members, and several pages show them.

use super::entitlements::At;
use crate::lists::Place;
use crate::source::{Rest, Source};
use connector_core::{Assignment, Cursor, Page, Result};

/// How many assignments a page shows.
const MOST_SHOWN: usize = 4000;

/// Where the response at a position can be read again. A cursor of the server can't be used twice.
pub(super) fn anchor(at: &At) -> Result<Cursor> {
    match &at.place {
        Some(place @ (Place::Index(_) | Place::After(_))) => At::cursor(&at.of, place),
        Some(Place::Live(_) | Place::Open(_)) | None => At::anchor(&at.of),
    }
}

/// A page of the rest, and where the read continues beside it.
pub(super) fn page(source: &Source, of: &str, mut rest: Rest, mut next: Vec<Cursor>) -> Result<Page<Assignment>> {
    if rest.assignments.len() <= MOST_SHOWN {
        return Ok(Page::fork(rest.assignments, next));
    }
    let later = rest.assignments.split_off(MOST_SHOWN);
    let (shown, anchor) = (std::mem::replace(&mut rest.assignments, later), rest.anchor.clone());
    let place = Some(Place::Open(source.rests.keep(rest)));
    next.push(Cursor::live(&At { of: of.to_owned(), place }, &anchor)?);
    Ok(Page::fork(shown, next))
}
