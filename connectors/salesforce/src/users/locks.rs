//! Which users are frozen or locked out.

use crate::api::Rest;
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::soql::{self, Select};
use crate::error;
use connector_core::Result;

/// The users who are frozen or whose password is locked; 18 bytes for each, and they are few.
#[derive(Debug)]
pub(crate) enum Locks {
    /// Their ids, sorted.
    Known(Vec<RecordId>),
    /// The login may not see them.
    Hidden,
}

/// The object in which it stands.
pub(crate) const OBJECT: &str = "UserLogin";

const FIELDS: [&str; 4] = ["Id", "UserId", "IsFrozen", "IsPasswordLocked"];

const LOCKED: &str = "(IsFrozen = true OR IsPasswordLocked = true)";

impl Locks {
    /// Asks the org: for those who are locked alone, or for all where it does not filter by that.
    pub(crate) async fn read(rest: &Rest) -> Result<Self> {
        let refused = match read(rest, Some(LOCKED)).await {
            Err(refused) if error::is_refused_query(&refused) => refused,
            Err(refused) if error::is_missing_object(&refused) => return Ok(Self::Hidden),
            locked => return locked.map(Self::Known),
        };
        tracing::debug!(error = %refused, "the org does not filter by locks, so all are read");
        match read(rest, None).await {
            Err(refused) if error::is_refused_query(&refused) => Ok(Self::Hidden),
            locked => locked.map(Self::Known),
        }
    }

    /// Whether the user is frozen or locked; nobody is where it can't be seen.
    pub(crate) fn holds(&self, user: RecordId) -> bool {
        match self {
            Self::Known(locked) => locked.binary_search(&user).is_ok(),
            Self::Hidden => false,
        }
    }

    /// A warning where it can't be seen.
    pub(crate) fn warning(&self) -> Option<&'static str> {
        match self {
            Self::Known(_) => None,
            Self::Hidden => Some(
                "the service account may not see `UserLogin`, so no account shows as locked: give it \"Manage Users\"",
            ),
        }
    }
}

/// The field in which it stands whether a user is frozen.
pub(crate) const FROZEN: &str = "IsFrozen";

/// The row in which it stands whether a user is frozen or locked out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Login {
    /// The id of the row.
    pub(crate) row: RecordId,
    /// Whose it is.
    pub(crate) user: RecordId,
    /// Whether the user is frozen.
    pub(crate) frozen: bool,
    /// Whether the password is locked after wrong ones.
    pub(crate) password_locked: bool,
}

impl Login {
    /// Those of a few users, at most 200; one who never logged in may have none.
    pub(crate) async fn of_users(rest: &Rest, users: &[RecordId]) -> Result<Vec<Self>> {
        let filter = soql::one_of("UserId", users.iter().map(RecordId::as_str));
        let select = Select { object: OBJECT, fields: FIELDS.to_vec(), filter: Some(filter.into()) };
        keyset::all(rest, &select, |row| {
            let (_, user) = row.id("UserId")?;
            if !users.contains(&user) {
                return Err(row.odd("is of a user who was not asked for"));
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
            false => Err(row.odd("is neither frozen nor locked, although only such were asked for")),
        }
    })
    .await?;
    locked.sort_unstable();
    Ok(locked)
}
