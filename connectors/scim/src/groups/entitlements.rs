//! Lists of entitlements.

use super::types::{Kind, kinds, named};
use crate::lists::{List, Place};
use crate::protocol::{Members, Object, items, quoted, text};
use crate::source::Source;
use connector_core::{AttributesBuilder, Cursor, Entitlement, EntitlementRef, Error, Page, Result};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A position in the lists of entitlements or assignments.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct At {
    /// The type of entitlement.
    pub(super) of: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) place: Option<Place>,
}

impl At {
    /// Where to go back to after the connection is lost.
    pub(super) fn anchor(of: &str) -> Result<Cursor> {
        Cursor::of(&Self { of: of.to_owned(), place: None })
    }

    /// The cursor of another place in the same list.
    pub(super) fn cursor(of: &str, place: &Place) -> Result<Cursor> {
        let at = Self { of: of.to_owned(), place: Some(place.clone()) };
        place.cursor(&at, &Self::anchor(of)?)
    }

    /// The type at this position.
    pub(super) fn kind(&self, source: &Source) -> Result<Kind> {
        named(source, &self.of).ok_or_else(|| {
            Error::protocol(format!("the settings have no entitlements `{}`", self.of))
                .with_help("drop the unfinished run with `--restart`")
        })
    }
}

/// One page of entitlements.
pub(crate) async fn entitlements(source: &Source, cursor: &Cursor) -> Result<Page<Entitlement>> {
    let at = match cursor.position::<At>()? {
        Some(at) => at,
        None => match kinds(&source.settings).as_slice() {
            [only] => At { of: only.name.clone(), place: None },
            several => {
                let starts = several.iter().map(|kind| At::anchor(&kind.name)).collect::<Result<_>>()?;
                return Ok(Page::fork(Vec::new(), starts));
            }
        },
    };
    let kind = at.kind(source)?;
    if !kind.is_resource {
        return values(source, &kind).await.map(Page::last);
    }
    let what = format!("{} resources", kind.given);
    let list = list_for(source, &kind, &what, ("entitlements", Members::LeftOut)).await?;
    let part = list.part(at.place.as_ref(), &|id, row| Ok(entitlement(&kind, id, row))).await?;
    let incomplete = part.incomplete(&what, false);
    let next = part.next.iter().map(|place| At::cursor(&kind.name, place)).collect::<Result<_>>()?;
    let page = Page::fork(part.items, next).with_estimate(part.total);
    Ok(match incomplete {
        Some(reason) => page.with_incomplete(reason),
        None => page,
    })
}

/// The list that entitlements and assignments are read from, with what they are and who is in them, so that each page is requested
/// once for both.
pub(super) async fn list_for<'a>(
    source: &'a Source,
    kind: &Kind,
    what: &'a str,
    reader: (&'static str, Members),
) -> Result<List<'a>> {
    if source.users_list_groups() {
        return list(source, kind, what, ("excludedAttributes", "members")).await;
    }
    let of = source.service.discovery().await?.resource_type(&kind.given)?;
    Ok(List { reader: Some(reader), ..source.list(of, what) })
}

/// The list of the resources of a type.
pub(super) async fn list<'a>(
    source: &'a Source,
    kind: &Kind,
    what: &'a str,
    query: (&'static str, &str),
) -> Result<List<'a>> {
    let of = source.service.discovery().await?.resource_type(&kind.given)?;
    let mut list = source.list(of, what);
    list.query = vec![(query.0, query.1.to_owned())];
    Ok(list)
}

