//! Finds entitlements by id or by any of their names.

use super::read::entitlement;
use super::types::{KINDS, Kind, TYPES};
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::rest::{self, Rest};
use crate::api::rights;
use crate::api::soql::{self, Select};
use crate::error;
use connector_core::{Entitlement, EntitlementRef, Result};
use std::collections::{BTreeMap, BTreeSet};

/// The most entitlements in one query.
const MAX_NAMES_PER_QUERY: usize = 100;

/// No name in Salesforce is longer. A much longer one does not fit into a query.
const MAX_NAME_CHARS: usize = 255;

/// For each of `wanted`, the entitlements of its type that have its id as id, API name or label. An id takes precedence
/// over an API name, which is unique, and an API name takes precedence over a label.
pub(crate) async fn entitlements(rest: &Rest, wanted: &[EntitlementRef]) -> Result<Vec<Vec<Entitlement>>> {
    let mut found: Vec<Vec<Entitlement>> = wanted.iter().map(|_| Vec::new()).collect();
    for (known, kind) in TYPES.iter().zip(&KINDS) {
        let texts: BTreeSet<&str> = wanted
            .iter()
            .filter(|one| one.entitlement_type == known.name)
            .map(|one| one.id.as_str())
            .filter(|text| !text.is_empty() && text.chars().count() <= MAX_NAME_CHARS)
            .collect();
        if texts.is_empty() {
            continue;
        }
        let candidates = named(rest, known.name, kind, &texts.into_iter().collect::<Vec<_>>()).await?;
        let index = Index::of(&candidates, kind);
        for (wanted, found) in wanted.iter().zip(&mut found) {
            if wanted.entitlement_type == known.name {
                *found = index.meant(&wanted.id).into_iter().map(|place| candidates[place].clone()).collect();
            }
        }
    }
    Ok(found)
}

/// All entitlements of a type that have one of the texts as id or as a name.
async fn named(rest: &Rest, name: &'static str, kind: &'static Kind, texts: &[&str]) -> Result<Vec<Entitlement>> {
    let mut found = Vec::new();
    let fits = |texts: &[&str]| rest::fits(&select(rest, kind, texts).page(&keyset::FIRST));
    let mut left = soql::portions(texts, MAX_NAMES_PER_QUERY, &fits);
    while let Some(portion) = left.pop() {
        let before = rest.hidden(kind.object);
        let answer = match part(rest, name, kind, portion).await {
            // The condition contained a field that the org hides. The connector knows it now.
            Err(refused) if error::is_refused_field(&refused) && rest.hidden(kind.object) != before => {
                part(rest, name, kind, portion).await
            }
            answer => answer,
        };
        match answer {
            Ok(some) => found.extend(some),
            // One malformed id must not stop the search for the others.
            Err(refused) if error::is_malformed_id(&refused) => left.extend(soql::halves(portion)),
            // Without the object, there is nothing to find.
            Err(refused) if error::is_missing_object(&refused) => {
                if rights::need(kind.object).is_none_or(|need| need.essential) {
                    return Err(rights::missing(kind.object, refused));
                }
                return Ok(Vec::new());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

async fn part(rest: &Rest, name: &'static str, kind: &'static Kind, texts: &[&str]) -> Result<Vec<Entitlement>> {
    let select = select(rest, kind, texts);
    let mut found = Vec::new();
    let mut left = vec![keyset::FIRST];
    while let Some(span) = left.pop() {
        let part = keyset::shown_part(rest, &select, span, None, |row| entitlement(row, name, kind)).await?;
        found.extend(part.items);
        left.extend(part.next);
    }
    Ok(found)
}

fn select(rest: &Rest, kind: &'static Kind, texts: &[&str]) -> Select<'static> {
    let hidden = rest.hidden(kind.object);
    let ids: Vec<_> = texts.iter().filter_map(|text| RecordId::read(text)).collect();
    let mut conditions: Vec<String> =
        kind.names.iter().filter(|name| !hidden.contains(name)).map(|name| soql::one_of(name, texts.iter())).collect();
    if !ids.is_empty() {
        conditions.push(soql::one_of("Id", ids.iter().map(RecordId::as_str)));
    }
    let named = format!("({})", conditions.join(" OR "));
    let filter = kind.filter.map_or(named.clone(), |filter| format!("{filter} AND {named}"));
    Select { object: kind.object, fields: kind.fields.to_vec(), filter: Some(filter.into()) }
}

/// The candidates of a type, by everything that identifies them, in lowercase.
#[derive(Default)]
struct Index {
    ids: BTreeMap<RecordId, usize>,
    api_names: BTreeMap<String, Vec<usize>>,
    names: BTreeMap<String, Vec<usize>>,
}

impl Index {
    fn of(candidates: &[Entitlement], kind: &Kind) -> Self {
        let mut index = Self::default();
        for (place, one) in candidates.iter().enumerate() {
            index.ids.extend(RecordId::read(&one.key.id).map(|id| (id, place)));
            let mut names: Vec<_> = kind.names.iter().filter_map(|field| called(one, field)).collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                index.names.entry(name).or_default().push(place);
            }
            if let Some(name) = called(one, kind.api_name) {
                index.api_names.entry(name).or_default().push(place);
            }
        }
        index
    }

    /// What a text means: the entitlement with this id, or the only one with this API name, or all with this name.
    fn meant(&self, text: &str) -> Vec<usize> {
        let id = RecordId::read(text).and_then(|id| self.ids.get(&id));
        let name = text.to_lowercase();
        match (id, self.api_names.get(&name).map(Vec::as_slice)) {
            (Some(one), _) | (None, Some([one])) => vec![*one],
            _ => self.names.get(&name).cloned().unwrap_or_default(),
        }
    }
}

fn called(one: &Entitlement, field: &str) -> Option<String> {
    one.attributes.get::<String>(field).map(|name| name.to_lowercase())
}
