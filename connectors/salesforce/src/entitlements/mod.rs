//! What users can hold.

pub(crate) mod find;
pub(crate) mod read;
pub(crate) mod types;
