//! Provisioning: changing a source as a plan says.
//!
//! A [`Provisioning`] is a plan on its way: its operations are written into the journal, [previewed](Provisioning::preview)
//! against the accounts as they are, and [applied](Provisioning::apply): each is in the journal as `pending` before it is
//! sent, and with its outcome when the answer is there. What a lost answer leaves open is
//! [settled](Provisioning::settle) by reading the source. [`query::plan_operations`](crate::query::plan_operations) tells
//! how each operation stands, at any time.
//!
//! Nothing here names a connector: it says how to write one operation, and optionally a batch, how to find accounts and
//! what an operation comes to.

mod apply;
mod call;
mod change;
mod journal;
mod lanes;
mod look;
mod names;
mod order;
mod phases;
mod preview;
mod progress;
mod provisioning;
mod reasons;
mod recheck;
mod seats;
mod settle;
mod simulate;
mod state;

pub use change::ValueChange;
pub use journal::{Earlier, Standing};
pub(crate) use journal::{named, optional_json, stored_failure, time};
pub use phases::{Applied, Preview, Settled};
pub use progress::{Phase, Progress};
pub use provisioning::{Changed, Provisioning};
