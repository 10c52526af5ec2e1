//! Accounts: the users of a server.

mod fields;
mod find;
mod mapping;
mod pages;
mod schema;

pub(crate) use fields::{Field, Fields};
pub(crate) use find::{Way, find, read_again, way};
pub(crate) use mapping::{account, is_active};
pub(crate) use pages::page;
pub(crate) use schema::{MOST_FOUND, schema};
