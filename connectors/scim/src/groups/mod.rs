//! Entitlements: groups, other resources with members, and values such as roles.

pub(crate) mod changed;
mod entitlements;
mod holdings;
mod member;
mod members;
mod one;
mod rest;
mod types;

pub(crate) use entitlements::{entitlements, find};
pub(crate) use holdings::{add_held, of_user};
pub(crate) use members::assignments;
pub(crate) use one::{Among, Members, Walk, compare, members_of};
pub(crate) use types::{Kind, entitlement_type, kinds, named};
