//! The pages, one file each.

pub(crate) mod account;
pub(crate) mod accounts;
pub(crate) mod actions;
pub(crate) mod audit;
pub(crate) mod certificates;
pub(crate) mod diff;
pub(crate) mod entitlement;
pub(crate) mod entitlements;
pub(crate) mod findings;
pub(crate) mod home;
pub(crate) mod identities;
pub(crate) mod person;
pub(crate) mod plan;
pub(crate) mod plan_actions;
pub(crate) mod plans;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod schedule;
pub(crate) mod search;
pub(crate) mod source;
pub(crate) mod test;

mod holding;
mod operation_row;
pub(crate) mod part;
mod progress;
mod run_row;
mod shell;
mod window;

pub(crate) use part::Delta;
pub(crate) use shell::{Frame, Shell, render};
pub(crate) use window::Window;
