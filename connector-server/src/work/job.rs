//! One thing that the server does for somebody.

use super::Task;
use connector_core::{Error, StepStatus, TestStep};
use connector_engine::aggregate::Progress;
use connector_engine::provision::{self, Preview, Standing};
use connector_engine::query::{OperationReport, OutcomeTally};
use connector_engine::store::RunReport;
use jiff::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};
use strum::IntoStaticStr;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Work {
    /// Reading the source.
    Aggregate,
    /// Testing the connection, step by step.
    Test,
    /// Looking at what a plan would change.
    Preview,
    /// Applying a plan.
    Apply,
    /// Ending a plan.
    Abandon,
    /// Applying what a SCIM client wants.
    Change,
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
    /// Told when the plan is known, and at the end.
    changed: Notify,
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
    /// The id of the plan that it is about, once it is known.
    pub(crate) plan: Option<String>,
    /// How far the plan is.
    pub(crate) of_plan: Option<provision::Progress>,
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
    /// A plan was previewed; a guard may refuse it.
    Previewed(Box<Preview>),
    /// A plan was applied, to its end or not.
    Applied {
        outcomes: OutcomeTally,
        /// Why the rest was not sent, or not read back.
        error: Option<Error>,
    },
    /// A plan was ended without the rest.
    Abandoned,
    /// What a SCIM client wants was sent.
    Changed(Changed),
    /// It could not begin, or was given up.
    Failed(Error),
}

/// What became of the operations that a SCIM client wants.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changed {
    /// The plan.
    pub(crate) plan: String,
    /// Its operations.
    pub(crate) reports: Vec<OperationReport>,
    /// Whether the store has what became of the accounts.
    pub(crate) is_refreshed: bool,
}

impl Changed {
    fn name(&self) -> &'static str {
        let has = |standing: Standing| self.reports.iter().any(|report| report.outcome == standing);
        match (has(Standing::Planned), has(Standing::Failed) || has(Standing::Pending)) {
            (true, _) => "interrupted",
            (false, true) => "applied_in_part",
            (false, false) => "applied",
        }
    }
}

impl Outcome {
    /// The word in the audit log and in the API.
    pub(crate) fn name(&self, steps: &[TestStep]) -> &'static str {
        match self {
            Self::Run(report) => report.status.name(),
            Self::Tested if steps.iter().any(|step| step.status == StepStatus::Failed) => "failed",
            Self::Tested => "passed",
            Self::Previewed(preview) if preview.refusal.is_some() => "refused",
            Self::Previewed(_) => "previewed",
            Self::Applied { outcomes, error } => match (error, outcomes.planned, outcomes.failed + outcomes.pending) {
                (None, 0, 0) => "applied",
                (None, 0, _) => "applied_in_part",
                _ => "interrupted",
            },
            Self::Abandoned => "abandoned",
            Self::Changed(changed) => changed.name(),
            Self::Failed(_) => "failed",
        }
    }
}

impl Job {
    pub(super) fn new(id: String, source: String, task: &Task, stop: CancellationToken) -> Self {
        let state = JobState { plan: task.plan(), ..JobState::default() };
        let (work, started_at) = (task.work(), Timestamp::now());
        Self { id, source, work, started_at, stop, state: Mutex::new(state), changed: Notify::new() }
    }

    /// Says which plan it is about.
    pub(super) fn is_about(&self, plan: &str) {
        self.state().plan = Some(plan.to_owned());
        self.changed.notify_waiters();
    }

    pub(super) fn ends(&self, outcome: Outcome) -> &'static str {
        let mut state = self.state();
        let ended = outcome.name(&state.steps);
        state.at = None;
        state.outcome = Some(outcome);
        drop(state);
        self.changed.notify_waiters();
        ended
    }

    /// Waits until it has ended.
    pub(crate) async fn end(&self) {
        self.until(|state| state.outcome.is_some()).await;
    }

    /// Waits until the plan is known, or until the job has ended without one.
    pub(crate) async fn plan(&self) -> Option<String> {
        self.until(|state| state.plan.is_some() || state.outcome.is_some()).await;
        self.state().plan.clone()
    }

    async fn until(&self, is_so: impl Fn(&JobState) -> bool) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on, no change is missed.
            changed.as_mut().enable();
            if is_so(&self.state()) {
                return;
            }
            changed.await;
        }
    }

    /// How far it is, for as long as the answer is held.
    pub(crate) fn state(&self) -> MutexGuard<'_, JobState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_running(&self) -> bool {
        self.state().outcome.is_none()
    }
}
