//! How far a run is.

use crate::store::PerStep;
use std::time::Duration;

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Reading pages and committing them.
    Reading,
    /// Everything is read: looking for what was not seen.
    Reconciling,
}

/// How far one kind of row is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepProgress {
    /// Rows seen and committed so far.
    pub seen: u64,
    /// About how many there are, where the source said so.
    pub estimate: Option<u64>,
}

/// Progress of a run, reported after each commit.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What the run is doing.
    pub phase: Phase,
    /// Whether it continued where an earlier job stopped.
    pub resumed: bool,
    /// How far each kind of row is.
    pub steps: PerStep<StepProgress>,
    /// Requests sent so far in the whole run.
    pub api_calls: u64,
    /// How long this job has worked.
    pub elapsed: Duration,
}
