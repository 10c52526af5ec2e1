//! The steps of a connection test.

use crate::error::{Error, Result, Retry};
use serde::Serialize;
use std::fmt;
use std::future::Future;
use std::time::{Duration, Instant};

/// The steps of a connection test, in order.
///
/// After a failed step, the later ones are recorded as skipped and not run. So a report always names all steps.
#[derive(Default)]
pub struct TestReport {
    steps: Vec<TestStep>,
    observer: Option<Observer>,
    beginner: Option<Beginner>,
    failure: Option<Error>,
    /// The longest wait after which a step that failed temporarily is tested again.
    holds: Duration,
    passing: Option<Duration>,
}

type Observer = Box<dyn FnMut(&TestStep) + Send>;
type Beginner = Box<dyn FnMut(&'static str) + Send>;

/// One step of a connection test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TestStep {
    /// The step, in snake case.
    pub name: &'static str,
    /// How it ended.
    pub status: StepStatus,
    /// The result, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How to fix it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// How long it took; missing for a skipped step.
    #[serde(rename = "duration_ms", skip_serializing_if = "Option::is_none", serialize_with = "as_millis")]
    pub duration: Option<Duration>,
}

impl TestStep {
    /// A step that ended like this, without detail, help or duration.
    pub fn new(name: &'static str, status: StepStatus) -> Self {
        Self { name, status, detail: None, help: None, duration: None }
    }
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepStatus {
    /// Everything is fine.
    Passed,
    /// It works, but the user should fix something.
    Warning,
    /// It does not work.
    Failed,
    /// Not run, because an earlier step failed.
    Skipped,
}

/// The result of a step that did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    detail: String,
    help: Option<String>,
    warning: bool,
}

impl Finding {
    /// Everything is fine; `detail` says what was found.
    pub fn passed(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), help: None, warning: false }
    }

    /// It works, but the user should fix something.
    pub fn warning(detail: impl Into<String>, help: impl Into<String>) -> Self {
        Self { detail: detail.into(), help: Some(help.into()), warning: true }
    }
}

impl TestReport {
    /// An empty report.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty report that passes each step to `observer` when it is done.
    pub fn observed(observer: impl FnMut(&TestStep) + Send + 'static) -> Self {
        Self { observer: Some(Box::new(observer)), ..Self::default() }
    }

    /// Passes the name of each step to `beginner` before it runs.
    #[must_use]
    pub fn announced(mut self, beginner: impl FnMut(&'static str) + Send + 'static) -> Self {
        self.beginner = Some(Box::new(beginner));
        self
    }

    /// Runs a step and adds it. After a failed step, adds it as skipped without running it.
    ///
    /// An error becomes a failed step, with its message as the detail and its help.
    pub async fn step<F>(&mut self, name: &'static str, run: F)
    where
        F: Future<Output = Result<Finding>>,
    {
        if self.failure.is_some() {
            self.push(TestStep::new(name, StepStatus::Skipped));
            return;
        }
        if self.passing.is_some() {
            return;
        }
        if let Some(beginner) = &mut self.beginner {
            beginner(name);
        }
        let started = Instant::now();
        let ended = run.await;
        if let Err(error) = &ended
            && let Retry::After(wait) = error.retry()
            && !self.holds.is_zero()
            && wait <= self.holds
        {
            self.passing = Some(wait);
            return;
        }
        if let Some(place) = self.steps.iter().position(|step| step.name == name) {
            // It passed before a later step failed temporarily.
            if ended.is_ok() {
                return;
            }
            self.steps.remove(place);
        }
        let duration = Some(started.elapsed());
        let step = match ended {
            Ok(Finding { detail, help, warning }) => {
                let status = if warning { StepStatus::Warning } else { StepStatus::Passed };
                TestStep { name, status, detail: Some(detail), help, duration }
            }
            Err(error) => {
                let step = TestStep {
                    name,
                    status: StepStatus::Failed,
                    detail: Some(error.message().to_owned()),
                    help: error.help().map(str::to_owned),
                    duration,
                };
                self.failure = Some(error);
                step
            }
        };
        self.push(step);
    }

    /// From now on, a step that fails although a retry after at most `wait` can help is not recorded, and no later step
    /// runs. [`take_passing`](Self::take_passing) then says how long to wait before the whole test runs again. Steps that
    /// passed already are recorded once. Zero records every failure.
    pub fn hold_passing(&mut self, wait: Duration) {
        self.holds = wait;
    }

    /// How long to wait before the test runs again, if a step failed temporarily.
    pub fn take_passing(&mut self) -> Option<Duration> {
        self.passing.take()
    }

    /// The steps so far.
    pub fn steps(&self) -> &[TestStep] {
        &self.steps
    }

    /// The error of the failed step, if any.
    pub fn failure(&self) -> Option<&Error> {
        self.failure.as_ref()
    }

    fn push(&mut self, step: TestStep) {
        if let Some(observer) = &mut self.observer {
            observer(&step);
        }
        self.steps.push(step);
    }
}

impl fmt::Debug for TestReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestReport").field("steps", &self.steps).finish_non_exhaustive()
    }
}

#[allow(clippy::ref_option, reason = "the signature is serde's")]
fn as_millis<S: serde::Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    let millis = duration.map(|duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX));
    millis.serialize(serializer)
}