pub(crate) fn entitlement(kind: &Kind, id: &str, resource: &Object<'_>) -> Entitlement {
    let name = resource.text("displayName").or_else(|| resource.text("name")).filter(|name| !name.is_empty());
    let key = EntitlementRef::new(kind.name.clone(), id);
    let mut entitlement = Entitlement::new(key, name.unwrap_or_else(|| id.into()));
    entitlement.description = resource.text("description").map(std::borrow::Cow::into_owned);
    let mut builder = AttributesBuilder::default();
    for (name, value) in resource.members() {
        match name.to_ascii_lowercase().as_str() {
            "id" | "schemas" | "meta" | "members" | "displayname" | "description" => {}
            lower if lower.starts_with("urn:") => {
                for (attribute, value) in Object::read(value).iter().flat_map(Object::members) {
                    builder.push_raw(&format!("{name}:{attribute}"), value);
                }
            }
            _ => builder.push_raw(name, value),
        }
    }
    entitlement.attributes = builder.build();
    entitlement
}

/// The values of an attribute that users have. Nothing lists them, so this reads all users and keeps the values.
async fn values(source: &Source, kind: &Kind) -> Result<Vec<Entitlement>> {
    let mut list = source.users().await?;
    list.query = vec![("attributes", kind.given.clone())];
    let of_user =
        |_: &str, user: &Object<'_>| Ok(user.list(&kind.given).into_iter().filter_map(value_and_name).collect());
    let all: Vec<Vec<(String, Option<String>)>> = list.all(&of_user).await?;
    let mut values: BTreeMap<String, Option<String>> = BTreeMap::new();
    for (value, name) in all.into_iter().flatten() {
        let known = values.entry(value).or_default();
        *known = known.take().or(name);
    }
    let entitlement = |(value, name): (String, Option<String>)| {
        let key = EntitlementRef::new(kind.name.clone(), value.clone());
        Entitlement::new(key, name.unwrap_or(value))
    };
    Ok(values.into_iter().map(entitlement).collect())
}

/// The value of an item, and its name for people.
pub(super) fn value_and_name(item: &RawValue) -> Option<(String, Option<String>)> {
    let some = |text: std::borrow::Cow<'_, str>| Some(text.into_owned()).filter(|text| !text.is_empty());
    match Object::read(item) {
        Some(object) => Some((some(object.text("value")?)?, object.text("display").and_then(some))),
        None => items(item).first().and_then(|item| text(item)).and_then(some).map(|value| (value, None)),
    }
}

/// For each of `wanted`, the entitlements with that id or name.
pub(crate) async fn find(source: &Source, wanted: &[EntitlementRef]) -> Result<Vec<Vec<Entitlement>>> {
    let mut found: Vec<Vec<Entitlement>> = wanted.iter().map(|_| Vec::new()).collect();
    for kind in kinds(&source.settings) {
        let of_kind: Vec<usize> =
            (0..wanted.len()).filter(|place| wanted[*place].entitlement_type == kind.name).collect();
        if of_kind.is_empty() {
            continue;
        }
        let mut left = Vec::new();
        for place in of_kind {
            match by_id(source, &kind, &wanted[place].id).await? {
                Some(one) => found[place].push(one),
                None => left.push(place),
            }
        }
        if left.is_empty() {
            continue;
        }
        // One read of the list finds all names, and needs no filter that the server may ignore.
        let all = if kind.is_resource {
            let list = list(source, &kind, "groups", ("excludedAttributes", "members")).await?;
            list.all(&|id, row| Ok(entitlement(&kind, id, row))).await?
        } else {
            values(source, &kind).await?
        };
        for place in left {
            let named = all.iter().filter(|one| one.name == wanted[place].id || one.key.id == wanted[place].id);
            found[place].extend(named.cloned());
        }
    }
    Ok(found)
}

async fn by_id(source: &Source, kind: &Kind, id: &str) -> Result<Option<Entitlement>> {
    if !kind.is_resource {
        return Ok(None);
    }
    let of = source.service.discovery().await?.resource_type(&kind.given)?;
    let query = [("excludedAttributes", "members")];
    let doing = format!("reading {} {}", kind.name, quoted(id));
    let Some(response) = source.service.resource(&of.endpoint, id, &query, &doing).await? else { return Ok(None) };
    let resource = Object::of(&response, &doing)?;
    let is_it = resource.text("id").as_deref() == Some(id);
    Ok(is_it.then(|| entitlement(kind, id, &resource)))
}
