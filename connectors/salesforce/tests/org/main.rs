//! The connector against answers in Salesforce's form, good and odd ones.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod connection;
mod odd_answers;
mod odd_deploys;
mod odd_writes;
mod reading;
mod refusals;
mod server;
mod visibility;
