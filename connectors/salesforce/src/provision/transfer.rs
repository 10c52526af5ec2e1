//! Handing over what other users refer to a user for.

use super::pace::Pace;
use super::rows::{self, Record, Records};
use super::{applied, unchanged, unsure, user};
use crate::api::Rest;
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::soql::{self, Select};
use connector_core::{Change, Error, ErrorKind, Operation, Outcome, Result};
use serde_json::json;
use std::collections::BTreeMap;

/// A field of User with which users refer to another one, and that a plan can hand over.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// Its name in plans and steps.
    pub(crate) what: &'static str,
    /// The field.
    pub(crate) field: &'static str,
    /// The name of changing it.
    pub(crate) doing: &'static str,
    /// What the user is to those who refer to it.
    pub(crate) role: &'static str,
    /// Why there is nothing to do.
    pub(crate) none: &'static str,
}

/// All of them.
pub(crate) static REFERENCES: [Reference; 2] = [
    Reference {
        what: "reports",
        field: "ManagerId",
        doing: "handing over reports",
        role: "the manager",
        none: "manages no active user",
    },
    Reference {
        what: "approvals",
        field: "DelegatedApproverId",
        doing: "handing over delegated approvals",
        role: "the delegated approver",
        none: "is the delegated approver of no active user",
    },
];

/// The kind of reference with this name.
pub(crate) fn reference(what: &str) -> Option<&'static Reference> {
    REFERENCES.iter().find(|one| one.what == what)
}

impl Reference {
    /// The active users who refer to these users: who is referred to, and by whom.
    pub(crate) async fn of_users(&self, rest: &Rest, users: &[RecordId]) -> Result<Vec<(RecordId, RecordId)>> {
        let named = soql::one_of(self.field, users.iter().map(RecordId::as_str));
        let filter = format!("IsActive = true AND {named}");
        let select = Select { object: "User", fields: vec!["Id", self.field], filter: Some(filter.into()) };
        keyset::all(rest, &select, |row| {
            let (_, user) = row.id(self.field)?;
            if users.contains(&user) {
                Ok(Some((user, row.id("Id")?.1)))
            } else {
                Err(row.odd("refers to a user who was not requested"))
            }
        })
        .await
    }
}

/// Lets those who take over stand in the rows that name the users, and reads whether any row is left.
pub(super) async fn hand_over(
    rest: &Rest,
    pace: &Pace,
    reference: &'static Reference,
    operations: &[Operation],
) -> Result<Vec<Result<Outcome>>> {
    let asked: Vec<_> = operations.iter().map(both).collect();
    let heirs: BTreeMap<RecordId, RecordId> = asked.iter().flatten().copied().collect();
    let users: Vec<RecordId> = heirs.keys().copied().collect();
    if users.is_empty() {
        return Ok(asked.into_iter().map(|both| both.map(|(user, _)| applied(user))).collect());
    }
    let found = named(rest, reference, &users, &heirs).await?;
    let records: Vec<(RecordId, Record)> = found
        .iter()
        .map(|(user, row)| (*row, Record::from_iter([(reference.field.to_owned(), json!(heirs[user].as_str()))])))
        .collect();
    let mut refused: BTreeMap<RecordId, Error> = BTreeMap::new();
    let sent = rows::send(rest, pace, Records::Change("User", &records), reference.doing).await?;
    for (row, (user, _)) in sent.into_iter().zip(&found) {
        if let Err(gone) = row {
            refused.entry(*user).or_insert_with(|| gone.error(reference.doing));
        }
    }
    let left =
        if found.is_empty() { Vec::new() } else { named(rest, reference, &users, &heirs).await.map_err(unsure)? };
    Ok(asked
        .into_iter()
        .map(|both| {
            let (user, _) = both?;
            let is_left = left.iter().any(|(other, _)| *other == user);
            match refused.remove(&user) {
                Some(error) => Err(error),
                None if is_left => Err(still_named(reference)),
                None if found.iter().any(|(other, _)| *other == user) => Ok(applied(user)),
                None => Ok(unchanged(reference.none)),
            }
        })
        .collect())
}

/// Those who refer to the users. Nobody refers to itself, so the one who takes over keeps its reference.
async fn named(
    rest: &Rest,
    reference: &Reference,
    users: &[RecordId],
    heirs: &BTreeMap<RecordId, RecordId>,
) -> Result<Vec<(RecordId, RecordId)>> {
    let mut found = reference.of_users(rest, users).await?;
    found.retain(|(user, row)| heirs.get(user) != Some(row));
    Ok(found)
}

/// The user, and who takes over.
fn both(operation: &Operation) -> Result<(RecordId, RecordId)> {
    let user = user(operation)?;
    let heir = match &operation.change {
        Change::Transfer { to, .. } => RecordId::read(to).filter(|id| id.has_prefix("005")),
        _ => None,
    };
    let heir = heir.ok_or_else(|| Error::new(ErrorKind::Invalid, "`to` is not the id of a user"))?;
    Ok((user, heir))
}

fn still_named(reference: &Reference) -> Error {
    Error::new(ErrorKind::Conflict, format!("the user is still {} of active users", reference.role))
        .with_help("somebody named the user again in the meantime: run the plan again")
}
