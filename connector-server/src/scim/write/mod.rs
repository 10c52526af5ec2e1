//! Writes of clients: each becomes a plan, which is previewed, journaled, applied and settled like any other.

mod body;
mod carry_out;
mod groups;
mod members;
mod patch;
mod target;
mod users;
mod value;
mod wish;

pub(super) use groups::{create_group, delete_group, patch_group, put_group};
pub(super) use users::{create_user, delete_user, patch_user, put_user};
