//! What follows a page, and what proves that it is the last one.
//!
//! Items are counted as they come, before any is filtered out.

use super::position::{At, Spot};
use crate::api::Answer;
use crate::settings::Place;
use crate::system::{End, List, Paging, Step, StepPlace};
use connector_core::{Error, Result};
use serde_json::Value;

/// How many items more than twice its total a list may show.
const ROOM: u64 = 1000;

/// What follows a page.
#[derive(Debug)]
pub(super) struct Next {
    pub(super) spot: Option<Spot>,
    pub(super) total: Option<u64>,
    /// Why the list is not proven to be complete.
    pub(super) incomplete: Option<String>,
}

/// What follows a page with so many items.
pub(super) fn next(list: &List, answer: &Answer, spot: &Spot, received: u64) -> Result<Next> {
    let seen = spot.seen + received;
    if let Some(most) = list.max_items.filter(|most| seen >= *most) {
        return Err(Error::protocol(format!(
            "{}: the list has reached {most} items, where the API stops; more may exist",
            answer.what()
        ))
        .with_help("narrow the list with `query`, or read it in several sources"));
    }
    let Some(paging) = &list.paging else { return Ok(Next { spot: None, total: None, incomplete: None }) };
    let total = total(paging, answer)?;
    let found = follow(paging, answer)?;
    let mut incomplete = None;
    let ended = match &paging.end {
        End::NoCursor => found.is_none(),
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
        }
        return Ok(Next { spot: None, total, incomplete });
    }
    let at = step(paging, answer, spot, received, found)?;
    // A few items come twice when others are added meanwhile. More than that is a circle of pages.
    let is_circle = total.is_some_and(|total| seen > total.saturating_mul(2).saturating_add(ROOM));
    if at == spot.at || is_circle {
        return Err(repeated(answer));
    }
    let seen = if list.counts() { seen } else { 0 };
    Ok(Next { spot: Some(Spot::of(at, seen)), total, incomplete: None })
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
