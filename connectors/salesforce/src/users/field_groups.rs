//! More fields than one query has room for: several queries for the same users.

use crate::api::Rest;
use crate::api::keyset;
use crate::api::ranges::{RecordId, Span};
use crate::api::record::{self, Row};
use crate::api::soql::Select;
use crate::users::schema::USER;
use connector_core::{Account, Attributes, AttributesBuilder, Result};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How many bytes of a query may be fields. The conditions need the rest.
const MAX_FIELD_BYTES: usize = 10_000;

/// What stands between two fields in a URI.
const SEPARATOR: &str = "%2C+";

/// The fields in as few groups as possible, each small enough for a query. `Id` is the first of each.
pub(super) fn groups(names: &[String]) -> Vec<Vec<&str>> {
    let mut groups = vec![vec!["Id"]];
    let mut bytes = 0;
    for name in names.iter().filter(|name| *name != "Id") {
        let more = name.len() + SEPARATOR.len();
        if bytes + more > MAX_FIELD_BYTES {
            groups.push(vec!["Id"]);
            bytes = 0;
        }
        bytes += more;
        if let Some(group) = groups.last_mut() {
            group.push(name);
        }
    }
    groups
}

/// The plain values of a row, without its id.
pub(super) fn values(row: &Row<'_>) -> Result<Attributes> {
    let mut attributes = AttributesBuilder::with_capacity(1_024);
    for (name, value) in row.cells() {
        if !value.is_plain() {
            return Err(row.odd(&format!("has a `{name}` that is not a plain value")));
        }
        if name != "Id" {
            value.add_to(&mut attributes, name)?;
        }
    }
    Ok(attributes.build())
}

/// Adds a group of fields to users that were read without it, with a query for the same users.
pub(super) async fn add(
    rest: &Rest,
    fields: &[&str],
    filter: Option<&str>,
    span: Span,
    users: &mut [(RecordId, Account)],
) -> Result<()> {
    let filter = filter.map(|filter| Cow::Owned(filter.to_owned()));
    let select = Select { object: USER, fields: fields.to_vec(), filter };
    let rows = keyset::all_of(rest, &select, span, |row| Ok(Some((row.id("Id")?.1, values(row)?)))).await?;
    let rows: BTreeMap<RecordId, Attributes> = rows.into_iter().collect();
    for (id, account) in users {
        let more = rows.get(id).ok_or_else(|| record::odd(USER, "lacks a user whose other fields were read before"))?;
        let mut whole = AttributesBuilder::with_capacity(account.attributes.as_str().len() + more.as_str().len());
        for (name, value) in account.attributes.entries().into_iter().chain(more.entries()) {
            whole.push_raw(&name, value);
        }
        account.attributes = whole.build();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_in_one_group_and_each_group_fits_into_a_query() {
        let names: Vec<String> = std::iter::once("Id".to_owned())
            .chain((0..450).map(|number| format!("long_namespace__Some_Field_{number:03}__c")))
            .collect();
        let groups = groups(&names);
        assert!(groups.len() > 1 && groups.iter().all(|group| group[0] == "Id"));
        let read: Vec<_> = groups.iter().flat_map(|group| &group[1..]).copied().collect();
        assert_eq!(read, names[1..]);
        for fields in groups {
            let select = Select { object: USER, fields, filter: None };
            assert!(crate::api::rest::fits(&select.page(&Span::default())));
        }
        assert_eq!(super::groups(&names[..40]).len(), 1);
    }
}
