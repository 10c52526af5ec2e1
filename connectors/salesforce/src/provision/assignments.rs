//! Granting and revoking what stands in rows of its own.

use super::rows::{self, Record, Row};
use super::{HOLDS_IT, HOLDS_IT_NOT, applied, unchanged, user};
use crate::api::Rest;
use crate::api::ranges::RecordId;
use crate::assignments::holders::{self, HeldRow};
use crate::assignments::holdings::Holding;
use crate::error;
use connector_core::{Change, EntitlementRef, Error, ErrorKind, Operation, Outcome, Result};
use jiff::Timestamp;
use serde_json::Value;

/// The field that says when an assignment ends, and how it is written.
const END: &str = "ExpirationDate";
const MOMENT: &str = "%Y-%m-%dT%H:%M:%S.000+0000";

/// A user, what is to be held or no longer held, and how it is held.
struct Pair<'a> {
    user: RecordId,
    entitlement: RecordId,
    named: &'a EntitlementRef,
    held: &'static str,
    /// When a grant ends.
    until: Option<Timestamp>,
}

/// Makes rows; one that is there already is as good.
pub(super) async fn grant(
    rest: &Rest,
    holding: &'static Holding,
    operations: &[Operation],
) -> Result<Vec<Result<Outcome>>> {
    let (known, pairs) = pairs(operations);
    let text = |id: RecordId| Value::from(id.as_str());
    let records: Vec<_> = pairs
        .iter()
        .map(|pair| {
            let end = pair.until.map(|until| (END, Value::from(until.strftime(MOMENT).to_string())));
            let members = [(holding.user, text(pair.user)), (pair.held, text(pair.entitlement))];
            members.into_iter().chain(end).map(|(name, value)| (name.to_owned(), value)).collect::<Record>()
        })
        .collect();
    let rows = rows::make(rest, holding.object, holding.prefix, &records, holding.granting).await?;
    let outcome = |(row, pair): (Row, &Pair<'_>)| match row {
        Ok(_) => Ok(applied(pair.user)),
        Err(refusal) if refusal.code == "DUPLICATE_VALUE" && pair.until.is_none() => Ok(unchanged(HOLDS_IT)),
        // What is held already may have another end, or none.
        Err(refusal) if refusal.code == "DUPLICATE_VALUE" => {
            let message = format!("the user already holds `{}`, and its end was not changed", pair.named);
            Err(Error::new(ErrorKind::AlreadyExists, message).with_help("revoke it first, then grant it with `until`"))
        }
        Err(refusal) => Err(error::of_row(&refusal, &format!("granting `{}`", pair.named))),
    };
    let answers: Vec<_> = rows.into_iter().zip(&pairs).map(outcome).collect();
    Ok(rows::merge(known, answers))
}

/// Finds the rows and removes them; one that is gone is as good.
pub(super) async fn revoke(
    rest: &Rest,
    holding: &'static Holding,
    operations: &[Operation],
) -> Result<Vec<Result<Outcome>>> {
    let (known, pairs) = pairs(operations);
    let found = find(rest, holding, &pairs).await?;
    let row_of = |pair: &Pair<'_>| {
        found.iter().find(|row| row.user == pair.user && row.entitlement == pair.entitlement).map(|row| row.row)
    };
    let ids: Vec<_> = pairs.iter().filter_map(row_of).collect();
    let mut rows = rows::remove(rest, &ids, holding.revoking).await?.into_iter();
    let outcome = |pair: &Pair<'_>| match row_of(pair).and_then(|_| rows.next()) {
        Some(Ok(_)) => Ok(applied(pair.user)),
        None => Ok(unchanged(HOLDS_IT_NOT)),
        Some(Err(refusal)) if matches!(refusal.code.as_str(), "ENTITY_IS_DELETED" | "NOT_FOUND") => {
            Ok(unchanged(HOLDS_IT_NOT))
        }
        Some(Err(refusal)) => Err(error::of_row(&refusal, &format!("revoking `{}`", pair.named))),
    };
    let answers: Vec<_> = pairs.iter().map(outcome).collect();
    Ok(rows::merge(known, answers))
}

async fn find(rest: &Rest, holding: &'static Holding, pairs: &[Pair<'_>]) -> Result<Vec<HeldRow>> {
    let unique = |ids: Vec<RecordId>| {
        let mut ids = ids;
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let users = unique(pairs.iter().map(|pair| pair.user).collect());
    let entitlements = unique(pairs.iter().map(|pair| pair.entitlement).collect());
    holders::rows(rest, holding.object, &users, &entitlements).await
}

/// The operations as pairs of ids; those that name no ids are refused at their places.
fn pairs(operations: &[Operation]) -> (Vec<Option<Result<Outcome>>>, Vec<Pair<'_>>) {
    let (mut known, mut pairs) = (Vec::new(), Vec::new());
    for operation in operations {
        match pair(operation) {
            Ok(pair) => {
                pairs.push(pair);
                known.push(None);
            }
            Err(error) => known.push(Some(Err(error))),
        }
    }
    (known, pairs)
}

fn pair(operation: &Operation) -> Result<Pair<'_>> {
    let refused = || super::refused(&operation.change);
    let entitlement = operation.change.entitlement().ok_or_else(refused)?;
    let held = crate::assignments::holdings::holding(entitlement).ok_or_else(refused)?.held;
    let id = RecordId::read(&entitlement.id).ok_or_else(|| {
        Error::new(ErrorKind::Invalid, format!("`{entitlement}` does not name a record by its id"))
            .with_help("`connector entitlements` lists the ids")
    })?;
    let until = match &operation.change {
        Change::Grant { until, .. } => *until,
        _ => None,
    };
    if until.is_some() && !crate::assignments::holdings::holding(entitlement).is_some_and(|holding| holding.takes_end) {
        let message = format!("Salesforce can't end a `{}` by itself", entitlement.entitlement_type);
        return Err(Error::new(ErrorKind::Unsupported, message).with_help("leave `until` out"));
    }
    Ok(Pair { user: user(operation)?, entitlement: id, named: entitlement, held, until })
}
