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

    /// Nothing had to change, for this reason.
    pub fn unchanged(detail: impl Into<String>) -> Self {
        Self::Unchanged { detail: detail.into() }
    }
}
