//! The org's HTTP: hosts, tokens, resources.

mod answer;
mod describe;
mod dpop;
mod jobs;
mod listener;
mod metadata;
mod misbehave;
mod query;
mod resources;
mod route;
mod session;
mod shared;
mod token;
mod write;

pub(crate) use listener::{Listener, bind};
pub(crate) use shared::{Host, Shared};
