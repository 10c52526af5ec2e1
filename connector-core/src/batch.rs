//! Carrying out several operations in one request.

use crate::error::Result;
use crate::operation::Operation;
use crate::outcome::Outcome;
use crate::secret::SecretRef;
use async_trait::async_trait;

/// Carries out several operations of different accounts in one request.
#[async_trait]
pub trait ProvisionBatch: Send + Sync {
    /// Which operations go together with this one.
    fn lane(&self, operation: &Operation<SecretRef>) -> Lane;

    /// Carries out operations of one lane, no two of the same account: one outcome each, in order.
    ///
    /// One that fails leaves the others alone. The outer error means that none has an answer; its
    /// [`happened`](crate::Error::happened) then holds for all of them.
    async fn provision_batch(&self, operations: &[Operation]) -> Result<Vec<Result<Outcome>>>;
}

/// Operations of one lane may share a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Lane {
    /// What they have in common, for logs.
    pub name: &'static str,
    /// How many go into one request at most.
    pub limit: usize,
}

impl Lane {
    /// The lane with this name, of which so many go into one request.
    pub const fn new(name: &'static str, limit: usize) -> Self {
        Self { name, limit }
    }
}
