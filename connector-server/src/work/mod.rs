//! What the server does for somebody: it reads a source, or tests its connection, with the same calls as the commands.

mod aggregation;
mod connection;
mod job;
mod jobs;

pub(crate) use job::{Job, Outcome, Work};
pub(crate) use jobs::{Begun, Jobs, Wish};
