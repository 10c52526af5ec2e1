//! Ending what lets somebody in right now: sessions, and tokens of apps.

use super::pace::Pace;
use super::rows::{self, Records};
use super::{applied, unchanged, unsure, user};
use crate::api::Rest;
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::rights;
use crate::api::soql::{self, Select};
use crate::error;
use connector_core::{Error, ErrorKind, Operation, Outcome, Result};
use std::collections::BTreeMap;

/// An object whose rows let users in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Access {
    /// The object.
    pub(crate) object: &'static str,
    /// The field with the user.
    user: &'static str,
    /// The name of removing rows.
    pub(crate) ending: &'static str,
    /// What users have, for people.
    pub(crate) noun: &'static str,
    /// Why there is nothing to do.
    pub(crate) none: &'static str,
}

/// The sessions of users. Salesforce calls the user `UsersId` here.
pub(crate) static SESSIONS: Access = Access {
    object: "AuthSession",
    user: "UsersId",
    ending: "ending sessions",
    noun: "session",
    none: "has no open session",
};

/// The tokens with which apps act as users. The fields with the tokens themselves are never read.
pub(crate) static TOKENS: Access = Access {
    object: "OauthToken",
    user: "UserId",
    ending: "revoking tokens",
    noun: "OAuth token",
    none: "has no OAuth token",
};

impl Access {
    /// The rows of these users.
    pub(crate) async fn of_users(&self, rest: &Rest, users: &[RecordId]) -> Result<Vec<(RecordId, RecordId)>> {
        let filter = soql::one_of(self.user, users.iter().map(RecordId::as_str));
        let select = Select { object: self.object, fields: vec!["Id", self.user], filter: Some(filter.into()) };
        keyset::all(rest, &select, |row| {
            let (_, user) = row.id(self.user)?;
            if users.contains(&user) {
                Ok(Some((user, row.id("Id")?.1)))
            } else {
                Err(row.odd("is about a user who was not requested"))
            }
        })
        .await
    }
}

/// Removes the rows of users, and reads whether any are left.
pub(super) async fn end(
    rest: &Rest,
    pace: &Pace,
    access: &'static Access,
    operations: &[Operation],
) -> Result<Vec<Result<Outcome>>> {
    let users: Vec<_> = operations.iter().map(user).collect();
    let named: Vec<RecordId> = users.iter().filter_map(|user| user.as_ref().ok().copied()).collect();
    if named.is_empty() {
        return Ok(users.into_iter().map(|user| user.map(applied)).collect());
    }
    let missing = |refused: Error| {
        if error::is_missing_object(&refused) { rights::missing(access.object, refused) } else { refused }
    };
    let found = access.of_users(rest, &named).await.map_err(missing)?;
    let ids: Vec<_> = found.iter().map(|(_, row)| *row).collect();
    let rows = rows::send(rest, pace, Records::Remove(&ids), access.ending).await?;
    let mut refused: BTreeMap<RecordId, Error> = BTreeMap::new();
    for (row, (user, _)) in rows.into_iter().zip(&found) {
        match row {
            // The end of a session ends those that it began.
            Err(gone) if !matches!(gone.code(), "ENTITY_IS_DELETED" | "NOT_FOUND") => {
                refused.entry(*user).or_insert_with(|| gone.error(access.ending));
            }
            _ => {}
        }
    }
    let left = if found.is_empty() { Vec::new() } else { access.of_users(rest, &named).await.map_err(unsure)? };
    Ok(users
        .into_iter()
        .map(|user| {
            let user = user?;
            let is_left = left.iter().any(|(other, _)| *other == user);
            match refused.remove(&user) {
                Some(error) => Err(error),
                None if is_left => Err(still_there(access)),
                None if found.iter().any(|(other, _)| *other == user) => Ok(applied(user)),
                None => Ok(unchanged(access.none)),
            }
        })
        .collect())
}

fn still_there(access: &Access) -> Error {
    Error::new(ErrorKind::Conflict, format!("the user still has a {} after {}", access.noun, access.ending))
        .with_help("lock or disable the user first, so that no new one begins, and run the plan again")
}
