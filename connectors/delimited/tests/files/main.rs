//! Files as people have them: whole and broken ones, read and rewritten.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

#[path = "../project/mod.rs"]
mod project;

mod access;
mod corpus;
mod paging;
mod rewriting;
mod settings;
mod users;
