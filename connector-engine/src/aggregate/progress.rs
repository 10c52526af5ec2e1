//! The progress of a run.

use connector_store::PerStep;
use std::time::Duration;

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Reading pages and committing them.
    Reading,
    /// Everything is read; finding what was not seen.
    Reconciling,
}

/// The progress of one kind of row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepProgress {
    /// Rows seen and committed so far.
    pub seen: u64,
    /// About how many exist, if the source reports it.
    pub estimate: Option<u64>,
}

/// Progress of a run, reported after each commit.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What the run is doing.
    pub phase: Phase,
    /// Whether it continues an interrupted run.
    pub resumed: bool,
    /// The progress of each kind of row.
    pub steps: PerStep<StepProgress>,
    /// Requests sent so far in the whole run.
    pub api_calls: u64,
    /// How long this job has been running.
    pub elapsed: Duration,
}
