//! The contract of a connector.

use crate::account::Account;
use crate::capability::Capabilities;
use crate::cursor::Cursor;
use crate::error::{Error, ErrorKind, Result};
use crate::operation::Operation;
use crate::outcome::Outcome;
use crate::page::Page;
use crate::schema::AccountSchema;
use crate::test_report::TestReport;
use async_trait::async_trait;
use std::fmt;

/// One kind of system, opened for one source and one job.
///
/// A connector answers one question at a time and keeps no position. The engine reads concurrently, retries
/// temporary failures, and keeps the position. So an implementation needs no read loop, no retry loop and no checkpoint.
/// A read may be dropped at any await. A connector may remember entitlements, never accounts.
///
/// Three methods are required:
///
/// ```
/// use connector_core::{
///     Account, AccountSchema, AttributeSchema, Connector, Cursor, Finding, Page, Result, TestReport, async_trait,
/// };
///
/// #[derive(Debug)]
/// struct Directory(Vec<String>);
///
/// #[async_trait]
/// impl Connector for Directory {
///     async fn test_connection(&self, report: &mut TestReport) {
///         report.step("api", async { Ok(Finding::passed(format!("{} people", self.0.len()))) }).await;
///     }
///
///     async fn aggregate_accounts(&self, cursor: &Cursor) -> Result<Page<Account>> {
///         let at: usize = cursor.position()?.unwrap_or(0);
///         let items = self.0.iter().skip(at).take(100).map(|name| Account::new(name, name)).collect();
///         if at + 100 >= self.0.len() { Ok(Page::last(items)) } else { Ok(Page::then(items, Cursor::of(&(at + 100))?)) }
///     }
///
///     fn schema(&self) -> AccountSchema {
///         AccountSchema::new(vec![AttributeSchema::text("department").described("Where the person works")])
///     }
/// }
/// ```
#[async_trait]
pub trait Connector: fmt::Debug + Send + Sync {
    /// Runs a connection test and adds each step to the report, those of the sign-in first: `Client::test_sign_in` of
    /// `connector-http` adds them.
    async fn test_connection(&self, report: &mut TestReport);

    /// Reads one page of accounts at a position; [`Cursor::start`] is the beginning.
    ///
    /// The same cursor returns the same page as long as the source does not change. Return a truncated, malformed or
    /// contradictory response as an error of kind `protocol`, never as a shorter page.
    async fn aggregate_accounts(&self, cursor: &Cursor) -> Result<Page<Account>>;

    /// The system's own id: the org, the tenant, the naming context. A connector that can read it should.
    ///
    /// The engine keeps it per source, and refuses to read or change another system behind the same source, such as a
    /// full copy of production in a sandbox. Return `None` if the system has no id or does not show it; never return
    /// something that the source's file says, such as a host name.
    async fn instance_id(&self) -> Result<Option<String>> {
        Ok(None)
    }

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
