//! Making users and changing their own rows.

use super::rows::{self, Record};
use super::{applied, user};
use crate::api::Rest;
use crate::error;
use crate::users::accounts::INLINE;
use connector_core::{Change, Operation, Outcome, Result};
use serde_json::Value;

/// Makes users.
pub(super) async fn make(rest: &Rest, operations: &[Operation]) -> Result<Vec<Result<Outcome>>> {
    let records: Vec<_> = operations.iter().map(whole).collect();
    let rows = rows::make(rest, "User", Some("005"), &records, "making users").await?;
    let outcome = |(row, operation): (rows::Row, &Operation)| {
        row.map(applied)
            .map_err(|refusal| error::of_row(&refusal, &format!("making the user `{}`", operation.target())))
    };
    Ok(rows.into_iter().zip(operations).map(outcome).collect())
}

/// Changes rows of users, whether that updates, enables or disables them.
pub(super) async fn change(rest: &Rest, operations: &[Operation]) -> Result<Vec<Result<Outcome>>> {
    let (mut known, mut asked) = (Vec::new(), Vec::new());
    for operation in operations {
        match user(operation) {
            Ok(user) => {
                asked.push((user, changes(operation)));
                known.push(None);
            }
            Err(error) => known.push(Some(Err(error))),
        }
    }
    let rows = rows::change(rest, "User", &asked, "changing users").await?;
    let verbs =
        operations.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(operation, _)| verb(operation));
    let answers: Vec<_> = rows
        .into_iter()
        .zip(verbs)
        .map(|(row, verb)| row.map(applied).map_err(|refusal| error::of_row(&refusal, verb)))
        .collect();
    Ok(rows::merge(known, answers))
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
