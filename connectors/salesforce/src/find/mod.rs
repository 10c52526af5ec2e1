//! Finding a few users, and a few of the things that users can hold.

mod accounts;
mod entitlements;

pub(crate) use accounts::{MOST, accounts};
pub(crate) use entitlements::entitlements;
