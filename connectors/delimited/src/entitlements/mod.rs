//! Entitlements and who holds them: files of their own, or columns of the accounts.

mod assignments;
mod names;
mod read;

pub(crate) use assignments::{HolderMapping, assignments, holdings};
pub(crate) use names::Names;
pub(crate) use read::{all_of_type, entitlements, find, verify_list};
