//! All places that can keep a secret or a private key. A `…_ref` in a source file or plan names one.
//!
//! | ref | meaning |
//! | --- | --- |
//! | `file:PATH` | a file, relative to the project folder |
//! | `env:NAME` | an environment variable |
//! | `command:["PROGRAM","ARGUMENT"]` | the output of a program |
//!
//! These are always included. Each of the others is a cargo feature with the same name:
//!
//! | feature | ref | meaning |
//! | --- | --- | --- |
//! | `pkcs11` | `pkcs11:token=NAME;object=LABEL?module-path=PATH` | a private key that never leaves its token or HSM |
//! | `vault` | `vault:MOUNT/PATH#FIELD` | a field of a secret in HashiCorp Vault or OpenBao |
//! | `age` | `age:PATH` | a file encrypted with age |
//! | `keyring` | `keyring:SERVICE/USER` | an entry in the keyring of the signed-in user |
//!
//! A binary includes them with `use connector_secrets as _;`. A ref that needs a missing feature is an error, and the error
//! names the feature.

#[cfg(feature = "age")]
mod age;
mod command;
mod env;
mod file;
#[cfg(feature = "keyring")]
mod keyring;
mod left_out;
#[cfg(feature = "pkcs11")]
mod pkcs11;
#[cfg(feature = "vault")]
mod vault;

pub use file::{check_file, read_public_file};
