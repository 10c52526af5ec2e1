//! The outcomes of operations.

/// The outcome of an operation that didn't fail. A failure is an [`Error`](crate::Error); one whose
/// [`happened`](crate::Error::happened) is unknown leaves the operation pending.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The account with this id was changed.
    Applied {
        /// The account's id, new for a create.
        account: String,
    },
    /// The source accepted the change but has not made it yet: somebody must confirm or approve it, or a job of the source makes
    /// it later. The operation is pending until the account shows it, and is not sent again meanwhile.
    #[non_exhaustive]
    Queued {
        /// The account's id. Empty for a create if the account has none yet.
        account: String,
        /// What it waits for, for the user: "waits until the user confirms the new email address".
        detail: String,
    },
    /// Nothing had to change: nothing was sent, or the source said so.
    Unchanged {
        /// Why, for the user: "does not hold it".
        detail: String,
    },
}

impl Outcome {
    /// The account with this id was changed.
    pub fn applied(account: impl Into<String>) -> Self {
        Self::Applied { account: account.into() }
    }

    /// The source accepted the change and makes it later, for this reason.
    pub fn queued(account: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Queued { account: account.into(), detail: detail.into() }
    }

    /// Nothing had to change, for this reason.
    pub fn unchanged(detail: impl Into<String>) -> Self {
        Self::Unchanged { detail: detail.into() }
    }
}
