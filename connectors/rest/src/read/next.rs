//! What follows a page, and what proves that it is the last one.
//!
//! Items are counted as they come, before any is filtered out.

use super::position::{At, Spot};
use crate::api::Answer;
use crate::settings::Place;
use crate::system::{End, List, Paging, Step, StepPlace};
use connector_core::{Error, Result};
use serde_json::Value;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Into how many branches a list is split at most.
const MOST_BRANCHES: u64 = 8;

/// How many items more than twice its total a list may show.
const ROOM: u64 = 1000;

/// What follows a page.
#[derive(Debug)]
pub(super) struct Next {
    pub(super) spots: Vec<Spot>,
    /// How many items of the page count: not those that another branch reads.
    pub(super) take: u64,
    pub(super) total: Option<u64>,
    /// Why the list is not proven to be complete.
    pub(super) incomplete: Option<String>,
}

/// What follows a page with these items.
pub(super) fn next(list: &List, answer: &Answer, spot: &Spot, items: &[Value]) -> Result<Next> {
    let received = items.len() as u64;
    let ends = |total, incomplete| Next { spots: Vec::new(), take: received, total, incomplete };
    if let Some(halves) = halves(list, answer, spot)? {
        return Ok(Next { spots: halves, take: 0, ..ends(None, None) });
    }
    if let (Some(until), At::Offset(offset)) = (spot.until, &spot.at) {
        return in_branch(list, answer, spot, items, (*offset, until));
    }
    if is_first_again(spot, items) {
        return Err(repeated(answer));
    }
    let seen = spot.seen + received;
    if let Some(most) = list.max_items.filter(|most| seen >= *most) {
        return Err(capped(answer, most));
    }
    let Some(paging) = &list.paging else { return Ok(ends(None, None)) };
    let total = total(paging, answer)?;
    let found = follow(paging, answer)?;
    let shorter = shorter(answer, spot, total);
    let mut incomplete = None;
    let ended = match &paging.end {
        End::NoCursor | End::LeftOut => found.is_none(),
        End::EmptyPage => received == 0,
        End::Flag(place) => !truth(answer, place)?,
        End::Last(place) => truth(answer, place)?,
        End::Total(_) => received == 0 || total.is_some_and(|total| seen >= total),
        End::ShortPage(size) => {
            let is_short = received < *size;
            if is_short {
                incomplete = Some(format!("{}: a short page ended the list, which proves nothing", answer.what()));
            }
            is_short
        }
    };
    if ended {
        if let Some(total) = total.filter(|total| seen < *total) {
            incomplete = Some(format!("{}: the list ended after {seen} of {total} items", answer.what()));
        } else if total.is_none() && matches!((&paging.end, &spot.at), (End::NoCursor, At::First)) {
            incomplete = without_place(paging, answer);
        }
        return Ok(ends(total, incomplete.or(shorter)));
    }
    if let Some(spots) = branches(list, paging, answer, spot, items, total)? {
        return Ok(Next { spots, ..ends(total, None) });
    }
    let at = step(paging, answer, spot, received, found)?;
    // A few items come twice when others are added meanwhile. More than that is a circle of pages.
    let is_circle = total.is_some_and(|total| seen > total.saturating_mul(2).saturating_add(ROOM));
    if at == spot.at || is_circle {
        return Err(repeated(answer));
    }
    let seen = if list.counts() { seen } else { 0 };
    let first =
        if matches!(at, At::Offset(_) | At::Page(_)) { spot.first.or_else(|| items.first().map(hash)) } else { None };
    let begun = spot.total.max(total).filter(|_| matches!(at, At::Offset(_) | At::Page(_)));
    Ok(Next { spots: vec![Spot { first, total: begun, ..Spot::of(at, seen) }], ..ends(total, shorter) })
}

/// What it means if a list has fewer items than when it was begun: the later ones moved to places that were read before.
fn shorter(answer: &Answer, spot: &Spot, total: Option<u64>) -> Option<String> {
    let is_shorter = spot.total.zip(total).is_some_and(|(before, now)| now < before);
    is_shorter.then(|| format!("{}: the list became shorter while it was read, so items may have moved", answer.what()))
}

