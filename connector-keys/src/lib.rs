//! Private keys and certificates for connectors: load, make, sign, inspect.
//!
//! * [`PrivateKey`] opens an RSA key from PEM text in every form that is met in practice, or makes a new one.
//! * [`Signer`] is what a grant type asks for, so a key may also live where it can't be taken out: [`open_signer`] finds
//!   it, a [`KeyStore`] is one more kind of place.
//! * [`Certificate`] tells the dates, the fingerprints and whether it belongs to a key, or is made from a
//!   [`CertificateRequest`]; [`signing_request`] asks an authority for one.
//! * [`Chain`] is what a certificate file holds; [`Chain::judge`] says whether it can be relied on.
//! * [`KeyAndChain`] opens PKCS#12 files; [`pem_from_der`] makes PEM text of everything binary.
//! * [`CertificateAuthority`] issues certificates for servers on this machine: tests and simulated systems.
//!
//! Nothing here reads files or asks on the terminal. Errors are of kind `secret` and say what to do; neither they nor
//! any `Debug` output hold a part of a key or a password.

mod authority;
mod certificate;
mod chain;
mod der;
mod key_store;
mod legacy;
mod password;
mod pem;
mod pkcs12;
mod private_key;
mod public_key;
mod secret_text;
mod signer;
mod signing_request;
mod verdict;

pub use authority::CertificateAuthority;
pub use certificate::{Certificate, CertificateRequest};
pub use chain::Chain;
pub use der::pem_from_der;
pub use key_store::{KeyStore, KeyStoreRegistration, key_store, key_stores, open_signer};
pub use password::password_from;
pub use pkcs12::KeyAndChain;
pub use private_key::PrivateKey;
pub use public_key::PublicKey;
pub use secret_text::secret_text;
pub use signer::Signer;
pub use signing_request::signing_request;
pub use verdict::{CertificateStatus, RENEW_BEFORE, Verdict, half_switched};

#[doc(hidden)]
pub use connector_core::inventory;
