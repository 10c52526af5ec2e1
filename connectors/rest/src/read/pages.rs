//! One page of a list.

use super::next::next;
use super::position::{At, Mark, Spot};
use crate::api::{Api, Asked};
use crate::expression::{escaped, put};
use crate::settings::Where;
use crate::system::{List, Step};
use connector_core::{Error, Result};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::Value;

/// The items of a page, none filtered out, and what follows.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) items: Vec<Value>,
    pub(super) next: Vec<Spot>,
    pub(super) total: Option<u64>,
    pub(super) incomplete: Option<String>,
    /// When the API answered, by its own clock.
    pub(super) date: Option<Timestamp>,
}

/// Reads the page at a position of a list. `asked` is its first page.
pub(super) async fn batch(api: &Api, list: &List, asked: Asked, spot: &Spot, mark: Mark, on: Where) -> Result<Batch> {
    mark.check(spot)?;
    let asked = placed(list, asked, spot)?;
    let mut answer = api.get(&asked, on).await?;
    let Some(Value::Array(mut items)) = answer.body.pointer_mut(&list.items).map(Value::take) else {
        let at = if list.items.is_empty() {
            "the body is not a list".to_owned()
        } else {
            format!("there is no list at `{}`", list.items)
        };
        return Err(Error::protocol(format!("{}: {at}", answer.what()))
            .with_help("compare `items` in the settings with what the API returns"));
    };
    let mut next = next(list, &answer, spot, &items)?;
    for one in &mut next.spots {
        one.part = one.part.or(spot.part);
    }
    items.truncate(usize::try_from(next.take).unwrap_or(usize::MAX));
    let date = answer.response.header("date").and_then(|text| rfc2822::parse(text).ok()).map(|date| date.timestamp());
    Ok(Batch { items, next: next.spots, total: next.total, incomplete: next.incomplete, date })
}

/// All items of a list that an operation needs, whatever `keep` says. Fails if its end is not proven.
pub(crate) async fn items(api: &Api, list: &List, asked: Asked, mark: Mark, on: Where) -> Result<Vec<Value>> {
    let mut items = Vec::new();
    let mut left = vec![Spot::first()];
    while let Some(here) = left.pop() {
        let page = batch(api, list, asked.clone(), &here, mark, on).await?;
        if let Some(why) = page.incomplete {
            return Err(Error::protocol(why).with_help("nothing was sent, because the list may have more items"));
        }
        items.extend(page.items);
        left.extend(page.next);
    }
    Ok(items)
}

/// The request for a page.
fn placed(list: &List, mut asked: Asked, spot: &Spot) -> Result<Asked> {
    let Some(paging) = &list.paging else { return Ok(asked) };
    let value = match (&paging.step, &spot.at) {
        (Step::Cursor { .. } | Step::Link(_), At::First) => return Ok(asked),
        // The link has all parameters of its own.
        (Step::Link(_), At::Link(link)) => return Ok(Asked { path: link.clone(), query: Vec::new(), body: None }),
        (Step::Cursor { .. }, At::Cursor(cursor)) => Value::from(cursor.clone()),
        (Step::Offset { first, .. } | Step::Number { first, .. }, At::First) => Value::from(*first),
        (Step::Offset { .. }, At::Offset(number)) | (Step::Number { .. }, At::Page(number)) => Value::from(*number),
        _ => {
            return Err(Error::protocol("the saved position of this run does not fit the settings any more")
                .with_help("drop the unfinished run with `--restart`"));
        }
    };
    match (paging.parameter(), &mut asked.body) {
        (Some(parameter), Some(body)) if parameter.starts_with('/') => put(body, parameter, value),
        (Some(parameter), Some(body)) => put(body, &format!("/{}", escaped(parameter)), value),
        (Some(parameter), None) => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            asked.query.push((parameter.to_owned(), text));
        }
        (None, _) => {}
    }
    Ok(asked)
}
