//! Previews and applies plans, as `connector provision` does.

use super::{Job, Jobs, Outcome, Previewed, Task};
use connector_core::{Error, Result};
use connector_engine::provision::{Consent, Preview, Progress, Provisioning, Verdict};
use connector_engine::query;
use connector_engine::store::Store;
use connector_project::source::Opened;
use std::sync::Arc;
use tokio::runtime::Handle;

/// Carries out a task about a plan. A plan in progress waits for the disk at many places, so it has a thread of its own.
pub(super) async fn carry_out(jobs: &Jobs, job: &Arc<Job>, task: Task, who: String) -> Result<Outcome> {
    let (jobs, job, runtime) = (jobs.clone(), job.clone(), Handle::current());
    let done = tokio::task::spawn_blocking(move || {
        let project = jobs.project();
        let opened = project.load(&job.source)?.open(&project)?;
        let store = Store::open(jobs.store().clone())?;
        runtime.block_on(Planned { jobs: &jobs, job: &job, store: &store, opened: &opened, who: &who }.go(task))
    });
    done.await.map_err(|cause| Error::internal("the plan could not be worked on").with_cause(cause))?
}

/// Records that somebody approves the preview of a plan with this digest.
pub(super) async fn endorse(jobs: &Jobs, source: &str, plan: &str, digest: &str, approver: &str) -> Result<()> {
    let (plan, digest, approver) = (plan.to_owned(), digest.to_owned(), approver.to_owned());
    with_plan(jobs, source, plan, move |provisioning, runtime| {
        runtime.block_on(async {
            provisioning.endorse(&approver, &digest).await?;
            provisioning.leave().await
        })
    })
    .await
}

/// Removes a plan that was not started.
pub(super) async fn discard(jobs: &Jobs, source: &str, plan: &str) -> Result<()> {
    with_plan(jobs, source, plan.to_owned(), |provisioning, runtime| runtime.block_on(provisioning.discard())).await
}

async fn with_plan(
    jobs: &Jobs,
    source: &str,
    plan: String,
    work: impl FnOnce(&Provisioning<'_>, &Handle) -> Result<()> + Send + 'static,
) -> Result<()> {
    let (jobs, source, runtime) = (jobs.clone(), source.to_owned(), Handle::current());
    let done = tokio::task::spawn_blocking(move || {
        let project = jobs.project();
        let opened = project.load(&source)?.open(&project)?;
        let provisioning = Provisioning::open(&Store::open(jobs.store().clone())?, &opened, &plan)?;
        work(&provisioning, &runtime)
    });
    done.await.map_err(|cause| Error::internal("the plan could not be worked on").with_cause(cause))?
}

/// A task about a plan.
struct Planned<'a> {
    jobs: &'a Jobs,
    job: &'a Job,
    store: &'a Store,
    opened: &'a Opened,
    who: &'a str,
}

impl<'a> Planned<'a> {
    async fn go(&self, task: Task) -> Result<Outcome> {
        let mut provisioning = self.open(&task)?;
        self.job.is_about(&provisioning.id());
        provisioning.written_by(self.who).await?;
        let is_kept = matches!(task, Task::Abandon { .. });
        let ended = match task {
            Task::Apply { digest, approves, .. } => self.apply(&mut provisioning, &digest, approves).await,
            Task::Abandon { .. } => self.abandon(&provisioning).await,
            _ => self.preview(&mut provisioning).await,
        };
        if ended.is_err() && !is_kept {
            // A later job must not start what was not started now without a new approval.
            provisioning.approve(false).await?;
        }
        provisioning.leave().await?;
        ended
    }

    fn open(&self, task: &Task) -> Result<Provisioning<'a>> {
        match task {
            Task::Preview(Previewed::New { file, name, .. }) => {
                let settings = self.jobs.project().settings()?;
                Provisioning::begin(self.store, self.opened, name, self.who, |sink| Ok(file.read(&settings, sink)?))
            }
            Task::Preview(Previewed::Known(plan)) | Task::Apply { plan, .. } | Task::Abandon { plan } => {
                Provisioning::open(self.store, self.opened, plan)
            }
            Task::Aggregate(_) | Task::Test => Err(Error::internal("this is no task about a plan")),
        }
    }

    fn tell(&self, progress: &Progress) {
        self.job.state().of_plan = Some(*progress);
        self.jobs.went_on();
    }

    async fn look(&self, provisioning: &mut Provisioning<'_>) -> Result<Preview> {
        provisioning.preview(|progress| self.tell(progress), &self.job.stop).await
    }

    async fn preview(&self, provisioning: &mut Provisioning<'_>) -> Result<Outcome> {
        let preview = self.look(provisioning).await?;
        if !preview.changed.is_empty() {
            provisioning.approve(false).await?;
        }
        provisioning.seen().await?;
        Ok(Outcome::Previewed(Box::new(preview)))
    }

    async fn apply(&self, provisioning: &mut Provisioning<'_>, digest: &str, approves: bool) -> Result<Outcome> {
        if approves {
            provisioning.endorse(self.who, digest).await?;
        }
        provisioning.settle(|progress| self.tell(progress)).await?;
        let preview = self.look(provisioning).await?;
        match provisioning.verdict(&preview, Consent::Digest(digest)).await? {
            Verdict::Goes => {}
            Verdict::Refused(refusal) => return Err(refusal),
            Verdict::Changed => {
                provisioning.seen().await?;
                return Err(preview.changed_since().with_help("look at the new preview, and approve it again"));
            }
        }
        provisioning.approve(true).await?;
        let applied = provisioning.apply(|progress| self.tell(progress), &self.job.stop).await?;
        let outcomes = query::plan_operations(self.store, &provisioning.id(), |_| Ok(()))?;
        Ok(Outcome::Applied { outcomes, error: applied.error })
    }

    async fn abandon(&self, provisioning: &Provisioning<'_>) -> Result<Outcome> {
        provisioning.settle(|progress| self.tell(progress)).await?;
        provisioning.abandon().await?;
        Ok(Outcome::Abandoned)
    }
}
