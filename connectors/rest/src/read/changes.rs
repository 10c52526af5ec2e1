//! Reading only what changed: the accounts since a time, and every entitlement with its assignments.

use super::assignments::{self, page_at};
use super::position::{Mark, Spot};
use super::subject::Subject;
use super::{accounts, entitlements};
use crate::api::{Api, Asked, undone};
use crate::read::mapping::{self, moment};
use crate::settings::Where;
use crate::system::{Shape, Since, System};
use connector_core::{
    Account, Assignment, Cursor, EntitlementRef, Error, ErrorKind, Holder, Page, Result, SourceChange,
};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The most assignments of one account or entitlement that fit into one change.
const MOST_HELD: usize = 100_000;

/// A position in the changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Position {
    /// A watermark: everything since this time.
    Since(Timestamp),
    /// The accounts since this time.
    Accounts(Timestamp, accounts::Position),
    /// The entitlements.
    Entitlements(entitlements::Position),
    /// The assignments of a block.
    Assignments(assignments::Position),
}

/// Where a read of changes starts: the time at the API, by its own clock.
pub(crate) async fn watermark(api: &Api) -> Result<Cursor> {
    let system = &*api.system;
    let (asked, on) = match &system.test {
        Some(test) => {
            let asked = Asked::new(&test.path, &test.query, &system.vars());
            (asked.map_err(|fault| undone("`test`", &fault))?, Where::Test)
        }
        None => (accounts::asked(system, &Spot::first())?, Where::Accounts),
    };
    let answer = api.get(&asked, on).await?;
    let date = answer.response.header("date").and_then(|text| rfc2822::parse(text).ok());
    let date = date.ok_or_else(|| no_date(answer.what()))?;
    Cursor::of(&Position::Since(date.timestamp()))
}

fn no_date(what: &str) -> Error {
    Error::protocol(format!("{what}: the response has no valid `Date` header"))
        .with_help("the time of the API says where a read of changes starts; remove `accounts.since`")
}

/// One page of changes.
pub(crate) async fn page(api: &Api, mark: Mark, cursor: &Cursor) -> Result<Page<SourceChange>> {
    let system = &*api.system;
    let since = system.accounts.since.as_ref().ok_or_else(|| Error::unsupported("the settings have no `since`"))?;
    match cursor.position()?.ok_or_else(|| Error::protocol("a read of changes starts at a watermark"))? {
        Position::Since(time) => first(api, mark, since, time).await,
        Position::Accounts(time, accounts::Position::List(spot)) => {
            changed(api, mark, since, time, &spot).await.map(|(page, _)| page)
        }
        Position::Accounts(_, accounts::Position::Details(ids)) => {
            Ok(accounts::details(api, ids).await?.map(SourceChange::Account))
        }
        Position::Entitlements(position) => {
            let page = entitlements::page_at(api, mark, Some(position), Position::Entitlements).await?;
            Ok(page.map(SourceChange::Entitlement))
        }
        Position::Assignments(position) => held(api, mark, position).await,
    }
}

/// The first page: it says where the next read of changes starts, and begins the other branches.
async fn first(api: &Api, mark: Mark, since: &Since, time: Timestamp) -> Result<Page<SourceChange>> {
    let system = &*api.system;
    let (page, date) = changed(api, mark, since, time, &Spot::first()).await?;
    let date = date.ok_or_else(|| no_date("the list of accounts"))?;
    let mut more = Vec::new();
    let mut entitlements = Vec::new();
    if !system.types.is_empty() {
        let (fixed, next) = entitlements::page_at(api, mark, None, Position::Entitlements).await?.into_parts();
        entitlements.extend(fixed.into_iter().map(SourceChange::Entitlement));
        more.extend(next);
        for position in assignments::beginnings(system) {
            more.push(Cursor::of(&Position::Assignments(position))?);
        }
    }
    let incomplete = page.incomplete().map(str::to_owned);
    let warnings = page.warnings().to_vec();
    let hidden = page.not_shown().to_vec();
    let (items, mut next) = page.into_parts();
    next.extend(more);
    let mut whole = Page::fork(items, next).with_more(entitlements).with_watermark(Cursor::of(&Position::Since(date))?);
    if !hidden.is_empty() {
        whole = whole.with_not_shown(hidden);
    }
    for warning in warnings {
        whole = whole.with_warning(warning);
    }
    Ok(match incomplete {
        Some(why) => whole.with_incomplete(why),
        None => whole,
    })
}

