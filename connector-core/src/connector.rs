//! The contract of a connector.

use crate::account::Account;
use crate::capability::Capabilities;
use crate::cursor::Cursor;
use crate::error::{Error, ErrorKind, Result};
use crate::operation::{Operation, Outcome};
use crate::page::Page;
use crate::schema::AccountSchema;
use crate::test_report::TestReport;
use async_trait::async_trait;
use std::fmt;

/// One kind of system, opened for one source and one job.
///
/// A connector answers questions a page at a time and keeps no place: the engine reads concurrently, repeats what
/// failed in passing, and remembers where it was. So an implementation holds no read loop, no retry loop and no checkpoint.
/// A read may be dropped at any await.
#[async_trait]
pub trait Connector: fmt::Debug + Send + Sync {
    /// Adds the steps of a connection test as they end, the offline steps of the auth strategy first.
    async fn test_connection(&self, report: &mut TestReport);

    /// One page of accounts from a position; [`Cursor::start`] is the beginning.
    ///
    /// The same cursor gives the same page as long as the source does not change. A cut, malformed or contradictory
    /// answer is an error of kind `protocol`, never a shorter page.
    async fn aggregate_accounts(&self, cursor: &Cursor) -> Result<Page<Account>>;

    /// The attributes of its accounts and the operations it supports.
    fn schema(&self) -> AccountSchema;

    /// Carries out one operation; what is so already is [`Outcome::Unchanged`].
    async fn provision(&self, operation: &Operation) -> Result<Outcome> {
        Err(Error::new(
            ErrorKind::Unsupported,
            format!("this connector does not support `{}`", operation.kind().name()),
        ))
    }

    /// Hands over the optional abilities.
    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities::none()
    }
}
