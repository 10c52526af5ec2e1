//! Provisioning: changes a source as a plan says.
//!
//! A [`Provisioning`] is a plan in progress. Its operations are written to the journal, [previewed](Provisioning::preview)
//! against the current accounts, and [applied](Provisioning::apply). The journal has each operation as `pending` before it is
//! sent, and with its outcome after the response. If a response is lost, the operation is
//! [settled](Provisioning::settle) by reading the source. [`query::plan_operations`](crate::query::plan_operations) gives
//! the outcome of each operation at any time.
//!
//! Nothing here names a connector. A connector knows how to write one operation, and optionally a batch, how to find
//! accounts, and which steps an operation needs.

mod apply;
mod call;
mod caps;
mod consent;
mod created;
mod find_accounts;
mod journal;
mod lanes;
mod lifecycle;
mod names;
mod order;
mod preview;
mod progress;
mod provisioning;
mod read_back;
mod reasons;
mod recheck;
mod references;
mod seats;
mod settle;
mod simulate;

pub use connector_project::effect::ValueChange;
pub use consent::{Consent, Verdict, this_user};
pub use journal::{Earlier, Standing};
pub(crate) use journal::{named, optional_json, stored_failure, time};
pub use lifecycle::{Applied, Preview, Settled};
pub use progress::{Phase, Progress};
pub use provisioning::{Changed, Provisioning, Shown};
