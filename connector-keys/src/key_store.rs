//! The places of private keys, and signing with them.
//!
//! Most key refs name a PEM text that a secret resolver fetches. A key that never leaves its place (a
//! token, an HSM, a cloud key service) is used through a [`KeyStore`] that is registered for the scheme of its
//! refs. The grant types call [`open_signer`] and don't need to know the difference.

use crate::private_key::PrivateKey;
use crate::signer::Signer;
use async_trait::async_trait;
use connector_core::registry::secret_resolver;
use connector_core::{Context, Result, SecretRef};
use std::sync::Arc;

/// A kind of place that holds private keys.
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// Finds the key that `key` names and prepares it for signing. `password` says where its password or PIN is kept;
    /// the [`Context`] fetches it.
    ///
    /// Fails with kind `secret`, with a message that says what to do.
    async fn open(&self, context: &Context, key: &SecretRef, password: Option<&SecretRef>) -> Result<Arc<dyn Signer>>;

    /// Checks the part after the scheme without opening anything. The error says what to write
    /// instead.
    fn check(&self, key: &SecretRef) -> Result<(), String>;
}

/// A linked key store. Created by [`register_key_store!`](crate::register_key_store).
#[derive(Debug)]
pub struct KeyStoreRegistration {
    /// The part of a key ref before the first colon.
    pub scheme: &'static str,
    /// The whole ref, for people: `pkcs11:token=NAME;object=LABEL`.
    pub form: &'static str,
    /// What it is, in one sentence.
    pub description: &'static str,
    /// Returns the store.
    pub store: fn() -> &'static dyn KeyStore,
}

connector_core::inventory::collect!(KeyStoreRegistration);

/// The linked key stores by scheme. All other schemes return PEM text.
pub fn key_stores() -> Vec<&'static KeyStoreRegistration> {
    let mut all: Vec<_> = connector_core::inventory::iter::<KeyStoreRegistration>().collect();
    all.sort_by_key(|registration| registration.scheme);
    all
}

/// The linked key store of that scheme, if there is one.
pub fn key_store(scheme: &str) -> Option<&'static KeyStoreRegistration> {
    key_stores().into_iter().find(|registration| registration.scheme == scheme)
}

/// Prepares the key that `key` names for signing, wherever it is kept. Fails with kind `secret` or `definition`.
pub async fn open_signer(context: &Context, key: &SecretRef, password: Option<&SecretRef>) -> Result<Arc<dyn Signer>> {
    let store = key_store(key.scheme()).map_or(&PemKeys as &dyn KeyStore, |registration| (registration.store)());
    store.open(context, key, password).await
}

/// Keys that a secret resolver fetches as PEM text.
struct PemKeys;

#[async_trait]
impl KeyStore for PemKeys {
    async fn open(&self, context: &Context, key: &SecretRef, password: Option<&SecretRef>) -> Result<Arc<dyn Signer>> {
        let text = context.secret(key).await?;
        let password = match password {
            Some(reference) => Some(context.secret(reference).await?),
            None => None,
        };
        Ok(Arc::new(PrivateKey::from_pem(&text, password.as_ref())?))
    }

    fn check(&self, key: &SecretRef) -> Result<(), String> {
        let registration = secret_resolver(key.scheme()).map_err(|error| error.to_string())?;
        (registration.resolver)().check(key)
    }
}

/// Registers a key store, a unit value, with the binary it is linked into.
#[macro_export]
macro_rules! register_key_store {
    (
        scheme: $scheme:literal,
        form: $form:literal,
        description: $description:literal,
        store: $store:path $(,)?
    ) => {
        $crate::inventory::submit! {
            $crate::KeyStoreRegistration {
                scheme: $scheme,
                form: $form,
                description: $description,
                store: || &$store,
            }
        }
    };
}
