//! Signing without access to the key.

use crate::public_key::PublicKey;
use async_trait::async_trait;
use connector_core::Result;
use std::fmt;

/// Signs data with a private key that can be anywhere: in memory, in a token, behind a service.
#[async_trait]
pub trait Signer: fmt::Debug + Send + Sync {
    /// The algorithm as JOSE headers name it, for example `RS256`.
    fn algorithm(&self) -> &'static str;

    /// A description of the key for people, with its place if it can't leave it: `RSA 2048`,
    /// `` RSA 2048 in the token `iga` ``.
    fn describe(&self) -> String;

    /// The public half of the key, to compare it with a certificate. Fails with kind `secret`.
    fn public_key(&self) -> Result<PublicKey>;

    /// Signs `data`. Fails with kind `secret`.
    async fn sign(&self, data: &[u8]) -> Result<Vec<u8>>;
}
