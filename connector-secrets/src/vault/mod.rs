//! `vault:MOUNT/PATH#FIELD`
//!
//! Reading a secret takes one GET, so this module sends it without a client library. The libraries for Vault add a dozen
//! crates and a second HTTP layer, and their errors include neither the path nor a help.

mod place;
mod response;
mod server;

use async_trait::async_trait;
use connector_core::{Error, ErrorKind, Result, SecretRef, SecretResolver, Sensitivity, register_secret_resolver};
use place::Place;
use secrecy::SecretString;
use server::Server;
use std::path::Path;

/// Reads a field of a secret from the key-value engine (version 2) of HashiCorp Vault or OpenBao.
struct Vault;

static VAULT: Vault = Vault;

register_secret_resolver! {
    scheme: "vault",
    form: "vault:MOUNT/PATH#FIELD",
    description: "A field of a secret in HashiCorp Vault or OpenBao (key-value engine, version 2). Set VAULT_ADDR, VAULT_TOKEN and so on, as for the `vault` command",
    resolver: VAULT,
}

#[async_trait]
impl SecretResolver for Vault {
    async fn resolve(&self, reference: &SecretRef, _: &Path, _: Sensitivity) -> Result<SecretString> {
        let place: Place = reference.rest().parse().map_err(fault)?;
        let server = Server::from_environment()?;
        let reply = server.read(&place).await?;
        response::field(&reply, &place, &server)
    }

    fn check(&self, reference: &SecretRef) -> Result<(), String> {
        reference.rest().parse::<Place>().map(drop)
    }
}

fn fault(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Secret, message)
}
