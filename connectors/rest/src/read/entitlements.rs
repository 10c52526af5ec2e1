//! Pages of entitlements.

use super::mapping;
use super::pages::{Batch, batch};
use super::position::{Mark, Spot};
use super::subject::Subject;
use crate::api::{Api, Asked, undone};
use crate::settings::Where;
use crate::system::{List, System, Type};
use connector_core::{Cursor, Entitlement, EntitlementRef, EntitlementType, Error, Page, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// A position in the entitlements of a type.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Position {
    of: String,
    spot: Spot,
}

/// The types of entitlements.
pub(crate) fn types(system: &System) -> Vec<EntitlementType> {
    let one = |of: &Type| {
        let made = EntitlementType::new(of.name.clone(), of.title.clone()).described(of.description.clone());
        let attributes = of.listed.iter().flat_map(|listed| listed.attributes.iter().map(|one| one.schema.clone()));
        let made = made.with_attributes(attributes.collect());
        let operations = &system.operations;
        let grants = operations.grant.contains_key(&of.name) || operations.revoke.contains_key(&of.name);
        if grants { made } else { made.not_grantable() }
    };
    system.types.iter().map(one).collect()
}

/// The request for the first page of a list of entitlements.
pub(super) fn asked(system: &System, list: &List) -> Result<Asked> {
    Asked::list(list, &system.vars()).map_err(|fault| undone("a list of entitlements", &fault))
}

/// The entitlements that the settings name.
pub(super) fn fixed(of: &Type) -> impl Iterator<Item = Entitlement> {
    of.fixed.iter().map(|(id, name)| Entitlement::new(EntitlementRef::new(of.name.clone(), id.clone()), name.clone()))
}

/// One page of entitlements. Each type is a branch.
pub(crate) async fn page(api: &Api, mark: Mark, cursor: &Cursor) -> Result<Page<Entitlement>> {
    page_at(api, mark, cursor.position()?, |position| position).await
}

/// The page at a position; `None` is the beginning. `wrap` puts a position into that of the whole read.
pub(super) async fn page_at<P: Serialize>(
    api: &Api,
    mark: Mark,
    position: Option<Position>,
    wrap: impl Fn(Position) -> P + Send,
) -> Result<Page<Entitlement>> {
    let system = &*api.system;
    let Some(Position { of, spot }) = position else {
        let fixed = system.types.iter().flat_map(fixed).collect();
        let listed = system.types.iter().filter(|of| of.listed.is_some());
        let begin = listed.map(|of| Cursor::of(&wrap(Position { of: of.name.clone(), spot: Spot::first() })));
        return Ok(Page::fork(fixed, begin.collect::<Result<_>>()?));
    };
    let Some(listed) = system.type_named(&of).and_then(|of| of.listed.as_ref()) else {
        return Err(Error::protocol("the saved position of this run does not fit the settings any more"));
    };
    let list = &listed.list;
    let Batch { items, next, incomplete, .. } =
        batch(api, list, asked(system, list)?, &spot, mark, Where::Entitlements).await?;
    let mut entitlements = Vec::new();
    for item in &items {
        entitlements.extend(mapping::entitlement(system, &of, listed, item)?);
    }
    let expires = list.paging.as_ref().is_some_and(|paging| paging.expires);
    let next = next.into_iter().map(|next| mark.cursor(|spot| wrap(Position { of: of.clone(), spot }), next, expires));
    let page = Page::fork(entitlements, next.collect::<Result<_>>()?);
    Ok(match incomplete {
        Some(why) => page.with_incomplete(why),
        None => page,
    })
}

/// An entitlement as requests use it, with these members of its item.
pub(super) fn subject(entitlement: &Entitlement, item: &Value, members: &BTreeSet<String>) -> Subject {
    let subject = Subject {
        id: entitlement.key.id.clone(),
        name: entitlement.name.clone(),
        alias: entitlement.alias.clone(),
        ..Subject::default()
    };
    subject.with_members(item, members)
}

/// Looks an entitlement up in its list, with its whole item.
pub(crate) async fn look_up(api: &Api, mark: Mark, wanted: &EntitlementRef) -> Result<Subject> {
    let system = &*api.system;
    let of = system.type_named(&wanted.entitlement_type);
    if let Some((id, name)) = of.and_then(|of| of.fixed.iter().find(|(id, _)| *id == wanted.id)) {
        return Ok(Subject { id: id.clone(), name: name.clone(), ..Subject::default() });
    }
    if let Some(listed) = of.and_then(|of| of.listed.as_ref()) {
        let mut left = vec![Spot::first()];
        while let Some(here) = left.pop() {
            let list = &listed.list;
            let batch = batch(api, list, asked(system, list)?, &here, mark, Where::Entitlements).await?;
            for item in &batch.items {
                if let Some(found) = mapping::entitlement(system, &wanted.entitlement_type, listed, item)?
                    && found.key.id == wanted.id
                {
                    return Ok(subject(&found, item, &BTreeSet::new()).with_item(item));
                }
            }
            left.extend(batch.next);
        }
    }
    Err(Error::not_found(format!("{wanted} does not exist")).with_help("`connector aggregate` reads which exist"))
}
