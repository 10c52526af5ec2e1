//! Granting and revoking what stands in rows of its own.

use super::rows::{self, Record};
use super::{HOLDS_IT, HOLDS_IT_NOT, applied, unchanged, user};
use crate::api::Rest;
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::soql::{self, Select};
use crate::assignments::holders::{self, HeldRow};
use crate::assignments::holdings::{Holding, holding, refuse_end};
use crate::error;
use connector_core::{Change, EntitlementRef, Error, ErrorKind, Operation, Outcome, Result};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// The field that says when an assignment ends, and how it is written.
const END: &str = "ExpirationDate";
const MOMENT: &str = "%Y-%m-%dT%H:%M:%S.000+0000";
const READ_MOMENT: &str = "%Y-%m-%dT%H:%M:%S%.f%z";
/// Keeps a query by ids well below the longest that Salesforce takes.
const MAX_ROWS_PER_QUERY: usize = 200;

/// A user, what is to be held or no longer held, and how it is held.
struct Pair<'a> {
    user: RecordId,
    entitlement: RecordId,
    named: &'a EntitlementRef,
    held: &'static str,
    /// When a grant ends.
    until: Option<Timestamp>,
}

/// Creates rows. A row that exists already is as good, with the end that the grant asks for.
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
            let end = pair.until.map(|until| (END, written(until)));
            let members = [(holding.user, text(pair.user)), (pair.held, text(pair.entitlement))];
            members.into_iter().chain(end).map(|(name, value)| (name.to_owned(), value)).collect::<Record>()
        })
        .collect();
    let rows = rows::make(rest, holding.object, holding.prefix, &records, holding.granting).await?;
    let (mut answers, mut held): (Vec<Option<Result<Outcome>>>, Vec<&Pair<'_>>) = (Vec::new(), Vec::new());
    for (row, pair) in rows.into_iter().zip(&pairs) {
        answers.push(match row {
            Ok(_) => Some(Ok(applied(pair.user))),
            Err(refusal) if refusal.code == "DUPLICATE_VALUE" && pair.until.is_none() => Some(Ok(unchanged(HOLDS_IT))),
            Err(refusal) if refusal.code == "DUPLICATE_VALUE" => {
                held.push(pair);
                None
            }
            Err(refusal) => Some(Err(error::of_row(&refusal, &format!("granting `{}`", pair.named)))),
        });
    }
    let ended = set_ends(rest, holding, &held).await?;
    Ok(rows::merge(known, rows::merge(answers, ended)))
}

/// Gives rows that exist the end that a grant asks for. A grant that is sent again after a lost response finds its own
/// row, which has that end already.
async fn set_ends(rest: &Rest, holding: &'static Holding, held: &[&Pair<'_>]) -> Result<Vec<Result<Outcome>>> {
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let found = find(rest, holding, held).await?;
    let ends = ends(rest, holding.object, &found).await?;
    let mut answers: Vec<Option<Result<Outcome>>> = Vec::with_capacity(held.len());
    let (mut changes, mut asked) = (Vec::new(), Vec::new());
    for pair in held {
        let row = found.iter().find(|row| row.user == pair.user && row.entitlement == pair.entitlement);
        answers.push(match row {
            None => Some(Err(Error::conflict(format!("`{}` was revoked at the same time", pair.named))
                .with_help("run the plan again"))),
            Some(row) if ends.get(&row.row) == pair.until.as_ref() => {
                Some(Ok(unchanged("already holds it until then")))
            }
            Some(row) => {
                let end = pair.until.map_or(Value::Null, written);
                changes.push((row.row, Record::from_iter([(END.to_owned(), end)])));
                asked.push(*pair);
                None
            }
        });
    }
    let rows = rows::change(rest, holding.object, &changes, "set the ends of grants").await?;
    let outcomes = rows.into_iter().zip(asked).map(|(row, pair)| match row {
        Ok(_) => Ok(applied(pair.user)),
        Err(refusal) => Err(error::of_row(&refusal, &format!("setting the end of `{}`", pair.named))),
    });
    Ok(rows::merge(answers, outcomes))
}

/// The ends of rows that have one.
async fn ends(rest: &Rest, object: &'static str, rows: &[HeldRow]) -> Result<BTreeMap<RecordId, Timestamp>> {
    let mut ends = BTreeMap::new();
    for some in rows.chunks(MAX_ROWS_PER_QUERY) {
        let filter = soql::one_of("Id", some.iter().map(|row| row.row.as_str()));
        let select = Select { object, fields: vec!["Id", END], filter: Some(filter.into()) };
        let found = keyset::all(rest, &select, |row| {
            let (_, id) = row.id("Id")?;
            let Some(end) = row.text(END)?.filter(|end| !end.is_empty()) else { return Ok(None) };
            match Timestamp::strptime(READ_MOMENT, end.as_ref()) {
                Ok(end) => Ok(Some((id, end))),
                Err(_) => Err(row.odd(&format!("has an `{END}` that is not a time"))),
            }
        });
        ends.extend(found.await?);
    }
    Ok(ends)
}

/// A moment as Salesforce takes it.
fn written(moment: Timestamp) -> Value {
    Value::from(moment.strftime(MOMENT).to_string())
}

/// Finds the rows and removes them; one that is gone is as good.
pub(super) async fn revoke(
    rest: &Rest,
    holding: &'static Holding,
    operations: &[Operation],
) -> Result<Vec<Result<Outcome>>> {
    let (known, pairs) = pairs(operations);
    let found = find(rest, holding, &pairs.iter().collect::<Vec<_>>()).await?;
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

async fn find(rest: &Rest, holding: &'static Holding, pairs: &[&Pair<'_>]) -> Result<Vec<HeldRow>> {
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
    let held = holding(entitlement).ok_or_else(refused)?.held;
    let id = RecordId::read(&entitlement.id).ok_or_else(|| {
        Error::new(ErrorKind::Invalid, format!("`{entitlement}` does not name a record by its id"))
            .with_help("`connector entitlements` lists the ids")
    })?;
    let until = match &operation.change {
        Change::Grant { until, .. } => *until,
        _ => None,
    };
    refuse_end(entitlement, until)?;
    Ok(Pair { user: user(operation)?, entitlement: id, named: entitlement, held, until })
}
