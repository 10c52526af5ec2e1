//! A directory in memory that can be changed, and a place to provision it from.

#![allow(dead_code, unused_imports, unreachable_pub, missing_docs, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]

mod connector;
#[path = "../fake_registration/mod.rs"]
mod fake_registration;
mod place;
mod plans;
mod server;

pub use connector::{Directory, Fate};
pub use place::{Place, outcomes};
pub use plans::{
    changes_of_each_kind, create, delete, disable, enable, grant, grant_until, lock, reference, revoke, revoke_tokens,
    set_password, unlock, update,
};
pub use server::{Person, Server};
