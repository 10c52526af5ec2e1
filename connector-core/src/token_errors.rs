//! What the errors of a token endpoint mean at one provider.

use crate::error::ErrorKind;

/// What one error of a token endpoint means, and what to do about it.
///
/// A connector registers the rows that only its provider needs; the errors that the OAuth standards define are known
/// without it.
///
/// ```
/// use connector_core::{ErrorKind, TokenErrorRow};
///
/// static ROWS: &[TokenErrorRow] = &[
///     TokenErrorRow::new("invalid_grant", "the user is locked", "ask an administrator to unlock the user")
///         .saying("user is locked"),
///     TokenErrorRow::new("too_many_logins", "the user signed in too often", "wait an hour")
///         .of_kind(ErrorKind::RateLimited),
/// ];
///
/// let row = TokenErrorRow::find(ROWS, "invalid_grant", "User is locked out").unwrap();
/// assert_eq!(row.cause, "the user is locked");
/// assert!(TokenErrorRow::find(ROWS, "invalid_grant", "audience is invalid").is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenErrorRow {
    /// The `error` member of the answer.
    pub code: &'static str,
    /// What `error_description` contains, in lower case; empty for any description.
    pub says: &'static str,
    /// `unavailable` and `rate_limited` pass with time; any other kind stays until somebody changes something.
    pub kind: ErrorKind,
    /// What is behind the error.
    pub cause: &'static str,
    /// What to do.
    pub cure: &'static str,
}

impl TokenErrorRow {
    /// A row of kind `auth` for a code with any description.
    pub const fn new(code: &'static str, cause: &'static str, cure: &'static str) -> Self {
        Self { code, says: "", kind: ErrorKind::Auth, cause, cure }
    }

    /// Narrows the row to descriptions that contain `says`, which is in lower case.
    #[must_use]
    pub const fn saying(mut self, says: &'static str) -> Self {
        self.says = says;
        self
    }

    /// Sets the kind of the error.
    #[must_use]
    pub const fn of_kind(mut self, kind: ErrorKind) -> Self {
        self.kind = kind;
        self
    }

    /// The first row that fits an error, so rows with a description stand before the one for any description.
    pub fn find<'a>(rows: &'a [Self], code: &str, description: &str) -> Option<&'a Self> {
        let description = description.to_lowercase();
        rows.iter().find(|row| row.code.eq_ignore_ascii_case(code) && description.contains(row.says))
    }
}
