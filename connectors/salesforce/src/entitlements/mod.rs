//! What users can hold.

pub(crate) mod data_permissions;
pub(crate) mod find;
mod permissions;
pub(crate) mod read;
pub(crate) mod types;
