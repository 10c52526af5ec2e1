//! What users can hold.

use crate::keyset::{self, Position};
use crate::ranges::Span;
use crate::record::Row;
use crate::rest::Rest;
use crate::soql::Select;
use crate::{error, rights};
use connector_core::{AttributesBuilder, Cursor, Entitlement, EntitlementRef, EntitlementType, Page, Result};

/// The types, in the order of [`KINDS`].
pub(crate) const TYPES: &[KnownType] = &[
    described("profile", "Profile", "The user has this profile; users of the system itself have none."),
    described("role", "Role", "The user has this place in the role hierarchy."),
    described("permission_set", "Permission set", "The user has the permissions of this set."),
    described(
        "permission_set_group",
        "Permission set group",
        "The user has the permissions of the sets in this group.",
    ),
    described("group", "Public group", "The user is a direct member of this group."),
    described("queue", "Queue", "The user is a direct member of this queue."),
    license("permission_set_license", "Permission set licence", "The user takes up a seat of this licence."),
    license("package_license", "Package licence", "The user takes up a seat of this managed package."),
    described("territory", "Territory", "The user is assigned to this territory."),
];

/// A type of entitlement that Salesforce has.
pub(crate) struct KnownType {
    pub(crate) name: &'static str,
    title: &'static str,
    description: &'static str,
    pub(crate) rank: u8,
}

impl KnownType {
    /// The type in the terms of the contract.
    pub(crate) fn entitlement_type(&self) -> EntitlementType {
        EntitlementType::new(self.name, self.title).described(self.description).ranked(self.rank)
    }
}

const fn described(name: &'static str, title: &'static str, description: &'static str) -> KnownType {
    KnownType { name, title, description, rank: 1 }
}

/// A licence: permission sets may need it.
const fn license(name: &'static str, title: &'static str, description: &'static str) -> KnownType {
    KnownType { name, title, description, rank: 0 }
}

/// How a type is read.
pub(crate) struct Kind {
    pub(crate) object: &'static str,
    pub(crate) fields: &'static [&'static str],
    pub(crate) filter: Option<&'static str>,
    /// What every row of the answer must say: the field and value that the filter asked for.
    proof: Option<(&'static str, &'static str)>,
    /// Where the name is found: the first that isn't empty.
    pub(crate) names: &'static [&'static str],
    /// The one of the names that is unique.
    pub(crate) api_name: &'static str,
    description: Option<&'static str>,
}

pub(crate) const KINDS: [Kind; 9] = [
    Kind {
        object: "Profile",
        fields: &["Id", "Name", "Description", "UserLicenseId", "UserType", "CreatedDate", "LastModifiedDate"],
        filter: None,
        proof: None,
        names: &["Name"],
        api_name: "Name",
        description: Some("Description"),
    },
    Kind {
        object: "UserRole",
        fields: &["Id", "Name", "DeveloperName", "ParentRoleId", "RollupDescription", "PortalType", "LastModifiedDate"],
        filter: None,
        proof: None,
        names: &["Name", "DeveloperName"],
        api_name: "DeveloperName",
        description: Some("RollupDescription"),
    },
    Kind {
        object: "PermissionSet",
        fields: &[
            "Id",
            "Name",
            "Label",
            "Description",
            "Type",
            "PermissionSetGroupId",
            "LicenseId",
            "IsCustom",
            "NamespacePrefix",
            "CreatedDate",
            "LastModifiedDate",
        ],
        filter: Some("IsOwnedByProfile = false"),
        proof: None,
        names: &["Label", "Name"],
        api_name: "Name",
        description: Some("Description"),
    },
    Kind {
        object: "PermissionSetGroup",
        fields: &[
            "Id",
            "DeveloperName",
            "MasterLabel",
            "Description",
            "Status",
            "NamespacePrefix",
            "CreatedDate",
            "LastModifiedDate",
        ],
        filter: None,
        proof: None,
        names: &["MasterLabel", "DeveloperName"],
        api_name: "DeveloperName",
        description: Some("Description"),
    },
    group("Type = 'Regular'", "Regular"),
    group("Type = 'Queue'", "Queue"),
    Kind {
        object: "PermissionSetLicense",
        fields: &[
            "Id",
            "DeveloperName",
            "MasterLabel",
            "PermissionSetLicenseKey",
            "Status",
            "TotalLicenses",
            "UsedLicenses",
            "ExpirationDate",
        ],
        filter: None,
        proof: None,
        names: &["MasterLabel", "DeveloperName"],
        api_name: "DeveloperName",
        description: None,
    },
    Kind {
        object: "PackageLicense",
        fields: &["Id", "NamespacePrefix", "Status", "AllowedLicenses", "UsedLicenses", "ExpirationDate"],
        filter: None,
        proof: None,
        names: &["NamespacePrefix"],
        api_name: "NamespacePrefix",
        description: None,
    },
    Kind {
        object: "Territory2",
        fields: &["Id", "Name", "DeveloperName", "Description", "ParentTerritory2Id", "Territory2ModelId"],
        filter: None,
        proof: None,
        names: &["Name", "DeveloperName"],
        api_name: "DeveloperName",
        description: Some("Description"),
    },
];

