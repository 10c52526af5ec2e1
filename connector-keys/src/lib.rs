//! Private keys and certificates for connectors: load, make, sign, inspect.
//!
//! * [`PrivateKey`] opens an RSA key from PEM text in every form that is met in practice, or makes a new one.
//! * [`Signer`] is what a grant type asks for, so a key may also live where it can't be taken out.
//! * [`Certificate`] tells the dates, the fingerprint and whether it belongs to a key, or is made from a
//!   [`CertificateRequest`].
//! * [`CertificateAuthority`] issues certificates for servers on this machine: tests and simulated systems.
//!
//! Nothing here reads files or asks on the terminal. Errors are of kind `secret` and say what to do; neither they nor
//! any `Debug` output hold a part of a key or a password.

mod authority;
mod certificate;
mod pem;
mod private_key;
mod signer;

pub use authority::CertificateAuthority;
pub use certificate::{Certificate, CertificateRequest};
pub use private_key::PrivateKey;
pub use signer::Signer;
