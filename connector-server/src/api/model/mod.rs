//! What the API answers.

mod account;
mod difference;
mod entitlement;
mod finding;
mod job;
mod page;
mod plan;
mod problem;
mod run;
mod source;

pub(crate) use account::{Account, AccountWithHistory, EntitlementKey, ValueChange};
pub(crate) use difference::{Difference, DifferencePage};
pub(crate) use entitlement::{Entitlement, Holder};
pub(crate) use finding::{Finding, FindingPage, NotChecked};
pub(crate) use job::Job;
pub(crate) use page::Page;
pub(crate) use plan::{Plan, PlanOperation};
pub(crate) use problem::Problem;
pub(crate) use run::Run;
pub(crate) use source::Source;