const fn group(filter: &'static str, value: &'static str) -> Kind {
    Kind {
        object: "Group",
        fields: &["Id", "Name", "DeveloperName", "Type", "Email", "OwnerId", "CreatedDate", "LastModifiedDate"],
        filter: Some(filter),
        proof: Some(("Type", value)),
        names: &["Name", "DeveloperName"],
        api_name: "DeveloperName",
        description: None,
    }
}

/// How a type is read.
pub(crate) fn kind(entitlement_type: &str) -> Option<&'static Kind> {
    TYPES.iter().zip(&KINDS).find(|(known, _)| known.name == entitlement_type).map(|(_, kind)| kind)
}

/// One page. The start names every type, so that they are read side by side.
pub(crate) async fn page(rest: &Rest, cursor: &Cursor) -> Result<Page<Entitlement>> {
    let Some(position) = cursor.position::<Position>()? else {
        let types = TYPES.iter().map(|known| keyset::cursor(known.name, Span::default()));
        return Ok(Page::fork(Vec::new(), types.collect::<Result<_>>()?));
    };
    let Some((known, kind)) = TYPES.iter().zip(&KINDS).find(|(known, _)| known.name == position.of()) else {
        return Err(position.unknown());
    };
    let select = Select { object: kind.object, fields: kind.fields.to_vec(), filter: kind.filter.map(Into::into) };
    let span = position.span();
    match keyset::shown_part(rest, &select, span, None, |row| entitlement(row, known.name, kind)).await {
        Ok(part) => {
            let next = part.cursors(known.name)?;
            let page = Page::fork(part.items, next);
            let hidden = rest.hidden(kind.object);
            Ok(if hidden.is_empty() { page } else { page.with_warning(rights::hidden(kind.object, &hidden)) })
        }
        Err(refused) if error::is_missing_object(&refused) => {
            skip(kind.object, span, refused).map(|reason| Page::last(Vec::new()).with_skipped(known.name, reason))
        }
        Err(error) => Err(error),
    }
}

/// Why a missing object may be passed over; an error when every org has it or some of it was read already.
pub(crate) fn skip(object: &'static str, span: Span, refused: connector_core::Error) -> Result<String> {
    let essential = rights::need(object).is_none_or(|need| need.essential);
    if essential || span != Span::default() {
        Err(rights::missing(object, refused))
    } else {
        Ok(rights::reason(object))
    }
}

/// One of them as an entitlement; nothing for a row that is none.
pub(crate) fn entitlement(row: &Row<'_>, name: &'static str, kind: &Kind) -> Result<Option<Entitlement>> {
    if is_behind_group(row)? {
        return Ok(None);
    }
    if let Some((field, value)) = kind.proof
        && row.text(field)?.as_deref() != Some(value)
    {
        return Err(row.odd(&format!("has another `{field}` than was asked for")));
    }
    let (id, _) = row.id("Id")?;
    let mut attributes = AttributesBuilder::with_capacity(256);
    for (field, value) in row.cells() {
        if value.get().starts_with(['{', '[']) {
            return Err(row.odd(&format!("has a `{field}` that is no plain value")));
        }
        if field != "Id" && Some(field) != kind.description {
            attributes.push_raw(field, value);
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

/// Whether it is the set in which Salesforce sums up a permission set group: no entitlement of its own. Either field says it.
fn is_behind_group(row: &Row<'_>) -> Result<bool> {
    let names_group = row.has("PermissionSetGroupId") && row.some_id("PermissionSetGroupId")?.is_some();
    Ok(names_group || (row.has("Type") && row.text("Type")?.as_deref() == Some("Group")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_read_by_its_own_object_and_named_by_its_own_fields() {
        assert_eq!(TYPES.len(), KINDS.len());
        for (known, kind) in TYPES.iter().zip(&KINDS) {
            assert!(rights::need(kind.object).is_some(), "{}", known.name);
            assert_eq!(kind.fields[0], "Id");
            assert!(
                kind.names.iter().chain(&kind.description).all(|name| kind.fields.contains(name)),
                "{}",
                known.name
            );
            assert!(kind.names.contains(&kind.api_name), "{}", known.name);
        }
    }
}
