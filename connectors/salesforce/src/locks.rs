//! Which users are frozen or locked out.

use crate::error;
use crate::keyset;
use crate::ranges::{RecordId, Span};
use crate::rest::Rest;
use crate::soql::Select;
use connector_core::Result;

/// The users who are frozen or whose password is locked; 15 bytes for each, and they are few.
#[derive(Debug)]
pub(crate) enum Locks {
    /// Their ids, sorted.
    Known(Vec<RecordId>),
    /// The login may not see them.
    Hidden,
}

impl Locks {
    /// Asks the org.
    pub(crate) async fn read(rest: &Rest) -> Result<Self> {
        let select = Select {
            object: "UserLogin",
            fields: vec!["Id", "UserId", "IsFrozen", "IsPasswordLocked"],
            filter: Some("(IsFrozen = true OR IsPasswordLocked = true)"),
        };
        let mut locked = Vec::new();
        let mut left = vec![Span::default()];
        while let Some(span) = left.pop() {
            let part = keyset::part(rest, &select, span, None, |row| {
                let (_, user) = row.id("UserId")?;
                if row.flag("IsFrozen")? || row.flag("IsPasswordLocked")? {
                    Ok(Some(user))
                } else {
                    Err(row.odd("is neither frozen nor locked, although only such were asked for"))
                }
            });
            match part.await {
                Ok(part) => {
                    locked.extend(part.items);
                    left.extend(part.next);
                }
                Err(refused) if error::is_missing_object(&refused) => return Ok(Self::Hidden),
                Err(error) => return Err(error),
            }
        }
        locked.sort_unstable();
        Ok(Self::Known(locked))
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
