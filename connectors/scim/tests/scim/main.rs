//! How the connector reads and changes SCIM servers of all kinds.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod delta;
mod discovery;
mod failures;
mod members;
mod odd_servers;
mod paging;
mod provisioning;
#[path = "../server/mod.rs"]
mod server;
mod settings;
