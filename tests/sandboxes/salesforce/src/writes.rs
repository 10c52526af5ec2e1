//! The writes of clients, for tests that count changes.

use std::collections::VecDeque;

/// How many of the latest writes are kept.
const KEPT: usize = 100_000;

/// What a write did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WriteAction {
    /// A record was created.
    Create,
    /// Fields of a record were changed.
    Update,
    /// A record was deleted.
    Delete,
    /// A user's password was set.
    SetPassword,
    /// The org replaced a user's password with a generated one.
    ResetPassword,
}

/// One row that was written over HTTP. Refused and rolled back rows are not listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// What was done.
    pub action: WriteAction,
    /// The object, for example `User`.
    pub object: &'static str,
    /// The record's id of 18 characters.
    pub id: String,
    /// The names of the fields that were sent, without values.
    pub fields: Vec<&'static str>,
    /// Whether the record is other than before: false for an update that says what was there already, and for a
    /// membership that existed.
    pub changed: bool,
}

/// The latest writes, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    kept: VecDeque<Write>,
}

impl Journal {
    pub(crate) fn add(&mut self, writes: Vec<Write>) {
        self.kept.extend(writes);
        let over = self.kept.len().saturating_sub(KEPT);
        self.kept.drain(..over);
    }

    pub(crate) fn all(&self) -> Vec<Write> {
        self.kept.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.kept.clear();
    }
}
