//! What a server was asked of the accounts of a page before they are taken in.

use connector_core::Account;
use std::collections::HashMap;

/// What the store has of the accounts of a page, and what it does not have yet.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    pub(super) known: HashMap<String, Known>,
    /// The numbers that new rows get.
    pub(super) numbers: Vec<i64>,
    pub(super) new: Vec<New>,
    pub(super) is_on: bool,
}

/// What the store has of an account.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) id: i64,
    pub(super) hash: Vec<u8>,
    pub(super) removed_run: Option<i64>,
}

/// A new account that was not written yet.
#[derive(Debug)]
pub(super) struct New {
    pub(super) id: i64,
    pub(super) hash: [u8; 16],
    pub(super) account: Account,
}

impl Ahead {
    /// Whether the server was asked for this page.
    pub(super) fn is_on(&self) -> bool {
        self.is_on
    }

    /// What the store has of an account, as it was asked.
    pub(super) fn find(&self, account: &str) -> Option<&Known> {
        self.known.get(account)
    }

    /// Notes what an account is from now on.
    pub(super) fn note(&mut self, account: &str, known: Known) {
        if self.is_on {
            self.known.insert(account.to_owned(), known);
        }
    }
}
