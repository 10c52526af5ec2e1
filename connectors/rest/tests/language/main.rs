//! The language: its faults with their places, the stumbling blocks of users elsewhere, and operations.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

#[path = "../acme/mod.rs"]
mod acme;
mod bodies;
mod cases;
mod ends;
mod faults;
mod gone;
mod paging;
mod parameters;
mod parts;
mod provisioning;
mod reading;
mod requests;
mod users;
