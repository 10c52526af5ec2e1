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

    /// Whether every read of changes names all entitlements, and all assignments that entitlements hold. Then the engine removes
    /// those that a read does not name. Offline.
    fn names_entitlements(&self) -> bool {
        false
    }

    /// Where a read of changes starts that shows everything that happens from now on.
    async fn watermark(&self) -> Result<Cursor>;

    /// One page of changes, from a watermark or from a position that an earlier page gave.
    ///
    /// If the source no longer keeps the changes since a watermark, return an error of kind
    /// [`Expired`](crate::ErrorKind::Expired); then only a full run helps.
    async fn changes(&self, cursor: &Cursor) -> Result<Page<SourceChange>>;

    /// Where to read on because the store has another number of holders than [`SourceChange::HolderCounts`] or
    /// [`SourceChange::HolderCount`] says. From there, the changes give all holders of the range
    /// ([`SourceChange::Holders`]), or counts of smaller ranges. Offline.
    ///
    /// With no position at all, the run of changes fails, and a full run reads everything.
    fn read_again(&self, range: &HolderRange, counted: u64, stored: u64) -> Result<Vec<Cursor>> {
        let _ = (range, counted, stored);
        Ok(Vec::new())
    }
}

/// Accounts that hold an entitlement: those with ids in a range. Ids are compared byte by byte.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HolderRange {
    /// The entitlement.
    pub entitlement: EntitlementRef,
    /// Ids greater than this one.
    pub after: Option<String>,
    /// Ids up to and including this one.
    pub up_to: Option<String>,
}

impl HolderRange {
    /// All accounts that hold the entitlement.
    pub fn all(entitlement: EntitlementRef) -> Self {
        Self { entitlement, after: None, up_to: None }
    }

    /// Those of them with ids after one and up to another.
    #[must_use]
    pub fn between(mut self, after: Option<String>, up_to: Option<String>) -> Self {
        (self.after, self.up_to) = (after, up_to);
        self
    }

    /// Whether the range has this id.
    pub fn has(&self, id: &str) -> bool {
        self.after.as_deref().is_none_or(|after| id > after) && self.up_to.as_deref().is_none_or(|end| id <= end)
    }
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
    /// There are this many accounts. If the store has another number when all changes are applied, the run fails and a full
    /// run reads everything.
    AccountCount(u64),
    /// The accounts with these ids are locked, and no others.
    Locked(Vec<String>),
    /// How many assignments to accounts each entitlement of this type has, by its id. Those that are missing here have none.
    /// Assignments of every state count, except for those in the account's own record. For sources where a
    /// removed assignment leaves no trace: what differs from the store is read again ([`ReadChanges::read_again`]).
    HolderCounts(String, Vec<(String, u64)>),
    /// The same for a range of accounts.
    HolderCount(HolderRange, u64),
    /// All assignments of an entitlement to the accounts of a range: what is not listed is no longer held.
    Holders(HolderRange, Vec<Assignment>),
}

impl SourceChange {
    /// The account with this id no longer exists.
    pub fn removed_account(id: impl Into<String>) -> Self {
        Self::Removed(Holder::account(id))
    }
}
