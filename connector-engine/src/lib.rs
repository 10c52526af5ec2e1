//! Runs jobs and keeps the store. The files that users write are read by `connector-project`.
//!
//! The engine never names a connector: a job gets one that was opened already.
//!
//! * [`store`] what was read, run by run, in an SQLite file;
//! * [`aggregate`] reading a source into the store, resumable at any moment;
//! * [`certificate`] watching the certificates that sources name;
//! * [`provision`] changing a source as a plan says, with a journal;
//! * [`query`] accounts, entitlements, differences between runs, exports.

pub mod aggregate;
pub mod certificate;
mod patience;
pub mod provision;
pub mod query;
pub mod store;

pub use patience::test_connection;
