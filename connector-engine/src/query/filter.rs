//! The language of `--where`.

use connector_core::{Account, Error, ErrorKind, Result};

/// A condition on accounts: `email like "%@acme.example" and not enabled`.
#[derive(Clone, Debug)]
pub struct Filter {}

impl Filter {
    /// Reads a condition. `known` are the attribute names that may stand in it; none at all allows every name.
    ///
    /// Fails with kind `definition`, with the place and the nearest known name.
    pub fn parse(text: &str, known: &[&str]) -> Result<Self> {
        let _ = (text, known);
        Err(Error::new(ErrorKind::Internal, "not built yet"))
    }

    /// Whether it holds for an account.
    pub fn matches(&self, account: &Account) -> bool {
        let _ = account;
        false
    }
}
