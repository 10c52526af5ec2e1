//! What a source itself knows of who changed it.

use crate::error::Result;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;

/// Reads a source's own audit trail.
#[async_trait]
pub trait ReadTrail: Send + Sync {
    /// Everything that the source recorded from `since` to `until`, oldest first: all of it, or an error.
    async fn trail(&self, since: Timestamp, until: Timestamp) -> Result<Trail>;
}

/// A part of an audit trail.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Trail {
    /// The events, oldest first.
    pub events: Vec<TrailEvent>,
    /// The first moment that the source still remembers, if it forgets. Nothing is known of what came before.
    pub begins: Option<Timestamp>,
    /// What the user should know, such as that sign-ins can't be read.
    pub warnings: Vec<String>,
}

impl Trail {
    /// A part with these events.
    pub fn new(events: Vec<TrailEvent>) -> Self {
        Self { events, ..Self::default() }
    }
}

/// One change in an audit trail.
///
/// ```
/// use connector_core::{TrailEvent, TrailSubject};
///
/// let mut event = TrailEvent::new("7", "2026-11-30T12:00:00Z".parse().unwrap(), "froze_user", "Froze user jane@acme.example");
/// event.by = Some("admin@acme.example".to_owned());
/// event.subject = TrailSubject::Account;
/// event.explains = vec!["locked".to_owned()];
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TrailEvent {
    /// The source's id of it.
    pub id: String,
    /// When it happened.
    pub at: Timestamp,
    /// The name of the account that did it; `None` for the source itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Where that account was signed in from, as far as the source knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What was done, as a code of the source.
    pub action: String,
    /// What was done, in the words of the source. Names or ids in it say what the event is about.
    pub detail: String,
    /// What it is about.
    #[serde(skip)]
    pub subject: TrailSubject,
    /// Which attributes of an account it changes, with `enabled` and `locked`; empty if that is not known.
    #[serde(skip)]
    pub explains: Vec<String>,
    /// Ids that the detail writes in another way than the lists of the source do, as the lists have them.
    #[serde(skip)]
    pub ids: Vec<String>,
}

impl TrailEvent {
    /// An event of unknown subject that the source itself caused.
    pub fn new(id: impl Into<String>, at: Timestamp, action: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            at,
            by: None,
            from: None,
            action: action.into(),
            detail: detail.into(),
            subject: TrailSubject::Unknown,
            explains: Vec::new(),
            ids: Vec::new(),
        }
    }
}

/// What an event is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrailSubject {
    /// The connector can't tell.
    #[default]
    Unknown,
    /// An account that exists.
    Account,
    /// An account that begins to exist.
    NewAccount,
    /// Who holds what.
    Assignment,
    /// What can be held.
    Entitlement,
}
