//! What users can hold.

pub(crate) mod find;
mod permissions;
pub(crate) mod read;
pub(crate) mod types;
