//! What users have now of the values that operations set.

use super::rows::Record;
use crate::api::Rest;
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::soql::{self, Select};
use crate::error;
use crate::users::fields::NOT_READ;
use crate::users::kept::is_same;
use crate::users::schema::USER;
use connector_core::Result;
use serde_json::Value;
use std::collections::BTreeMap;

/// Whether the user has all values of a record. False if the org does not show it.
pub(super) async fn has(rest: &Rest, user: RecordId, record: &Record) -> Result<bool> {
    let description = rest.describe(USER).await?;
    let mut wanted = BTreeMap::new();
    for (name, value) in record {
        match description.field(name).filter(|field| !NOT_READ.contains(&field.field_type.as_str())) {
            Some(field) => wanted.insert(field.name.as_str(), (field, value)),
            None => return Ok(false),
        };
    }
    let fields = std::iter::once("Id").chain(wanted.keys().copied()).collect();
    let select = Select { object: USER, fields, filter: Some(soql::one_of("Id", [user.as_str()]).into()) };
    let rows = keyset::all(rest, &select, |row| {
        for (name, (field, value)) in &wanted {
            let kept = serde_json::from_str(&row.json(name)?).unwrap_or(Value::Null);
            if !is_same(field, value, &kept) {
                return Ok(Some(false));
            }
        }
        Ok(Some(true))
    });
    match rows.await {
        Ok(rows) => Ok(rows == [true]),
        // Salesforce says at the change what it does not let the service account see.
        Err(refused) if error::is_refused_field(&refused) => Ok(false),
        Err(error) => Err(error),
    }
}
