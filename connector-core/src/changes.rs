//! Reading only what changed.

use crate::account::Account;
use crate::assignment::{Assignment, Holder};
use crate::cursor::Cursor;
use crate::entitlement::{Entitlement, EntitlementRef};
use crate::error::Result;
use crate::page::Page;
use async_trait::async_trait;

/// Reads what changed since an earlier read, as pages.
///
/// A full run asks for the watermark before it reads the first page. The next read of changes starts there, and its pages
/// say where the one after it starts ([`Page::with_watermark`]). A change may come twice; the last one counts.
///
/// ```
/// use connector_core::{Absence, Account, Cursor, Page, ReadChanges, Result, SourceChange, async_trait};
///
/// /// A log of names; `-jane` means that jane is gone.
/// struct Log(Vec<&'static str>);
///
/// #[async_trait]
/// impl ReadChanges for Log {
///     fn absence(&self) -> Absence {
///         Absence::Told
///     }
///
///     async fn watermark(&self) -> Result<Cursor> {
///         Cursor::of(&self.0.len())
///     }
///
///     async fn changes(&self, cursor: &Cursor) -> Result<Page<SourceChange>> {
///         let read: usize = cursor.position()?.unwrap_or(0);
///         let changes = self.0.iter().skip(read).map(|entry| match entry.strip_prefix('-') {
///             Some(gone) => SourceChange::removed_account(gone),
///             None => SourceChange::Account(Account::new(*entry, *entry)),
///         });
///         Ok(Page::last(changes.collect()).with_watermark(Cursor::of(&self.0.len())?))
///     }
/// }
/// ```
#[async_trait]
pub trait ReadChanges: Send + Sync {
    /// How the changes say which accounts no longer exist. Offline.
    fn absence(&self) -> Absence;

    /// Where a read of changes starts that shows everything that happens from now on.
    async fn watermark(&self) -> Result<Cursor>;

    /// One page of changes, from a watermark or from a position that an earlier page gave.
    ///
    /// If the source no longer keeps the changes since a watermark, return an error of kind
    /// [`Expired`](crate::ErrorKind::Expired); then only a full run helps.
    async fn changes(&self, cursor: &Cursor) -> Result<Page<SourceChange>>;
}

/// How changes say which accounts no longer exist: one way for the whole source, never a mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Absence {
    /// They name what is gone ([`SourceChange::Removed`]).
    Told,
    /// They name every account that still exists, as [`SourceChange::Present`] or as a change. The engine removes the others,
    /// if the read has come to its end and nothing was incomplete.
    Survivors,
    /// They don't say it. Only a full run finds removed accounts.
    Untold,
}

/// One thing that changed, with its present state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceChange {
    /// This account is new or changed.
    Account(Account),
    /// This entitlement is new or changed.
    Entitlement(Entitlement),
    /// This assignment is new or changed.
    Held(Assignment),
    /// The holder no longer holds the entitlement.
    NoLongerHeld(Holder, EntitlementRef),
    /// This account or entitlement no longer exists. For an account only with [`Absence::Told`].
    Removed(Holder),
    /// The account with this id still exists. Only with [`Absence::Survivors`].
    Present(String),
    /// Everything that this account holds, or every assignment of this entitlement: what is not listed is no longer held.
    /// Entitlements in the account's own record don't belong to it.
    AllOf(Holder, Vec<Assignment>),
}

impl SourceChange {
    /// The account with this id no longer exists.
    pub fn removed_account(id: impl Into<String>) -> Self {
        Self::Removed(Holder::account(id))
    }
}
