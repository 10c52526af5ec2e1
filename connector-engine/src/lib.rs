//! Reads source files, runs aggregation jobs and keeps the store.
//!
//! The engine never names a connector: it finds what is linked into the binary by the registry of `connector-core`.
//!
//! * [`source`] projects, source files, their schemas and the problems in them, secret resolvers;
//! * [`store`] what was read, run by run, in an SQLite file;
//! * [`aggregate`] reading a source into the store, resumable at any moment;
//! * [`certificate`] watching the certificates that sources name;
//! * [`plan`] ordered lists of wanted changes that users write;
//! * [`provision`] changing a source as a plan says, with a journal;
//! * [`query`] accounts, entitlements, differences between runs, exports.

pub mod aggregate;
pub mod certificate;
mod document;
pub mod plan;
pub mod provision;
pub mod query;
pub mod source;
pub mod store;
