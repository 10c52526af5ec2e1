//! Reading accounts, entitlements and assignments.

pub(crate) mod accounts;
pub(crate) mod assignments;
pub(crate) mod changes;
pub(crate) mod entitlements;
mod find;
mod holds;
mod mapping;
mod next;
mod one;
mod pages;
mod part;
mod position;
mod subject;

pub(crate) use find::{find_accounts, read_accounts};
pub(crate) use holds::{Held, held_by};
pub(crate) use one::{FoundAccount, by_name, one};
pub(crate) use pages::items;
pub(crate) use position::Mark;
pub(crate) use subject::Subject;
