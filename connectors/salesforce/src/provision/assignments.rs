//! Granting and revoking what stands in rows of its own.

use super::pace::Pace;
use super::rows::{self, Record, Records};
use super::{HOLDS_IT, HOLDS_IT_NOT, applied, unchanged, user};
use crate::api::Rest;
use crate::api::ranges::RecordId;
use crate::assignments::effect::{self, END, Effect, REVOKED};
use crate::assignments::holders::{self, HeldRow};
use crate::assignments::holdings::{Holding, holding, refuse_end};
use connector_core::{Change, EntitlementRef, Error, ErrorKind, Operation, Outcome, Result};
use jiff::Timestamp;
use serde_json::Value;

/// How the end of an assignment is written.
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

/// Creates rows. A row that exists already is as good if it has effect until the end that the grant asks for.
pub(super) async fn grant(
    rest: &Rest,
    pace: &Pace,
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
    let rows =
        rows::send(rest, pace, Records::Make(holding.object, holding.prefix, &records), holding.granting).await?;
    let (mut answers, mut held): (Vec<Option<Result<Outcome>>>, Vec<&Pair<'_>>) = (Vec::new(), Vec::new());
    for (row, pair) in rows.into_iter().zip(&pairs) {
        answers.push(match row {
            Ok(_) => Some(Ok(applied(pair.user))),
            Err(refused) if refused.code() == "DUPLICATE_VALUE" && effect::fields(holding.object).is_empty() => {
                Some(Ok(unchanged(HOLDS_IT)))
            }
            Err(refused) if refused.code() == "DUPLICATE_VALUE" => {
                held.push(pair);
                None
            }
            Err(refused) => Some(Err(refused.error(&format!("granting `{}`", pair.named)))),
        });
    }
    let renewed = renew(rest, pace, holding, &held).await?;
    Ok(rows::merge(known, rows::merge(answers, renewed)))
}

/// Gives effect to rows that exist: they get the end that a grant asks for, lose an end that has passed, and are no longer
/// revoked. A grant that is sent again after a lost response finds its own row, which needs nothing.
async fn renew(
    rest: &Rest,
    pace: &Pace,
    holding: &'static Holding,
    held: &[&Pair<'_>],
) -> Result<Vec<Result<Outcome>>> {
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let found = find(rest, holding, held).await?;
    let mut answers: Vec<Option<Result<Outcome>>> = Vec::with_capacity(held.len());
    let (mut changes, mut asked) = (Vec::new(), Vec::new());
    for pair in held {
        let row = found.iter().find(|row| row.user == pair.user && row.entitlement == pair.entitlement);
        let Some(row) = row else {
            answers.push(Some(Err(Error::conflict(format!("`{}` was revoked at the same time", pair.named))
                .with_help("run the plan again"))));
            continue;
        };
        let change = renewal(&row.effect, pair.until);
        answers.push(if change.is_empty() {
            Some(Ok(unchanged(match pair.until {
                _ if !row.effect.is_held() => {
                    "is assigned already; it takes effect when the user activates it in a session"
                }
                Some(_) => "already holds it until then",
                None => HOLDS_IT,
            })))
        } else {
            changes.push((row.row, change));
            asked.push(*pair);
            None
        });
    }
    let rows = rows::send(rest, pace, Records::Change(holding.object, &changes), "renew grants").await?;
    let outcomes = rows.into_iter().zip(asked).map(|(row, pair)| match row {
        Ok(_) => Ok(applied(pair.user)),
        Err(refused) => Err(refused.error(&format!("renewing `{}`", pair.named))),
    });
    Ok(rows::merge(answers, outcomes))
}

/// What gives effect to a row, until the end of a grant.
fn renewal(effect: &Effect, until: Option<Timestamp>) -> Record {
    let mut change = Record::new();
    match until {
        Some(until) if effect.until != Some(until) => change.extend([(END.to_owned(), written(until))]),
        None if effect.has_ended() => change.extend([(END.to_owned(), Value::Null)]),
        _ => {}
    }
    if effect.is_revoked {
        change.extend([(REVOKED.to_owned(), Value::from(false))]);
    }
    change
}

/// A moment as Salesforce takes it.
fn written(moment: Timestamp) -> Value {
    Value::from(moment.strftime(MOMENT).to_string())
}

/// Finds the rows and removes them; one that is gone is as good.
pub(super) async fn revoke(
    rest: &Rest,
    pace: &Pace,
    holding: &'static Holding,
    operations: &[Operation],
) -> Result<Vec<Result<Outcome>>> {
    let (known, pairs) = pairs(operations);
    let found = find(rest, holding, &pairs.iter().collect::<Vec<_>>()).await?;
    let row_of = |pair: &Pair<'_>| {
        found.iter().find(|row| row.user == pair.user && row.entitlement == pair.entitlement).map(|row| row.row)
    };
    let ids: Vec<_> = pairs.iter().filter_map(row_of).collect();
    let mut rows = rows::send(rest, pace, Records::Remove(&ids), holding.revoking).await?.into_iter();
    let outcome = |pair: &Pair<'_>| match row_of(pair).and_then(|_| rows.next()) {
        Some(Ok(_)) => Ok(applied(pair.user)),
        None => Ok(unchanged(HOLDS_IT_NOT)),
        Some(Err(refused)) if matches!(refused.code(), "ENTITY_IS_DELETED" | "NOT_FOUND") => {
            Ok(unchanged(HOLDS_IT_NOT))
        }
        Some(Err(refused)) => Err(refused.error(&format!("revoking `{}`", pair.named))),
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
