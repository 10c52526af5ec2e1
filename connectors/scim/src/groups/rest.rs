//! Large groups: one response has all their members, and several pages show them.

use super::entitlements::At;
use super::member::{Member, member, of_group};
use super::types::Kind;
use crate::error::not_scim;
use crate::lists::Place;
use crate::protocol::Spooled;
use crate::source::{Left, Rest, Source};
use connector_core::{Assignment, Cursor, Page, Result};
use serde_json::value::RawValue;

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
pub(super) async fn page(source: &Source, kind: &Kind, rest: Rest, mut next: Vec<Cursor>) -> Result<Page<Assignment>> {
    let Rest { left, anchor } = rest;
    let (shown, later) = match left {
        Left::Held(mut shown) => {
            let later = (shown.len() > MOST_SHOWN).then(|| Left::Held(shown.split_off(MOST_SHOWN)));
            (shown, later)
        }
        Left::Spooled(mut spooled, ids) => {
            let (shown, is_last) = read(source, kind, &mut spooled, &ids).await?;
            (shown, (!is_last).then_some(Left::Spooled(spooled, ids)))
        }
    };
    if let Some(left) = later {
        let place = Some(Place::Open(source.rests.keep(Rest { left, anchor: anchor.clone() })));
        next.push(Cursor::live(&At { of: kind.name.clone(), place }, &anchor)?);
    }
    Ok(Page::fork(shown, next))
}

/// The next members of a large response, and whether there are no more. A member that a server lists twice at once counts once.
async fn read(source: &Source, kind: &Kind, spooled: &mut Spooled, ids: &[String]) -> Result<(Vec<Assignment>, bool)> {
    let mut groups: Vec<(u32, Vec<Member>)> = Vec::new();
    let mut is_last = true;
    let mut read = 0;
    while let Some((row, raw)) = spooled.next()? {
        let raw: &RawValue = serde_json::from_slice(&raw)
            .map_err(|_| not_scim("reading the members of a group", "a member is not JSON"))?;
        let member = member(source, raw)?;
        match groups.last_mut().filter(|(last, _)| *last == row) {
            Some((_, members)) => members.push(member),
            None => groups.push((row, vec![member])),
        }
        read += 1;
        if read == MOST_SHOWN {
            is_last = false;
            break;
        }
    }
    let mut shown = Vec::with_capacity(read);
    for (row, members) in groups {
        // A server that ignores the count gives rows of other branches, too.
        let Some(id) = ids.get(row as usize) else { continue };
        shown.extend(of_group(source, kind, id, members).await?);
    }
    Ok((shown, is_last))
}
