//! Who holds what.

pub(crate) mod effect;
pub(crate) mod group_types;
pub(crate) mod hierarchy;
pub(crate) mod holders;
pub(crate) mod holdings;
pub(crate) mod nested_groups;
pub(crate) mod read;
pub(crate) mod setup_access;
