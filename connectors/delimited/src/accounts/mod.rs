//! Accounts: rows of the accounts file, one or several for each.

mod find;
mod mapping;
mod pages;
mod schema;
mod sorted;

pub(crate) use find::{find, read_again};
pub(crate) use mapping::{Mapping, unique};
pub(crate) use pages::{each_group, page};
pub(crate) use schema::{operations, schema};