/// A page of the accounts since a time, and the time of the response.
async fn changed(
    api: &Api,
    mark: Mark,
    since: &Since,
    time: Timestamp,
    spot: &Spot,
) -> Result<(Page<SourceChange>, Option<Timestamp>)> {
    let from = time.checked_sub(since.overlap).unwrap_or(time);
    let parameter = (since.parameter.clone(), written(&api.system, since, from)?);
    let wrap = |position| Position::Accounts(time, position);
    let (page, found) = accounts::listed(api, mark, spot, Some(parameter), wrap).await?;
    let mut gone = Vec::new();
    for item in &found.items {
        gone.extend(mapping::gone(&api.system, item)?.map(SourceChange::removed_account));
    }
    let mut page = page.map(|account: Account| SourceChange::Account(account)).with_more(gone);
    if has_older(&api.system, since, &found.items, from)? {
        page = page.with_warning(format!(
            "the API does not filter by `{}`: it shows accounts that did not change since then",
            since.parameter
        ));
    }
    Ok((page, found.date))
}

/// The time as the API wants it.
fn written(system: &System, since: &Since, time: Timestamp) -> Result<String> {
    let text = super::part::written(since.format, time);
    let Some(template) = &since.value else { return Ok(text) };
    let vars = system.vars().with_own("since", text.into());
    let value = template.text(&vars).map_err(|fault| undone("`accounts.since.value`", &fault))?;
    value.ok_or_else(|| Error::protocol("`accounts.since.value` gives no value"))
}

fn has_older(system: &System, since: &Since, items: &[Value], from: Timestamp) -> Result<bool> {
    for item in items {
        let vars = system.vars().with("item", item);
        let field = since.field.value(&vars).and_then(|value| moment(&value));
        let changed = field.map_err(|fault| undone("`accounts.since.field`", &fault))?;
        // Times are compared by seconds, which is what is sent.
        if changed.is_some_and(|changed| changed.as_second() < from.as_second()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Everything that each parent of a page has, as whole lists.
async fn held(api: &Api, mark: Mark, position: assignments::Position) -> Result<Page<SourceChange>> {
    let parents = match &position {
        assignments::Position::Members { .. } => {
            let change = whole(api, mark, position).await?;
            return Ok(match change {
                Ok(change) => Page::last(vec![change]),
                Err(why) => Page::last(Vec::new()).with_incomplete(why),
            });
        }
        _ => assignments::parents_at(api, mark, &position).await?,
    };
    let mut cursors = Vec::new();
    for next in parents.next {
        cursors.push(mark.cursor(|spot| Position::Assignments(position.at(spot)), next, parents.expires)?);
    }
    let mut changes = Vec::new();
    for (subject, inside) in parents.subjects {
        match inside {
            Some(held) => changes.push(SourceChange::AllOf(holder(api, &position, &subject)?, held)),
            None => cursors.push(Cursor::of(&Position::Assignments(position.members(subject)))?),
        }
    }
    let page = Page::fork(changes, cursors);
    Ok(match parents.incomplete {
        Some(why) => page.with_incomplete(why),
        None => page,
    })
}

/// The account or entitlement whose list it is.
fn holder(api: &Api, position: &assignments::Position, subject: &Subject) -> Result<Holder> {
    let block = api.system.blocks.get(position.block()).ok_or_else(assignments::stale)?;
    Ok(match &block.shape {
        Shape::ForEachType(of, _) | Shape::InType(of, _) => {
            Holder::Entitlement(EntitlementRef::new(of.clone(), subject.id.clone()))
        }
        _ => Holder::account(subject.id.clone()),
    })
}

/// The whole list of one parent; the inner error says why it can't be read.
async fn whole(api: &Api, mark: Mark, position: assignments::Position) -> Result<Result<SourceChange, String>> {
    let assignments::Position::Members { parent, .. } = &position else { return Err(assignments::stale()) };
    let of = holder(api, &position, parent)?;
    let mut held: Vec<Assignment> = Vec::new();
    let mut left = vec![position];
    while let Some(here) = left.pop() {
        let page = page_at(api, mark, &here).await?;
        if let Some(why) = page.incomplete() {
            return Ok(Err(why.to_owned()));
        }
        for cursor in page.next() {
            left.extend(cursor.position::<assignments::Position>()?);
        }
        held.extend(page.into_parts().0);
        if held.len() > MOST_HELD {
            return Err(Error::new(ErrorKind::Expired, format!("{of} has too many assignments for a read of changes")));
        }
    }
    Ok(Ok(SourceChange::AllOf(of, held)))
}
