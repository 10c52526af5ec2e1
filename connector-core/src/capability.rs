//! The optional abilities of a connector.

use crate::cursor::Cursor;
use crate::entitlement::{Assignment, Entitlement, EntitlementType};
use crate::error::Result;
use crate::page::Page;
use async_trait::async_trait;
use std::fmt;

/// The optional abilities of a connector, handed over as trait objects: one that isn't implemented can't be named.
#[derive(Clone, Copy, Default)]
pub struct Capabilities<'a> {
    entitlements: Option<&'a dyn ReadEntitlements>,
}

impl<'a> Capabilities<'a> {
    /// No optional ability.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds the ability to read entitlements and assignments.
    #[must_use]
    pub fn with_entitlements(mut self, ability: &'a dyn ReadEntitlements) -> Self {
        self.entitlements = Some(ability);
        self
    }

    /// The ability to read entitlements and assignments, where there is one.
    pub fn entitlements(&self) -> Option<&'a dyn ReadEntitlements> {
        self.entitlements
    }

    /// The names of the abilities there are, for listings.
    pub fn names(&self) -> Vec<&'static str> {
        let mut names = vec!["test_connection", "aggregate_accounts"];
        if self.entitlements.is_some() {
            names.push("read_entitlements");
        }
        names
    }
}

impl fmt::Debug for Capabilities<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// Reads what can be held, and who holds it, as pages.
///
/// Both reads cover all accounts at once, never one account or one entitlement a call.
#[async_trait]
pub trait ReadEntitlements: Send + Sync {
    /// The types of entitlements it knows, whether or not an org has them all.
    fn entitlement_types(&self) -> &'static [EntitlementType];

    /// One page of entitlements from a position; [`Cursor::start`] is the beginning.
    async fn entitlements(&self, cursor: &Cursor) -> Result<Page<Entitlement>>;

    /// One page of assignments from a position; [`Cursor::start`] is the beginning.
    async fn assignments(&self, cursor: &Cursor) -> Result<Page<Assignment>>;
}
