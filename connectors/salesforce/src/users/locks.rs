//! Which users are frozen or locked out.

use crate::api::Rest;
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::soql::{self, Select};
use crate::error;
use connector_core::Result;

/// The users who are frozen or whose password is locked. Each takes 18 bytes, and there are few.
#[derive(Debug)]
pub(crate) enum Locks {
    /// Their ids, sorted.
    Known(Vec<RecordId>),
    /// The service account can't see them.
    Hidden,
}

/// The object that shows it.
pub(crate) const OBJECT: &str = "UserLogin";

const FIELDS: [&str; 4] = ["Id", "UserId", "IsFrozen", "IsPasswordLocked"];

const LOCKED: &str = "(IsFrozen = true OR IsPasswordLocked = true)";

impl Locks {
    /// Asks the org for the locked users, or for all users if the org can't filter by locks.
    pub(crate) async fn read(rest: &Rest) -> Result<Self> {
        let refused = match read(rest, Some(LOCKED)).await {
            Err(refused) if error::is_refused_query(&refused) => refused,
            Err(refused) if error::is_missing_object(&refused) => return Ok(Self::Hidden),
            locked => return locked.map(Self::Known),
        };
        tracing::debug!(error = %refused, "the org can't filter by locks, reading all users");
        match read(rest, None).await {
            Err(refused) if error::is_refused_query(&refused) => Ok(Self::Hidden),
            locked => locked.map(Self::Known),
        }
    }

    /// The locked ones among a few users.
    pub(crate) async fn of_users(rest: &Rest, users: &[RecordId]) -> Result<Self> {
        match Login::of_users(rest, users).await {
            Err(refused) if error::is_missing_object(&refused) => Ok(Self::Hidden),
            logins => {
                let locked = logins?.into_iter().filter(|login| login.frozen || login.password_locked);
                let mut locked: Vec<RecordId> = locked.map(|login| login.user).collect();
                locked.sort_unstable();
                Ok(Self::Known(locked))
            }
        }
    }

    /// Whether the user is frozen or locked. False if the service account can't see it.
    pub(crate) fn holds(&self, user: RecordId) -> bool {
        match self {
            Self::Known(locked) => locked.binary_search(&user).is_ok(),
            Self::Hidden => false,
        }
    }

    /// The ids of the locked users; `None` if the service account can't see them.
    pub(crate) fn ids(&self) -> Option<Vec<String>> {
        match self {
            Self::Known(locked) => Some(locked.iter().map(|id| id.as_str().to_owned()).collect()),
            Self::Hidden => None,
        }
    }

    /// A warning if the service account can't see it.
    pub(crate) fn warning(&self) -> Option<&'static str> {
        match self {
            Self::Known(_) => None,
            Self::Hidden => Some(
                "the service account can't see `UserLogin`, so the run does not know which accounts are locked; those that were \
                 locked before stay so: give it \"Manage Users\"",
            ),
        }
    }
}

/// The field that shows whether a user is frozen.
pub(crate) const FROZEN: &str = "IsFrozen";

/// The row that shows whether a user is frozen or locked out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Login {
    /// The id of the row.
    pub(crate) row: RecordId,
    /// The user.
    pub(crate) user: RecordId,
    /// Whether the user is frozen.
    pub(crate) frozen: bool,
    /// Whether the password is locked after failed logins.
    pub(crate) password_locked: bool,
}

impl Login {
    /// The rows of up to 200 users. A user who never logged in may have none.
    pub(crate) async fn of_users(rest: &Rest, users: &[RecordId]) -> Result<Vec<Self>> {
        let filter = soql::one_of("UserId", users.iter().map(RecordId::as_str));
        let select = Select { object: OBJECT, fields: FIELDS.to_vec(), filter: Some(filter.into()) };
        keyset::all(rest, &select, |row| {
            let (_, user) = row.id("UserId")?;
            if !users.contains(&user) {
                return Err(row.odd("is about a user who was not requested"));
            }
            let (frozen, password_locked) = (row.flag("IsFrozen")?, row.flag("IsPasswordLocked")?);
            Ok(Some(Self { row: row.id("Id")?.1, user, frozen, password_locked }))
        })
        .await
    }
}

async fn read(rest: &Rest, filter: Option<&'static str>) -> Result<Vec<RecordId>> {
    let select = Select { object: OBJECT, fields: FIELDS.to_vec(), filter: filter.map(Into::into) };
    let mut locked = keyset::all(rest, &select, |row| {
        let (_, user) = row.id("UserId")?;
        match row.flag("IsFrozen")? || row.flag("IsPasswordLocked")? {
            true => Ok(Some(user)),
            false if filter.is_none() => Ok(None),
            false => Err(row.odd("is neither frozen nor locked, although only frozen and locked users were requested")),
        }
    })
    .await?;
    locked.sort_unstable();
    Ok(locked)
}
