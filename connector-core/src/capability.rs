//! The optional abilities of a connector.

use crate::assignment::Assignment;
use crate::batch::ProvisionBatch;
use crate::changes::ReadChanges;
use crate::cursor::Cursor;
use crate::entitlement::{Entitlement, EntitlementRef, EntitlementType};
use crate::error::Result;
use crate::find::FindAccounts;
use crate::page::Page;
use crate::prepare::PrepareOperations;
use crate::rotate::RotateCertificate;
use crate::trail::ReadTrail;
use async_trait::async_trait;
use std::fmt;

/// The optional abilities of a connector, handed over as trait objects: one that isn't implemented can't be named.
#[derive(Clone, Copy, Default)]
pub struct Capabilities<'a> {
    entitlements: Option<&'a dyn ReadEntitlements>,
    changes: Option<&'a dyn ReadChanges>,
    accounts: Option<&'a dyn FindAccounts>,
    preparation: Option<&'a dyn PrepareOperations>,
    batch: Option<&'a dyn ProvisionBatch>,
    rotation: Option<&'a dyn RotateCertificate>,
    trail: Option<&'a dyn ReadTrail>,
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

    /// The ability to read entitlements and assignments, if the connector has it.
    pub fn entitlements(&self) -> Option<&'a dyn ReadEntitlements> {
        self.entitlements
    }

    /// Adds the ability to read only what changed.
    #[must_use]
    pub fn with_changes(mut self, ability: &'a dyn ReadChanges) -> Self {
        self.changes = Some(ability);
        self
    }

    /// The ability to read only what changed, if the connector has it.
    pub fn changes(&self) -> Option<&'a dyn ReadChanges> {
        self.changes
    }

    /// Adds the ability to find a few accounts.
    #[must_use]
    pub fn with_accounts(mut self, ability: &'a dyn FindAccounts) -> Self {
        self.accounts = Some(ability);
        self
    }

    /// The ability to find a few accounts, if the connector has it.
    pub fn accounts(&self) -> Option<&'a dyn FindAccounts> {
        self.accounts
    }

    /// Adds the ability to determine in advance what operations change.
    #[must_use]
    pub fn with_preparation(mut self, ability: &'a dyn PrepareOperations) -> Self {
        self.preparation = Some(ability);
        self
    }

    /// The ability to determine in advance what operations change, if the connector has it.
    pub fn preparation(&self) -> Option<&'a dyn PrepareOperations> {
        self.preparation
    }

    /// Adds the ability to carry out several operations at once.
    #[must_use]
    pub fn with_batch(mut self, ability: &'a dyn ProvisionBatch) -> Self {
        self.batch = Some(ability);
        self
    }

    /// The ability to apply several operations at once, if the connector has it.
    pub fn batch(&self) -> Option<&'a dyn ProvisionBatch> {
        self.batch
    }

    /// Adds the ability to replace the certificate that the source recognizes the key by.
    #[must_use]
    pub fn with_rotation(mut self, ability: &'a dyn RotateCertificate) -> Self {
        self.rotation = Some(ability);
        self
    }

    /// The ability to replace the certificate by which the source recognizes the key, if the connector has it.
    pub fn rotation(&self) -> Option<&'a dyn RotateCertificate> {
        self.rotation
    }

    /// Adds the ability to read the source's own audit trail.
    #[must_use]
    pub fn with_trail(mut self, ability: &'a dyn ReadTrail) -> Self {
        self.trail = Some(ability);
        self
    }

    /// The ability to read the source's own audit trail, if the connector has it.
    pub fn trail(&self) -> Option<&'a dyn ReadTrail> {
        self.trail
    }

    /// The names of the abilities there are, for listings.
    pub fn names(&self) -> Vec<&'static str> {
        let mut names = vec!["test_connection", "aggregate_accounts"];
        let optional = [
            ("read_entitlements", self.entitlements.is_some()),
            ("read_changes", self.changes.is_some()),
            ("find_accounts", self.accounts.is_some()),
            ("prepare_operations", self.preparation.is_some()),
            ("provision_batch", self.batch.is_some()),
            ("rotate_certificate", self.rotation.is_some()),
            ("read_trail", self.trail.is_some()),
        ];
        names.extend(optional.into_iter().filter(|(_, there)| *there).map(|(name, _)| name));
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
    /// The types of entitlements that this source has, or may have. Offline.
    fn entitlement_types(&self) -> Vec<EntitlementType>;

    /// One page of entitlements from a position; [`Cursor::start`] is the beginning.
    async fn entitlements(&self, cursor: &Cursor) -> Result<Page<Entitlement>>;

    /// One page of assignments from a position; [`Cursor::start`] is the beginning.
    async fn assignments(&self, cursor: &Cursor) -> Result<Page<Assignment>>;

    /// For each of `wanted`, in order, the entitlements of its type that have its `id` as id or name: none, one, or the
    /// candidates of a name that several have.
    ///
    /// This reads all entitlements; a source that can be asked for a few of them does better.
    async fn find_entitlements(&self, wanted: &[EntitlementRef]) -> Result<Vec<Vec<Entitlement>>> {
        let mut found: Vec<Vec<Entitlement>> = wanted.iter().map(|_| Vec::new()).collect();
        let mut left = vec![Cursor::start()];
        while let Some(cursor) = left.pop() {
            let (entitlements, next) = self.entitlements(&cursor).await?.into_parts();
            left.extend(next);
            for entitlement in entitlements {
                for (wanted, found) in wanted.iter().zip(&mut found) {
                    let is_named = entitlement.key.id == wanted.id || entitlement.name == wanted.id;
                    if entitlement.key.entitlement_type == wanted.entitlement_type && is_named {
                        found.push(entitlement.clone());
                    }
                }
            }
        }
        for (wanted, found) in wanted.iter().zip(&mut found) {
            // An id names one thing, whatever else is called so.
            if found.iter().any(|one| one.key.id == wanted.id) {
                found.retain(|one| one.key.id == wanted.id);
            }
        }
        Ok(found)
    }
}
