//! Every place where a secret or a private key can be kept. A `…_ref` in a source file or plan names one.
//!
//! | form | what it is |
//! | --- | --- |
//! | `file:PATH` | a file, relative to the project folder |
//! | `env:NAME` | an environment variable |
//! | `command:["PROGRAM","ARGUMENT"]` | what a program prints |
//!
//! These are always there. Each of the others is a cargo feature of the same name:
//!
//! | feature | form | what it is |
//! | --- | --- | --- |
//! | `pkcs11` | `pkcs11:token=NAME;object=LABEL?module-path=PATH` | a private key that never leaves its token or HSM |
//! | `vault` | `vault:MOUNT/PATH#FIELD` | a field of a secret in HashiCorp Vault or OpenBao |
//! | `age` | `age:PATH` | a file that is encrypted with age |
//! | `keyring` | `keyring:SERVICE/USER` | the keyring of the user who is signed in |
//!
//! A binary gets them by naming this crate: `use connector_secrets as _;`. A ref to a place that was left out is an
//! error that says which feature brings it.

#[cfg(feature = "age")]
mod age;
mod command;
mod env;
mod file;
#[cfg(feature = "keyring")]
mod keyring;
mod left_out;
mod new_file;
#[cfg(feature = "pkcs11")]
mod pkcs11;
#[cfg(feature = "vault")]
mod vault;

pub use file::{check_file, read_public_file};
pub use new_file::{NewFile, sync_folder};
