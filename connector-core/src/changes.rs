//! Reading what changed instead of everything.

use crate::account::Account;
use crate::assignment::{Assignment, Holder};
use crate::cursor::Cursor;
use crate::entitlement::{Entitlement, EntitlementRef};
use crate::error::{Error, Result};
use crate::page::Page;
use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;

/// Reads what changed since an earlier read.
///
/// The engine asks for a [`Watermark`] before it reads anything, in a full run too, and keeps it when the run ends well. The next
/// delta starts there. An overlap is fine: a row that didn't change costs nothing.
///
/// A source says in one of two ways what is gone: it names the ids ([`Absence::Told`]), or it lists what is still there
/// ([`Absence::Survivors`]). It never mixes them for one [`Subject`]. Where it does neither ([`Absence::Untold`]), only a full run finds removals.
#[async_trait]
pub trait ReadChanges: Send + Sync {
    /// Where a delta that follows a read from now on has to start. Fails with kind `unsupported` where this source can't
    /// give one.
    async fn watermark(&self) -> Result<Watermark>;

    /// How removals of a subject show up.
    fn absence(&self, subject: Subject) -> Absence;

    /// One page of changes since `since`; [`Cursor::start`] is the beginning.
    ///
    /// Fails with kind `expired` when the source no longer knows that far back. The engine then reads everything.
    async fn changes(&self, since: &Watermark, cursor: &Cursor) -> Result<Page<Delta>>;
}

/// One change that a source reports.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delta {
    /// The account is new or has changed: all of it as it is now.
    Account(Box<Account>),
    /// The entitlement is new or has changed: all of it as it is now.
    Entitlement(Box<Entitlement>),
    /// The assignment is new or has changed.
    Held(Box<Assignment>),
    /// The holder no longer holds the entitlement.
    NoLongerHeld {
        /// Who held it.
        holder: Holder,
        /// What is no longer held.
        entitlement: EntitlementRef,
    },
    /// The account is gone. Only where [`Absence::Told`].
    Removed(String),
    /// The account is still there. Only where [`Absence::Survivors`]: what no page names is gone, and passes the guard first.
    Present(String),
    /// All that this holder holds now, directly. What it held beside these is no longer held.
    AllOf {
        /// Who holds them.
        holder: Holder,
        /// Everything it holds.
        assignments: Vec<Assignment>,
    },
}

/// What a [`ReadChanges`] is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Subject {
    /// Accounts.
    Accounts,
    /// Entitlements.
    Entitlements,
    /// Assignments.
    Assignments,
}

/// How the removals of a subject show up in a delta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Absence {
    /// The source names what is gone.
    Told,
    /// The source lists everything that is still there, to a proven end.
    Survivors,
    /// A delta doesn't show removals; a full run finds them.
    Untold,
}

/// Where the next delta starts: an opaque value that the connector makes and the engine keeps.
///
/// ```
/// use connector_core::Watermark;
///
/// let watermark = Watermark::of(&"2026-11-29T08:00:00Z")?;
/// assert_eq!(watermark.value::<String>()?, "2026-11-29T08:00:00Z");
/// # Ok::<(), connector_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Watermark(String);

impl Watermark {
    /// A watermark made from the connector's own serde value. It holds no secret.
    pub fn of<T: Serialize>(value: &T) -> Result<Self> {
        serde_json::to_string(value)
            .map(Self)
            .map_err(|cause| Error::internal("a watermark could not be written as JSON").with_cause(cause))
    }

    /// The connector's own value. Fails with kind `expired` when another version of the connector made it.
    pub fn value<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.0).map_err(|cause| {
            Error::expired("the watermark of the last run doesn't fit this version of the connector").with_cause(cause)
        })
    }

    /// The text to keep.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A watermark from the text that [`Watermark::as_str`] gave.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Watermark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watermark({})", self.0)
    }
}
