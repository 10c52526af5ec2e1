//! `pkcs11:token=NAME;object=LABEL?module-path=PATH`
//!
//! The ref is a PKCS#11 URI (RFC 7512). The key never leaves its token: Connector finds it there, reads its public key,
//! and sends in the data to sign.

mod fault;
mod find;
mod module;
mod signer;
mod token;
mod uri;

use async_trait::async_trait;
use connector_core::{Context, Error, ErrorKind, Result, SecretRef};
use connector_keys::{KeyStore, Signer, register_key_store};
use fault::fault;
use signer::TokenSigner;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use uri::Uri;

/// Long enough for an HSM in another building, short enough that the command does not seem to hang.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Signs with keys in tokens and HSMs.
struct Pkcs11;

static PKCS11: Pkcs11 = Pkcs11;

register_key_store! {
    scheme: "pkcs11",
    form: "pkcs11:token=NAME;object=LABEL?module-path=PATH",
    description: "A private key that never leaves its token or HSM, as a PKCS#11 URI (RFC 7512). Set key_password_ref to a ref to its PIN",
    store: PKCS11,
}

#[async_trait]
impl KeyStore for Pkcs11 {
    async fn open(&self, context: &Context, key: &SecretRef, password: Option<&SecretRef>) -> Result<Arc<dyn Signer>> {
        let uri: Uri = key.rest().parse().map_err(fault)?;
        let module = context.project().join(&uri.module);
        let pin = match password {
            Some(reference) => Some(context.secret(reference).await?),
            None => None,
        };
        let signer = apart(move || TokenSigner::open(&module, &uri, pin.as_ref())).await?;
        Ok(Arc::new(signer))
    }

    fn check(&self, key: &SecretRef) -> Result<(), String> {
        key.rest().parse::<Uri>().map(drop)
    }
}

/// Calls a module on its own thread, because a call can block for a long time.
async fn apart<T: Send + 'static>(call: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    timeout(TIME_LIMIT, tokio::task::spawn_blocking(call))
        .await
        .map_err(|_| {
            fault(format!("the token did not respond within {} s", TIME_LIMIT.as_secs()))
                .with_help("check that the device is connected, or that the HSM's server is running and reachable")
        })?
        .map_err(|cause| {
            Error::new(ErrorKind::Internal, "the call into the PKCS#11 module stopped").with_cause(cause)
        })?
}
