//! Freezing users, and lifting that and the lock of a password.

use super::pace::Pace;
use super::rows::{self, Record, Records};
use super::{applied, unchanged, user};
use crate::api::Rest;
use crate::api::ranges::RecordId;
use crate::api::rights;
use crate::error;
use crate::users::locks::{Login, OBJECT};
use connector_core::{Change, Error, ErrorKind, Operation, Outcome, Result};
use serde_json::Value;

/// Finds the users' rows and changes those that are not as asked.
pub(super) async fn change(rest: &Rest, pace: &Pace, operations: &[Operation]) -> Result<Vec<Result<Outcome>>> {
    let users: Vec<_> = operations.iter().map(user).collect();
    let named: Vec<RecordId> = users.iter().filter_map(|user| user.as_ref().ok().copied()).collect();
    let logins = if named.is_empty() { Vec::new() } else { find(rest, &named).await? };
    let (mut known, mut asked, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    for (operation, user) in operations.iter().zip(users) {
        let lock = matches!(operation.change, Change::Lock);
        let step =
            user.and_then(|user| step(logins.iter().find(|login| login.user == user), lock).map(|step| (user, step)));
        known.push(match step {
            Ok((user, Some((row, record)))) => {
                asked.push((row, record));
                changed.push((user, lock));
                None
            }
            Ok((_, None)) => Some(Ok(unchanged(if lock { "locked already" } else { "not locked" }))),
            Err(error) => Some(Err(error)),
        });
    }
    let rows = rows::send(rest, pace, Records::Change(OBJECT, &asked), "locking and unlocking users").await?;
    let answers: Vec<_> = rows
        .into_iter()
        .zip(changed)
        .map(|(row, (user, lock))| match row {
            Ok(_) => Ok(applied(user)),
            Err(refused) => Err(refused.error(if lock { "locking the user" } else { "unlocking the user" })),
        })
        .collect();
    Ok(rows::merge(known, answers))
}

async fn find(rest: &Rest, users: &[RecordId]) -> Result<Vec<Login>> {
    Login::of_users(rest, users)
        .await
        .map_err(|refused| if error::is_missing_object(&refused) { rights::missing(OBJECT, refused) } else { refused })
}

/// What is to be changed in a user's row; nothing where it is as asked.
fn step(login: Option<&Login>, lock: bool) -> Result<Option<(RecordId, Record)>> {
    let Some(login) = login else {
        let missing = Error::new(ErrorKind::NotFound, "Salesforce has no `UserLogin` for this user yet")
            .with_help("a user who never logged in may have none; `disable` the user instead");
        return if lock { Err(missing) } else { Ok(None) };
    };
    let mut record = Record::new();
    if login.frozen != lock {
        record.insert("IsFrozen".to_owned(), Value::from(lock));
    }
    if !lock && login.password_locked {
        record.insert("IsPasswordLocked".to_owned(), Value::from(false));
    }
    Ok((!record.is_empty()).then_some((login.row, record)))
}
