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
/// A connector answers one question at a time and keeps no position. The engine reads concurrently, retries
/// temporary failures, and keeps the position. So an implementation needs no read loop, no retry loop and no checkpoint.
/// A read may be dropped at any await.
#[async_trait]
pub trait Connector: fmt::Debug + Send + Sync {
    /// Runs a connection test and adds each step to the report, the offline steps of the auth strategy first.
    async fn test_connection(&self, report: &mut TestReport);

    /// Reads one page of accounts at a position; [`Cursor::start`] is the beginning.
    ///
    /// The same cursor returns the same page as long as the source does not change. Return a truncated, malformed or
    /// contradictory response as an error of kind `protocol`, never as a shorter page.
    async fn aggregate_accounts(&self, cursor: &Cursor) -> Result<Page<Account>>;

    /// The attributes of its accounts and the operations it supports.
    fn schema(&self) -> AccountSchema;

    /// Carries out one operation. If nothing needs to change, returns [`Outcome::Unchanged`].
    async fn provision(&self, operation: &Operation) -> Result<Outcome> {
        Err(Error::new(
            ErrorKind::Unsupported,
            format!("this connector does not support `{}`", operation.kind().name()),
        ))
    }

    /// Returns the optional abilities.
    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities::none()
    }
}
