//! The data of the org: generated from `(seed, index)`, with changes on top.

mod access;
mod blocker;
mod catalog;
pub(crate) mod field;
mod handle;
mod holdings;
pub(crate) mod object;
mod password;
mod people;
mod permission_fields;
mod permissions;
mod program_fields;
mod programs;
pub(crate) mod schema;
mod seats;
mod setup_fields;
pub(crate) mod state;
pub(crate) mod table;
mod trail;
pub(crate) mod undo;
mod unique;
mod upkeep;
pub(crate) mod user_fields;
pub(crate) mod value;
mod vocabulary;
pub(crate) mod world;

pub(crate) use access::Calls;
pub use blocker::Blocker;
pub use handle::Org;
pub(crate) use people::INTEGRATION;
pub(crate) use upkeep::Author;
pub(crate) use world::SETTLED;
