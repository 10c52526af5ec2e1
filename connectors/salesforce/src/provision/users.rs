//! Making users and changing their own rows.

use super::current;
use super::emails;
use super::pace::Pace;
use super::rows::{self, Record, Records};
use super::{HOLDS_IT, HOLDS_IT_NOT, applied, unchanged, user};
use crate::api::Rest;
use crate::users::accounts::INLINE;
use connector_core::{Change, Operation, Outcome, Result};
use serde_json::Value;

/// Makes users.
pub(super) async fn make(rest: &Rest, pace: &Pace, operations: &[Operation]) -> Result<Vec<Result<Outcome>>> {
    let records: Vec<_> = operations.iter().map(whole).collect();
    let rows = rows::send(rest, pace, Records::Make("User", Some("005"), &records), "creating users").await?;
    let outcome = |(row, operation): (rows::Row, &Operation)| {
        row.map(applied).map_err(|refused| refused.error(&format!("creating the user `{}`", operation.target())))
    };
    Ok(rows.into_iter().zip(operations).map(outcome).collect())
}

/// Changes rows of users, whether that updates, enables or disables them.
pub(super) async fn change(rest: &Rest, pace: &Pace, operations: &[Operation]) -> Result<Vec<Result<Outcome>>> {
    let (mut known, mut asked, mut verbs) = (Vec::new(), Vec::new(), Vec::new());
    for operation in operations {
        match user(operation) {
            Ok(user) => {
                asked.push((user, changes(operation)));
                verbs.push(verb(operation));
                known.push(None);
            }
            Err(error) => known.push(Some(Err(error))),
        }
    }
    let rows = rows::send(rest, pace, Records::Change("User", &asked), "changing users").await?;
    let outcome = |(row, verb): (rows::Row, &'static str)| row.map(applied).map_err(|refused| refused.error(verb));
    let outcomes = rows::merge(known, rows.into_iter().zip(verbs).map(outcome));
    Ok(emails::with_unconfirmed(rest, operations, outcomes).await)
}

/// Whether the user has already what an operation sets. Salesforce accepts the same values again and does not say so.
pub(super) async fn has_already(rest: &Rest, operation: &Operation) -> Result<Option<Outcome>> {
    let (user, record) = (user(operation)?, changes(operation));
    if record.is_empty() || !current::has(rest, user, &record).await? {
        return Ok(None);
    }
    Ok(Some(unchanged(match operation.change {
        Change::Enable => "already enabled",
        Change::Disable => "already disabled",
        Change::Grant { .. } => HOLDS_IT,
        Change::Revoke { .. } => HOLDS_IT_NOT,
        _ => "already has these values",
    })))
}

fn whole(operation: &Operation) -> Record {
    let mut record = Record::new();
    if let Change::Create { name, attributes, .. } = &operation.change {
        record.insert("Username".to_owned(), Value::from(name.as_str()));
        record.extend(attributes.clone());
    }
    record
}

fn changes(operation: &Operation) -> Record {
    let active = |active: bool| Record::from_iter([("IsActive".to_owned(), Value::from(active))]);
    match &operation.change {
        Change::Update { set, .. } => set.clone(),
        Change::Enable => active(true),
        Change::Disable => active(false),
        change => inline(change).unwrap_or_default(),
    }
}

/// A grant or revocation of what stands in the user's own row, as the change it is; `None` for another operation, and for
/// a profile that is to be revoked.
pub(crate) fn inline<P>(change: &Change<P>) -> Option<Record> {
    let (entitlement, value) = match change {
        Change::Grant { entitlement, .. } => (entitlement, Value::from(entitlement.id.as_str())),
        Change::Revoke { entitlement, .. } if entitlement.entitlement_type == "role" => (entitlement, Value::Null),
        _ => return None,
    };
    let (field, _) = INLINE.iter().find(|(_, held)| *held == entitlement.entitlement_type)?;
    Some(Record::from_iter([((*field).to_owned(), value)]))
}

fn verb(operation: &Operation) -> &'static str {
    match operation.change {
        Change::Enable => "enabling the user",
        Change::Disable => "disabling the user",
        _ => "changing the user",
    }
}
