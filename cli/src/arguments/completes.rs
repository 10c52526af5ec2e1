//! What the shell completes for an argument.

use clap::builder::ArgExt;

/// Marks an argument whose values the shell can complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Completes {
    /// The names of the project's sources.
    Sources,
    /// The ids of runs.
    Runs,
    /// Entitlements, as `TYPE/NAME`.
    Entitlements,
    /// The names of accounts.
    Accounts,
    /// The ids of plans in the journal.
    Plans,
}

impl ArgExt for Completes {}
