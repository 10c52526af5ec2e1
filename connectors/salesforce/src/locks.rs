//! Which users are frozen or locked out.

use crate::error;
use crate::keyset;
use crate::ranges::{RecordId, Span};
use crate::rest::Rest;
use crate::soql::Select;
use connector_core::Result;

/// The users who are frozen or whose password is locked; 18 bytes for each, and they are few.
#[derive(Debug)]
pub(crate) enum Locks {
    /// Their ids, sorted.
    Known(Vec<RecordId>),
    /// The login may not see them.
    Hidden,
}

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

async fn read(rest: &Rest, filter: Option<&'static str>) -> Result<Vec<RecordId>> {
    let fields = vec!["Id", "UserId", "IsFrozen", "IsPasswordLocked"];
    let select = Select { object: "UserLogin", fields, filter };
    let mut locked = Vec::new();
    let mut left = vec![Span::default()];
    while let Some(span) = left.pop() {
        let part = keyset::part(rest, &select, span, None, |row| {
            let (_, user) = row.id("UserId")?;
            match row.flag("IsFrozen")? || row.flag("IsPasswordLocked")? {
                true => Ok(Some(user)),
                false if filter.is_none() => Ok(None),
                false => Err(row.odd("is neither frozen nor locked, although only such were asked for")),
            }
        });
        let part = part.await?;
        locked.extend(part.items);
        left.extend(part.next);
    }
    locked.sort_unstable();
    Ok(locked)
}
