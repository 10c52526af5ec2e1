//! The data of the org: generated from `(seed, index)`, with changes on top.

mod catalog;
pub(crate) mod field;
mod handle;
mod holdings;
pub(crate) mod object;
mod people;
pub(crate) mod schema;
mod setup_fields;
pub(crate) mod state;
mod table;
mod user_fields;
pub(crate) mod value;
mod vocabulary;
mod world;

pub use handle::Org;
pub(crate) use people::INTEGRATION;