/// Why the only page of a list does not prove its end, if it does not have what the settings call the cursor or link: the place may be
/// wrong.
fn without_place(paging: &Paging, answer: &Answer) -> Option<String> {
    let has = |place: &Place| match place {
        Place::Pointer(pointer) => answer.body.pointer(pointer).is_some(),
        Place::Header(place) => answer.response.header(&place.header).is_some(),
    };
    let (is_there, what) = match &paging.step {
        Step::Cursor { from, .. } => (has(from), format!("no cursor {}", shown(from))),
        Step::Link(StepPlace::Body(pointer)) => {
            (answer.body.pointer(pointer).is_some(), format!("no link at `{pointer}`"))
        }
        Step::Link(StepPlace::Header(name)) => (answer.response.header(name).is_some(), format!("no header `{name}`")),
        Step::Offset { .. } | Step::Number { .. } => return None,
    };
    let cure = "if the API leaves it out when one page is all, write `end: left_out`; otherwise, correct `page`";
    (!is_there).then(|| format!("{}: there is {what}, so nothing proves that the list ended; {cure}", answer.what()))
}

/// The two halves of a part that has more items than the API gives.
fn halves(list: &List, answer: &Answer, spot: &Spot) -> Result<Option<Vec<Spot>>> {
    let (Some(_), Some(paging), Some(most)) = (list.split, &list.paging, list.max_items) else { return Ok(None) };
    if !matches!(spot.at, At::First) || total(paging, answer)?.is_none_or(|total| total < most) {
        return Ok(None);
    }
    let (from, to) = spot.part.unwrap_or_else(super::part::whole);
    let middle = from + (to - from) / 2;
    if middle == from {
        return Err(capped(answer, most));
    }
    let half = |part| Spot { part: Some(part), ..Spot::first() };
    Ok(Some(vec![half((from, middle)), half((middle, to))]))
}

/// Where the rest of a list begins that counts its items: several branches, which are read at the same time. The last one ends as
/// the list does.
fn branches(
    list: &List,
    paging: &Paging,
    answer: &Answer,
    spot: &Spot,
    items: &[Value],
    total: Option<u64>,
) -> Result<Option<Vec<Spot>>> {
    let size = items.len() as u64;
    let (Step::Offset { first, .. }, End::Total(_), At::First, Some(total)) =
        (&paging.step, &paging.end, &spot.at, total)
    else {
        return Ok(None);
    };
    let pages = total.saturating_sub(size).div_ceil(size.max(1));
    if size == 0 || pages < 2 {
        return Ok(None);
    }
    if let Some(most) = list.max_items.filter(|most| total >= *most) {
        return Err(capped(answer, most));
    }
    let each = pages.div_ceil(MOST_BRANCHES) * size;
    let mut spots = Vec::new();
    let mut begin = size;
    while begin < total {
        let end = begin + each;
        let until = (end < total).then_some(first + end);
        let of_branch = Spot::of(At::Offset(first + begin), begin);
        spots.push(Spot { until, total: Some(total), first: items.first().map(hash), ..of_branch });
        begin = end;
    }
    Ok(Some(spots))
}

/// What follows a page of a branch that ends where another one begins.
fn in_branch(list: &List, answer: &Answer, spot: &Spot, items: &[Value], (offset, until): (u64, u64)) -> Result<Next> {
    let received = items.len() as u64;
    let Some(paging) = &list.paging else { return Err(odd(answer, "a list without pages has no branches")) };
    let total = total(paging, answer)?;
    if is_first_again(spot, items) {
        return Err(repeated(answer));
    }
    let take = received.min(until.saturating_sub(offset));
    let at = offset + take;
    let empty = (take == 0).then(|| format!("{}: a page in the middle of the list is empty", answer.what()));
    let incomplete = shorter(answer, spot, total).or(empty);
    let seen = spot.seen + take;
    let goes_on = take > 0 && at < until;
    let spots = goes_on.then(|| Spot {
        until: Some(until),
        total: spot.total,
        first: spot.first,
        ..Spot::of(At::Offset(at), seen)
    });
    Ok(Next { spots: spots.into_iter().collect(), take, total, incomplete })
}

/// Whether a later page begins as the first one did.
fn is_first_again(spot: &Spot, items: &[Value]) -> bool {
    spot.first.is_some() && spot.first == items.first().map(hash)
}

/// A number for an item. It is only compared with those of the same list.
fn hash(item: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    item.to_string().hash(&mut hasher);
    // Numbers above this lose digits in some readers of JSON.
    hasher.finish() >> 12
}

