//! Whether one account holds one entitlement now.

use super::assignments::{Position, page_at};
use super::entitlements;
use super::one::FoundAccount;
use super::position::{Mark, Spot};
use super::subject::Subject;
use crate::api::{Api, Asked, undone};
use crate::settings::Where;
use crate::system::{Block, Lookup, Shape};
use connector_core::{Assignment, AssignmentState, EntitlementRef, Holder, Result};
use jiff::Timestamp;

/// Whether the account holds the entitlement with effect.
pub(crate) async fn holds(api: &Api, mark: Mark, found: &FoundAccount, wanted: &EntitlementRef) -> Result<bool> {
    if found.account.entitlements.contains(wanted) {
        return Ok(true);
    }
    let blocks = api.system.blocks.iter().enumerate();
    for (at, block) in blocks.filter(|(_, block)| !block.is_of_record() && block.is_about(&wanted.entitlement_type)) {
        let begin = match (&block.shape, &block.lookup) {
            (Shape::ForEachType(..), Some(lookup)) => {
                if look_up(api, mark, lookup, found, wanted).await? {
                    return Ok(true);
                }
                continue;
            }
            (Shape::ForEachType(..), None) => {
                let parent = parent(api, mark, block, wanted).await?;
                Position::Members { block: at, parent, spot: Spot::first() }
            }
            (Shape::ForEachAccount(_), _) => {
                let parent = found.subject.clone();
                Position::Members { block: at, parent, spot: Spot::first() }
            }
            (Shape::Flat(_), _) => Position::Flat { block: at, spot: Spot::first() },
            (Shape::InAccounts(_) | Shape::InType(..), _) => Position::Parents { block: at, spot: Spot::first() },
        };
        if is_among(api, mark, begin, found, wanted).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The entitlement as the requests of a block need it.
async fn parent(api: &Api, mark: Mark, block: &Block, wanted: &EntitlementRef) -> Result<Subject> {
    let (Shape::ForEachType(_, list) | Shape::ForEachAccount(list) | Shape::Flat(list)) = &block.shape else {
        return Ok(Subject::of_id(&wanted.id));
    };
    let used = list.expressions().flat_map(|one| one.members("parent"));
    let needs_more = used.into_iter().any(|member| member != "id") || !block.parent_members.is_empty();
    if needs_more { entitlements::look_up(api, mark, wanted).await } else { Ok(Subject::of_id(&wanted.id)) }
}

async fn look_up(
    api: &Api,
    mark: Mark,
    lookup: &Lookup,
    found: &FoundAccount,
    wanted: &EntitlementRef,
) -> Result<bool> {
    let used = lookup.path.expressions().chain(lookup.query.expressions()).flat_map(|one| one.members("entitlement"));
    let needs_more = used.into_iter().any(|member| member != "id");
    let entitlement =
        if needs_more { entitlements::look_up(api, mark, wanted).await? } else { Subject::of_id(&wanted.id) };
    let asked = {
        let vars = api.system.vars();
        let vars = vars.with_own("entitlement", entitlement.json()).with_own("account", found.subject.json());
        Asked::new(&lookup.path, &lookup.query, &vars).map_err(|fault| undone("`lookup`", &fault))?
    };
    // Some APIs answer a lookup with 204 and no body.
    let response = api.send(&connector_http::Method::GET, &asked, Where::Assignments, |request| request).await?;
    if lookup.absent.contains(&response.status) {
        return Ok(false);
    }
    if response.status == 204 && lookup.when.is_none() {
        return Ok(true);
    }
    let answer = api.judged(response, &connector_http::Method::GET, &asked, Where::Assignments)?;
    match &lookup.when {
        None => Ok(true),
        Some(when) => {
            let vars = api.system.vars().with("body", &answer.body);
            when.truth(&vars).map_err(|fault| undone("`lookup.when`", &fault))
        }
    }
}

/// Reads a branch until it shows the assignment.
async fn is_among(
    api: &Api,
    mark: Mark,
    begin: Position,
    found: &FoundAccount,
    wanted: &EntitlementRef,
) -> Result<bool> {
    let mut left = vec![begin];
    while let Some(position) = left.pop() {
        let page = page_at(api, mark, &position).await?;
        if let Some(why) = page.incomplete() {
            return Err(connector_core::Error::protocol(format!("whether {wanted} is held can't be read: {why}")));
        }
        if page.items().iter().any(|one| is_it(one, found, wanted)) {
            return Ok(true);
        }
        for cursor in page.next() {
            left.extend(cursor.position::<Position>()?);
        }
    }
    Ok(false)
}

fn is_it(one: &Assignment, found: &FoundAccount, wanted: &EntitlementRef) -> bool {
    let is_holder = match &one.holder {
        Holder::Account(id) => *id == found.account.id,
        Holder::Alias(alias) => Some(alias) == found.account.alias.as_ref(),
        _ => false,
    };
    let has_ended = one.valid_until.is_some_and(|until| until <= Timestamp::now());
    is_holder && one.entitlement == *wanted && one.state == AssignmentState::Active && !has_ended
}
