//! Previews and applies plans, as `connector provision` does.

use super::{Changed, Job, Jobs, Outcome, Previewed, Task};
use connector_core::{Error, ErrorKind, Operation, OperationKind, Result, SecretRef};
use connector_engine::aggregate::refresh_changed;
use connector_engine::provision::{Consent, Earlier, Preview, Progress, Provisioning, Standing, Verdict};
use connector_engine::query::{self, OperationReport};
use connector_engine::store::{RunLock, RunStatus, Store, Work};
use connector_project::source::Opened;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// How long a change waits for a plan of somebody else, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(15);
const LOOKS: Duration = Duration::from_millis(100);

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
        if let Task::Change { name, operations } = task {
            return self.change(&name, operations).await;
        }
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
            Task::Aggregate(_) | Task::Test | Task::Change { .. } => {
                Err(Error::internal("this is no task about a plan"))
            }
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

    /// Previews and applies what a SCIM client wants, and reads the accounts again.
    async fn change(&self, name: &str, operations: Vec<Operation<SecretRef>>) -> Result<Outcome> {
        self.until_free().await?;
        let mut provisioning = Provisioning::begin(self.store, self.opened, name, self.who, |sink| {
            operations.into_iter().for_each(sink);
            Ok(())
        })?;
        self.job.is_about(&provisioning.id());
        // The same plan can be there already, because somebody looks at its preview.
        let is_own = provisioning.earlier() == Earlier::Nothing;
        let sent = self.send(&mut provisioning).await;
        if sent.is_err() && is_own {
            // The client knows why; nobody else waits for this plan.
            provisioning.abandon().await?;
            provisioning.discard().await?;
            return sent.map(Outcome::Changed);
        }
        provisioning.leave().await?;
        let mut changed = sent?;
        changed.is_refreshed = self.read_again(&changed.reports).await;
        Ok(Outcome::Changed(changed))
    }

    /// Waits until nobody else applies a plan.
    async fn until_free(&self) -> Result<()> {
        let is_held = || RunLock::is_held(self.store, Work::Provisioning, &self.opened.source);
        let free = async {
            while is_held() {
                tokio::time::sleep(LOOKS).await;
            }
        };
        tokio::time::timeout(PATIENCE, free).await.map_err(|_| {
            let message = format!("another plan of `{}` is being applied", self.opened.source);
            Error::new(ErrorKind::Unavailable, message).with_help("try again in a moment")
        })
    }

    async fn send(&self, provisioning: &mut Provisioning<'_>) -> Result<Changed> {
        provisioning.settle(|progress| self.tell(progress)).await?;
        let preview = self.look(provisioning).await?;
        let is_known = provisioning.earlier() == Earlier::Interrupted;
        if !is_known {
            let reports = self.reports(provisioning)?;
            let is_wrong = |one: &OperationReport| one.outcome == Standing::Failed;
            // An account that somebody else created is not changed by whoever wants to create it.
            let is_there =
                |one: &OperationReport| one.kind == OperationKind::Create.name() && one.outcome == Standing::Unchanged;
            let goes = reports.iter().any(|one| one.outcome == Standing::Planned)
                && !reports.iter().any(|one| is_wrong(one) || is_there(one));
            if !goes {
                // All or nothing, as far as the preview can tell. The journal keeps no plan that changes nothing.
                return Ok(Changed { plan: provisioning.id(), reports, is_refreshed: false });
            }
            provisioning.seen().await?;
            provisioning.endorse(self.who, &preview.digest).await?;
        }
        let consent = if is_known { Consent::EarlierPreview } else { Consent::Digest(&preview.digest) };
        match provisioning.verdict(&preview, consent).await? {
            Verdict::Goes => {}
            Verdict::Refused(refusal) => return Err(refusal),
            Verdict::Changed => return Err(preview.changed_since().with_help("send the request again")),
        }
        provisioning.approve(true).await?;
        let applied = provisioning.apply(|progress| self.tell(progress), &self.job.stop).await?;
        let reports = self.reports(provisioning)?;
        if let (Some(error), false) = (applied.error, reports.iter().any(|report| report.error.is_some())) {
            return Err(error);
        }
        Ok(Changed { plan: provisioning.id(), reports, is_refreshed: false })
    }

    fn reports(&self, provisioning: &Provisioning<'_>) -> Result<Vec<OperationReport>> {
        let mut reports = Vec::new();
        query::plan_operations(self.store, &provisioning.id(), |report| {
            reports.push(report);
            Ok(())
        })?;
        Ok(reports)
    }

    /// Reads the accounts of operations again. Returns whether the store has all of them.
    async fn read_again(&self, reports: &[OperationReport]) -> bool {
        let (mut changed, mut deleted) = (Vec::new(), Vec::new());
        for report in reports.iter().filter(|one| matches!(one.outcome, Standing::Applied | Standing::Unchanged)) {
            let ids = if report.kind == OperationKind::Delete.name() { &mut deleted } else { &mut changed };
            if !ids.contains(&report.account) {
                ids.push(report.account.clone());
            }
        }
        if changed.is_empty() && deleted.is_empty() {
            return true;
        }
        let read = refresh_changed(self.store, self.opened, &changed, &deleted, self.job.stop.clone()).await;
        match read {
            Ok(read) => read.report.status == RunStatus::Succeeded,
            Err(error) => {
                // A run reads the source now, and finds them.
                tracing::info!(%error, source = self.opened.source, "changed accounts are not read again");
                false
            }
        }
    }

    async fn abandon(&self, provisioning: &Provisioning<'_>) -> Result<Outcome> {
        provisioning.settle(|progress| self.tell(progress)).await?;
        provisioning.abandon().await?;
        Ok(Outcome::Abandoned)
    }
}
