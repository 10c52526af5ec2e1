//! The journal of provisioning: intent before, answer after.
//!
//! A plan's operations are written down when it is read, with what each will come to when it is previewed, with
//! `pending` before it is sent and with its outcome when the answer is there. So whatever happens to the process, the
//! journal says of each operation what became of it, or that it must be settled.

mod apply;
mod handle;
mod load;
mod plan;
mod preview;
mod row;

pub(crate) use apply::Answer;
pub(crate) use handle::{Held, Journal};
pub use plan::Earlier;
pub(crate) use plan::{PlanUsage, Wanted};
pub(crate) use preview::{AskedRow, Foreseen, ForeseenStep};
pub use row::Standing;
pub(crate) use row::{StepRow, named, optional_json, stored_failure, time, to_json};
