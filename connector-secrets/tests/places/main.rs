//! Each place returns the secret, or an error that says what to do.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test stops at the first surprise")]
#![cfg_attr(not(feature = "vault"), allow(dead_code, unused_imports, reason = "some places are left out"))]

#[cfg(feature = "age")]
mod age;
mod asked;
mod built_in;
#[cfg(feature = "keyring")]
mod keyring;
mod left_out;
#[cfg(feature = "vault")]
mod openbao;
#[cfg(feature = "pkcs11")]
mod pkcs11;
#[cfg(feature = "vault")]
mod vault;

use connector_secrets as _;
