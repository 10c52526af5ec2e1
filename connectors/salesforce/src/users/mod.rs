//! Users, which are the accounts.

pub(crate) mod accounts;
mod custom_fields;
mod field_groups;
pub(crate) mod fields;
pub(crate) mod find;
pub(crate) mod integrations;
pub(crate) mod kept;
pub(crate) mod locks;
pub(crate) mod schema;

pub(crate) use accounts::Accounts;
pub(crate) use custom_fields::CustomFields;
