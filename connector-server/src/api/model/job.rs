//! Jobs.

use crate::work::{self, Outcome};
use connector_core::{Error, StepStatus};
use connector_engine::aggregate::StepProgress;
use connector_engine::provision::Phase;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Something that the server does, or has done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Job {
    /// The id, a ULID.
    pub(crate) id: String,
    /// The source's name.
    source: String,
    /// `aggregate`, `test`, `preview`, `apply`, `abandon`, or `change` for what a SCIM client wants.
    work: &'static str,
    /// When it started.
    started_at: Timestamp,
    /// `running`, or how it ended: for a read, the status of its run; for a test, `passed` or
    /// `failed`; for a plan, `previewed`, `refused`, `applied`, `applied_in_part`, `interrupted`, `abandoned` or `failed`.
    status: &'static str,
    /// How much a read has seen so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    progress: Option<JobProgress>,
    /// The run, when a read has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    run: Option<String>,
    /// The steps of a test that are done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    steps: Vec<JobStep>,
    /// The plan that it is about, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) plan: Option<String>,
    /// How far the plan is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    plan_progress: Option<PlanProgress>,
    /// What a preview warns of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<String>,
    /// Why it could not begin or come to its end, or why a guard refuses the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<JobError>,
}

/// How much a read has seen.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobProgress {
    accounts: Seen,
    entitlements: Seen,
    assignments: Seen,
    /// Requests sent so far.
    api_calls: u64,
}

/// How far a plan is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanProgress {
    /// `previewing`, `settling`, `applying` or `reading_back`.
    phase: &'static str,
    /// How many operations are finished in this phase.
    done: u64,
    /// How many operations this phase has.
    total: u64,
    /// Requests sent so far.
    api_calls: u64,
}

/// How many rows were seen.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Seen {
    /// Rows seen so far.
    seen: u64,
    /// About how many there are. Null if the source does not say.
    #[schema(required)]
    estimate: Option<u64>,
}

/// A step of a test.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobStep {
    /// The step.
    name: &'static str,
    /// `passed`, `warning`, `failed` or `skipped`.
    status: &'static str,
    /// The result, for people.
    #[schema(required)]
    detail: Option<String>,
    /// How to fix it.
    #[schema(required)]
    help: Option<String>,
}

/// Why a job failed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobError {
    /// The kind of error.
    kind: &'static str,
    /// What was wrong.
    message: String,
    /// What to do about it.
    #[schema(required)]
    help: Option<String>,
}

impl JobError {
    fn of(error: &Error) -> Self {
        let help = error.help().map(str::to_owned);
        Self { kind: error.kind().name(), message: error.message().to_owned(), help }
    }
}

impl From<StepProgress> for Seen {
    fn from(StepProgress { seen, estimate }: StepProgress) -> Self {
        Self { seen, estimate }
    }
}

impl From<&work::Job> for Job {
    fn from(job: &work::Job) -> Self {
        let state = job.state();
        let outcome = state.outcome.as_ref();
        let step = |step: &connector_core::TestStep| JobStep {
            name: step.name,
            status: match step.status {
                StepStatus::Passed => "passed",
                StepStatus::Warning => "warning",
                StepStatus::Failed => "failed",
                _ => "skipped",
            },
            detail: step.detail.clone(),
            help: step.help.clone(),
        };
        Self {
            id: job.id.clone(),
            source: job.source.clone(),
            work: job.work.name(),
            started_at: job.started_at,
            status: outcome.map_or("running", |outcome| outcome.name(&state.steps)),
            progress: state.progress.map(|progress| JobProgress {
                accounts: progress.steps.accounts.into(),
                entitlements: progress.steps.entitlements.into(),
                assignments: progress.steps.assignments.into(),
                api_calls: progress.api_calls,
            }),
            run: match outcome {
                Some(Outcome::Run(report)) => Some(report.run.clone()),
                _ => None,
            },
            steps: state.steps.iter().map(step).collect(),
            plan: state.plan.clone(),
            plan_progress: state.of_plan.map(|progress| PlanProgress {
                phase: match progress.phase {
                    Phase::Previewing => "previewing",
                    Phase::Settling => "settling",
                    Phase::Applying => "applying",
                    Phase::ReadingBack => "reading_back",
                },
                done: progress.done,
                total: progress.total,
                api_calls: progress.api_calls,
            }),
            warnings: match outcome {
                Some(Outcome::Previewed(preview)) => preview.warnings.clone(),
                _ => Vec::new(),
            },
            error: match outcome {
                Some(Outcome::Failed(error) | Outcome::Applied { error: Some(error), .. }) => Some(JobError::of(error)),
                Some(Outcome::Previewed(preview)) => preview.refusal.as_ref().map(JobError::of),
                _ => None,
            },
        }
    }
}
