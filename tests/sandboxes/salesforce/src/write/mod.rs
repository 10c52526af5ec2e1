//! Writes of clients, checked by the org's rules; one file per object.
//!
//! A [`Transaction`] locks the org during a request. It keeps or undoes all its changes together.

mod assignment;
mod check;
mod draft;
mod group_member;
mod license;
mod password;
mod refusal;
mod territory;
mod transaction;
mod user;
mod user_login;

pub(crate) use draft::{Draft, Purpose, Unreadable};
pub(crate) use password::{reset_password, set_password};
pub(crate) use refusal::{Refusal, status};
pub(crate) use transaction::Transaction;
