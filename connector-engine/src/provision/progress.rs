//! How far a plan is.

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Reading the accounts and working out what the operations come to.
    Previewing,
    /// Finding out what became of operations whose answer was lost.
    Settling,
    /// Carrying out operations.
    Applying,
}

/// How far a plan is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// How many operations are done with in this phase.
    pub done: u64,
    /// How many there are in this phase.
    pub total: u64,
    /// Requests sent so far.
    pub api_calls: u64,
}