fn capped(answer: &Answer, most: u64) -> Error {
    let what = format!("{}: the list has reached {most} items, where the API stops; more may exist", answer.what());
    Error::protocol(what).with_help("narrow the list with `query`, or read it in several sources")
}

/// The cursor or link to the next page, where the pages have one.
fn follow(paging: &Paging, answer: &Answer) -> Result<Option<String>> {
    Ok(match &paging.step {
        Step::Cursor { from, .. } => match answer.at(from) {
            None => None,
            Some(Value::String(text)) => Some(text).filter(|text| !text.is_empty()),
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(_) => return Err(odd(answer, "the cursor is neither a text nor a number")),
        },
        Step::Link(StepPlace::Body(pointer)) => match answer.body.pointer(pointer) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.is_empty() => None,
            Some(Value::String(text)) => Some(answer.link(text)?),
            Some(_) => return Err(odd(answer, "the link to the next page is not a text")),
        },
        Step::Link(StepPlace::Header(name)) => match next_of_links(answer, name) {
            Some(link) => Some(answer.link(&link)?),
            None => None,
        },
        Step::Offset { .. } | Step::Number { .. } => None,
    })
}

fn step(paging: &Paging, answer: &Answer, spot: &Spot, received: u64, found: Option<String>) -> Result<At> {
    let more = || odd(answer, "more follows, but the page does not say where");
    match (&paging.step, &spot.at) {
        (Step::Cursor { .. }, _) => found.map(At::Cursor).ok_or_else(more),
        (Step::Link(_), _) => found.map(At::Link).ok_or_else(more),
        (Step::Offset { .. }, _) if received == 0 => {
            Err(odd(answer, "more follows, but the page is empty, so its end has no offset"))
        }
        (Step::Offset { first, .. }, At::Offset(_) | At::First) => {
            let begun = if let At::Offset(offset) = spot.at { offset } else { *first };
            Ok(At::Offset(begun + received))
        }
        (Step::Number { first, .. }, At::Page(_) | At::First) => {
            Ok(At::Page(if let At::Page(number) = spot.at { number + 1 } else { first + 1 }))
        }
        _ => Err(Error::protocol("the saved position of this run does not fit the settings any more")
            .with_help("drop the unfinished run with `--restart`")),
    }
}

/// How many items the whole list has.
fn total(paging: &Paging, answer: &Answer) -> Result<Option<u64>> {
    let ((Some(place), _) | (None, End::Total(place))) = (&paging.total, &paging.end) else { return Ok(None) };
    let number = match answer.at(place) {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    number.map(Some).ok_or_else(|| odd(answer, &format!("there is no total {}", shown(place))))
}

fn truth(answer: &Answer, place: &Place) -> Result<bool> {
    match answer.at(place) {
        Some(Value::Bool(truth)) => Ok(truth),
        Some(Value::String(text)) if text == "true" => Ok(true),
        Some(Value::String(text)) if text == "false" => Ok(false),
        _ => Err(odd(answer, &format!("there is neither true nor false {}", shown(place)))),
    }
}

/// The link with `rel="next"` (RFC 8288). Several headers, or several links in one.
fn next_of_links(answer: &Answer, name: &str) -> Option<String> {
    let values = answer.response.headers.get_all(name);
    values.iter().filter_map(|value| value.to_str().ok()).find_map(|value| {
        let mut rest = value;
        while let Some((_, after)) = rest.split_once('<') {
            let (link, after) = after.split_once('>')?;
            let end = after.find('<').unwrap_or(after.len());
            let is_next = after[..end].split([';', ',']).any(|part| {
                let part = part.trim().to_ascii_lowercase();
                part.strip_prefix("rel=")
                    .is_some_and(|rel| rel.trim_matches('"').split_whitespace().any(|word| word == "next"))
            });
            if is_next {
                return Some(link.trim().to_owned());
            }
            rest = &after[end..];
        }
        None
    })
}

fn shown(place: &Place) -> String {
    match place {
        Place::Pointer(pointer) => format!("at `{pointer}`"),
        Place::Header(header) => format!("in the header `{}`", header.header),
    }
}

fn odd(answer: &Answer, what: &str) -> Error {
    Error::protocol(format!("{}: {what}", answer.what()))
        .with_help("compare `page` in the settings with what the API returns")
}

fn repeated(answer: &Answer) -> Error {
    odd(answer, "pages that came already follow, so the list would never end")
}
