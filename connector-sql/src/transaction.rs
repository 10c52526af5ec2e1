//! A transaction.

use crate::connection::Connection;
use crate::error::Result;
use std::ops::Deref;

/// A transaction. Without a commit, it is rolled back.
#[derive(Debug)]
pub struct Transaction<'c> {
    connection: &'c Connection,
    is_open: bool,
}

impl Connection {
    /// Begins a transaction that writes.
    pub fn transaction(&self) -> Result<Transaction<'_>> {
        Transaction::begin(self)
    }
}

impl<'c> Transaction<'c> {
    /// Begins one that writes.
    pub(crate) fn begin(connection: &'c Connection) -> Result<Self> {
        connection.begin()?;
        Ok(Self { connection, is_open: true })
    }

    /// Keeps what was done.
    pub fn commit(mut self) -> Result<()> {
        self.is_open = false;
        self.connection.commit().inspect_err(|_| self.connection.roll_back())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.is_open {
            self.connection.roll_back();
        }
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}
