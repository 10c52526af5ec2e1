//! Questions about the store.
//!
//! Long answers are streamed: a function takes a closure that it calls with one row after the other, and memory stays
//! flat however many there are. A closure that returns an error ends the stream with that error.

mod account;
mod accounts;
mod diff;
mod difference;
mod entitlements;
mod export;
mod filter;
mod life;
mod reading;
mod runs;

pub use account::{AccountDetail, Event, HistoryEntry, account};
pub use accounts::{AccountQuery, accounts, attribute_names};
pub use diff::{DiffSummary, Tally, diff};
pub use difference::{AttributeChange, Change, Difference};
pub use entitlements::{Holder, StoredEntitlement, entitlement, entitlements, holders};
pub use export::{Format, What, export};
pub use filter::Filter;
pub use runs::{Run, last_run, run, runs};
