//! The connector against a simulated org: whole reads, every kind of change read back, certificates replaced.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod bulk;
mod change;
mod identities;
mod org;
mod patience;
mod permissions;
mod preparing;
mod provisioning;
mod reading;
mod rotation;
