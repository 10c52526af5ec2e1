//! Rules over what the store knows of a source: what an auditor would ask about.
//!
//! [`find`] looks at the source, at each entitlement and at each account once, and shows each thing to every rule that is
//! registered for it. The rules of this crate fit every source; a connector registers its own with
//! [`register_rule!`](connector_core::register_rule). Whatever `findings.yaml` accepts is still found, and marked.

mod accepted;
mod facts;
mod finding;
mod rules;
mod search;
mod wanted;

pub use accepted::{Acceptances, Unused};
pub use facts::Facts;
pub use finding::{Accepted, Account, Entitlement, Finding};
pub use search::{FindingsSummary, NotChecked, RuleTally, criteria, find};
pub use wanted::{Shown, Wanted, check_rules};
