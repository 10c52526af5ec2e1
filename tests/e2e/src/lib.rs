//! What the end-to-end tests stand on: a project folder wired to a simulated org, and a way to run the command line in it.

#![allow(clippy::panic, reason = "a test stops at the first surprise")]

mod bare;
mod command;
mod project;
mod roster;
mod running;
mod short_names;

pub use bare::{Bare, Truth};
pub use command::{Binary, Ended};
pub use project::Project;
pub use running::Running;
