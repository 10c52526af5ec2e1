//! One thing that the server does for somebody.

use connector_core::{Error, StepStatus, TestStep};
use connector_engine::aggregate::Progress;
use connector_engine::store::RunReport;
use jiff::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};
use strum::IntoStaticStr;
use tokio_util::sync::CancellationToken;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Work {
    /// Reading the source.
    Aggregate,
    /// Testing the connection, step by step.
    Test,
}

impl Work {
    /// The name in the audit log and in the API.
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }
}

/// One thing that the server does, or has done.
#[derive(Debug)]
pub(crate) struct Job {
    /// A ULID.
    pub(crate) id: String,
    pub(crate) source: String,
    pub(crate) work: Work,
    pub(crate) started_at: Timestamp,
    /// Ends the work early; what was read by then stays.
    pub(crate) stop: CancellationToken,
    state: Mutex<JobState>,
}

/// How far it is.
#[derive(Debug, Default)]
pub(crate) struct JobState {
    /// How much was read.
    pub(crate) progress: Option<Progress>,
    /// The steps of a test that are done.
    pub(crate) steps: Vec<TestStep>,
    /// The step that runs.
    pub(crate) at: Option<&'static str>,
    /// How it ended.
    pub(crate) outcome: Option<Outcome>,
}

/// How a job ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A run ended, in whatever way.
    Run(Box<RunReport>),
    /// All steps of a test are done.
    Tested,
    /// It could not begin, or was given up.
    Failed(Error),
}

impl Outcome {
    /// The word in the audit log and in the API.
    pub(crate) fn name(&self, steps: &[TestStep]) -> &'static str {
        match self {
            Self::Run(report) => report.status.name(),
            Self::Tested if steps.iter().any(|step| step.status == StepStatus::Failed) => "failed",
            Self::Tested => "passed",
            Self::Failed(_) => "failed",
        }
    }
}

impl Job {
    pub(super) fn new(id: String, source: String, work: Work, stop: CancellationToken) -> Self {
        Self { id, source, work, started_at: Timestamp::now(), stop, state: Mutex::default() }
    }

    /// How far it is, for as long as the answer is held.
    pub(crate) fn state(&self) -> MutexGuard<'_, JobState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_running(&self) -> bool {
        self.state().outcome.is_none()
    }
}
