//! The connector reads and changes servers that others wrote.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod canaille;
mod peer;
mod scim2_server;
mod scimmy;
#[path = "../server/mod.rs"]
mod server;
