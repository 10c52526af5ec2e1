//! Making signatures without seeing the key.

use crate::public_key::PublicKey;
use async_trait::async_trait;
use connector_core::Result;
use std::fmt;

/// Signs data with a private key that may live anywhere: in memory, in a token, behind a service.
#[async_trait]
pub trait Signer: fmt::Debug + Send + Sync {
    /// The algorithm as JOSE headers name it, for example `RS256`.
    fn algorithm(&self) -> &'static str;

    /// What the key is, for people, and where it is when it can't be taken out: `RSA 2048`,
    /// `` RSA 2048 in the token `iga` ``.
    fn describe(&self) -> String;

    /// The public half of the key, to compare a certificate with. Fails with kind `secret`.
    fn public_key(&self) -> Result<PublicKey>;

    /// Signs `data`. Fails with kind `secret`.
    async fn sign(&self, data: &[u8]) -> Result<Vec<u8>>;
}
