//! Reads what users can hold.

use super::data_permissions::DataPermissions;
use super::permissions::{self, BEHIND_GROUPS, OfGroups};
use super::types::{Allows, KINDS, Kind, TYPES};
use crate::api::Rest;
use crate::api::keyset::{self, Position};
use crate::api::ranges::Span;
use crate::api::record::Row;
use crate::api::rights;
use crate::api::soql::Select;
use crate::error;
use connector_core::{AttributesBuilder, Cursor, Entitlement, EntitlementRef, Page, Result};

/// Reads one page. The first page returns a cursor for every type, so that they are read in parallel.
pub(crate) async fn page(rest: &Rest, data: &DataPermissions, cursor: &Cursor) -> Result<Page<Entitlement>> {
    let Some(position) = cursor.position::<Position>()? else {
        let types = TYPES.iter().map(|known| keyset::cursor(known.name, Span::default()));
        return Ok(Page::fork(Vec::new(), types.collect::<Result<_>>()?));
    };
    let Some((known, kind)) = TYPES.iter().zip(&KINDS).find(|(known, _)| known.name == position.of()) else {
        return Err(position.unknown());
    };
    let allowed = match kind.allows {
        Allows::Nothing => Vec::new(),
        Allows::ByFields | Allows::Takes => permissions::described(rest, kind.object).await?,
        Allows::BySetBehind => permissions::described(rest, BEHIND_GROUPS).await?,
    };
    let mut fields = kind.fields.to_vec();
    if kind.allows != Allows::BySetBehind {
        fields.extend_from_slice(&allowed);
    }
    let select = Select { object: kind.object, fields, filter: kind.filter.map(Into::into) };
    let span = position.span();
    match keyset::shown_part(rest, &select, span, None, |row| entitlement(row, known.name, kind)).await {
        Ok(mut part) => {
            if kind.allows == Allows::BySetBehind && !part.items.is_empty() && !allowed.is_empty() {
                let mut groups = OfGroups::read(rest, &allowed).await?;
                part.items.iter_mut().for_each(|group| groups.add_to(group));
            }
            let next = part.cursors(known.name, None)?;
            let gives = kind.allows != Allows::Nothing && !part.items.is_empty();
            let unseen = if gives { data.add_to(rest, &mut part.items).await? } else { Vec::new() };
            Ok(as_shown(Page::fork(part.items, next), rest, kind, (&allowed, &unseen)))
        }
        Err(refused) if error::is_missing_object(&refused) => {
            skip(kind.object, span, refused).map(|reason| Page::last(Vec::new()).with_skipped(known.name, reason))
        }
        Err(error) => Err(error),
    }
}

/// The page, with what the org does not show of its rows. A permission that the org does not describe is not taken for one that
/// nobody has.
fn as_shown(
    page: Page<Entitlement>,
    rest: &Rest,
    kind: &Kind,
    (allowed, unseen): (&[&'static str], &[&'static str]),
) -> Page<Entitlement> {
    let hidden = rest.hidden(kind.object);
    let shows_all =
        kind.allows == Allows::Nothing || (allowed.len() == permissions::PERMISSIONS.len() && unseen.is_empty());
    let page = unseen.iter().fold(page, |page, object| page.with_warning(rights::unseen_permissions(object)));
    if hidden.is_empty() && shows_all {
        return page;
    }
    let own = kind.fields.iter().map(|field| if Some(*field) == kind.description { "description" } else { *field });
    let is_hidden = |name: &str| {
        hidden.iter().any(|field| *field == name || (name == "description" && Some(*field) == kind.description))
    };
    // What nobody asked for is shown to be gone.
    let data = DataPermissions::names().filter(|name| !unseen.contains(name));
    let page = page.with_only_shown(own.chain(allowed.iter().copied()).chain(data).filter(|name| !is_hidden(name)));
    if hidden.is_empty() { page } else { page.with_warning(rights::hidden(kind.object, &hidden)) }
}

/// Why a missing object can be skipped. An error if every org has the object, or if some of it is already read.
pub(crate) fn skip(object: &'static str, span: Span, refused: connector_core::Error) -> Result<String> {
    let essential = rights::need(object).is_none_or(|need| need.essential);
    if essential || span != Span::default() {
        Err(rights::missing(object, refused))
    } else {
        Ok(rights::reason(object))
    }
}

/// A row as an entitlement. `None` for a row that is not an entitlement.
pub(crate) fn entitlement(row: &Row<'_>, name: &'static str, kind: &Kind) -> Result<Option<Entitlement>> {
    if is_behind_group(row)? {
        return Ok(None);
    }
    if let Some((field, value)) = kind.proof
        && row.text(field)?.as_deref() != Some(value)
    {
        return Err(row.odd(&format!("has a different `{field}` than requested")));
    }
    let (id, _) = row.id("Id")?;
    let mut attributes = AttributesBuilder::with_capacity(512);
    for (field, value) in row.cells() {
        if !value.is_plain() {
            return Err(row.odd(&format!("has a `{field}` that is not a plain value")));
        }
        if field != "Id" && Some(field) != kind.description {
            value.add_to(&mut attributes, field)?;
        }
    }
    let mut shown = None;
    for field in kind.names.iter().filter(|field| row.has(field)) {
        shown = shown.or(row.text(field)?.filter(|text| !text.is_empty()));
    }
    let description = match kind.description.filter(|field| row.has(field)) {
        Some(field) => row.text(field)?.filter(|text| !text.is_empty()).map(std::borrow::Cow::into_owned),
        None => None,
    };
    let label = shown.as_deref().unwrap_or(&id).to_owned();
    let mut entitlement = Entitlement::new(EntitlementRef::new(name, id), label);
    entitlement.description = description;
    entitlement.attributes = attributes.build();
    Ok(Some(entitlement))
}

/// Whether the row is the set that Salesforce creates behind a permission set group. It is not a separate entitlement. Either
/// field can show it.
fn is_behind_group(row: &Row<'_>) -> Result<bool> {
    let names_group = row.has("PermissionSetGroupId") && row.some_id("PermissionSetGroupId")?.is_some();
    Ok(names_group || (row.has("Type") && row.text("Type")?.as_deref() == Some("Group")))
}
