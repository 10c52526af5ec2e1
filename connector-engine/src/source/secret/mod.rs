//! The secret resolvers that come with the engine.

mod command;
mod env;
pub(super) mod file;

/// More than any key or chain of certificates needs.
const LONGEST: u64 = 1024 * 1024;
