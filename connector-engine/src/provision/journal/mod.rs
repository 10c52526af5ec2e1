//! The journal of provisioning: the intent before a request, the outcome after it.
//!
//! The journal gets a plan's operations when the plan is read, their changes when it is previewed,
//! `pending` before an operation is sent and its outcome after the response. So whatever happens to the process, the
//! journal has the outcome of each operation, or says that it must be settled.

mod alike;
mod apply;
mod caps;
mod consent;
mod created;
mod handle;
mod load;
mod plan;
mod preview;
mod row;

pub(crate) use apply::StepOutcome;
pub(crate) use created::{Made, Waiting, creators, stand_in};
pub(crate) use handle::{Journal, OpenPlan};
pub use plan::Earlier;
pub(crate) use plan::{PlanUsage, Wanted};
pub(crate) use preview::{AskedRow, Foreseen, ForeseenStep};
pub use row::Standing;
pub(crate) use row::{StepRow, named, optional_json, stored_failure, time, to_json};
