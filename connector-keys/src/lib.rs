//! Private keys and certificates for connectors: load, create, sign, inspect.
//!
//! * [`PrivateKey`] opens an RSA key from PEM text in every common format, or creates a new one.
//! * [`Signer`] signs for a grant type. The key can also be in a device that never gives it out: [`open_signer`] finds
//!   it, and a [`KeyStore`] adds another kind of place.
//! * [`Certificate`] has the dates, the fingerprints and the match with a key. A [`CertificateRequest`] creates a new
//!   one; [`signing_request`] creates a request for a certificate authority.
//! * [`Chain`] has the certificates of a file; [`Chain::judge`] says whether they work.
//! * [`ClientIdentity`] is a certificate with its key for a TLS client.
//! * [`KeyAndChain`] opens PKCS#12 files; [`pem_from_der`] converts binary files to PEM text.
//! * [`CertificateAuthority`] issues certificates for servers on this machine: tests and simulated systems.
//!
//! Nothing here reads files or asks on the terminal. Errors are of kind `secret` and say what to do. Neither errors nor
//! `Debug` output contain any part of a key or a password.

mod authority;
mod certificate;
mod chain;
mod client_identity;
mod der;
mod digest;
mod encrypted;
mod key_store;
mod legacy;
mod mended;
mod pem;
mod pkcs12;
mod pkcs12_keys;
mod private_key;
mod public_key;
mod secret_text;
mod signer;
mod signing_request;
mod verdict;

pub use authority::CertificateAuthority;
pub use certificate::{Certificate, CertificateRequest};
pub use chain::Chain;
pub use client_identity::ClientIdentity;
pub use der::pem_from_der;
pub use digest::sha256;
pub use key_store::{KeyStore, KeyStoreRegistration, key_store, key_stores, open_signer};
pub use pkcs12::KeyAndChain;
pub use private_key::PrivateKey;
pub use public_key::PublicKey;
pub use secret_text::secret_text;
pub use signer::Signer;
pub use signing_request::signing_request;
pub use verdict::{CertificateStatus, RENEW_BEFORE, Verdict, half_switched};

#[doc(hidden)]
pub use connector_core::inventory;
