//! Progress of a plan.

/// The phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Reading the accounts to determine what the operations change.
    Previewing,
    /// Settling operations whose response was lost.
    Settling,
    /// Applying operations.
    Applying,
    /// Reading the accounts to see whether they show what was applied.
    ReadingBack,
}

/// Progress of a plan.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// The phase.
    pub phase: Phase,
    /// How many operations are finished in this phase.
    pub done: u64,
    /// How many operations this phase has.
    pub total: u64,
    /// Requests sent so far.
    pub api_calls: u64,
}
