//! Making signatures without seeing the key.

use async_trait::async_trait;
use connector_core::Result;
use std::fmt;

/// Signs data with a private key that may live anywhere: in memory, in a token, behind a service.
#[async_trait]
pub trait Signer: fmt::Debug + Send + Sync {
    /// The algorithm as JOSE headers name it, for example `RS256`.
    fn algorithm(&self) -> &'static str;

    /// Signs `data`. Fails with kind `secret`.
    async fn sign(&self, data: &[u8]) -> Result<Vec<u8>>;
}
