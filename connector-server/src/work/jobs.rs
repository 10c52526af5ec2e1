//! The jobs of this server: one of a kind per source at a time.

use super::job::{Job, Outcome, Work};
use super::task::Task;
use super::{aggregation, connection, plan};
use crate::access::{Access, Entry};
use crate::door::Visitor;
use connector_core::{Error, Result};
use connector_engine::store::Place;
use connector_project::source::Project;
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use ulid::Ulid;

/// How many idempotency keys are remembered.
const KEYS: usize = 1_000;

/// The jobs of this server. The last one of each kind and source is kept after its end.
#[derive(Clone, Debug)]
pub(crate) struct Jobs {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    store: Place,
    access: Access,
    stop: CancellationToken,
    known: Mutex<Known>,
    /// Whose turn it is to change a source, by its name.
    turns: Mutex<BTreeMap<String, Arc<Turn<()>>>>,
    /// Grows whenever a job begins, goes on or ends.
    version: AtomicU64,
    tasks: TaskTracker,
}

#[derive(Debug, Default)]
struct Known {
    jobs: BTreeMap<(String, Work), Arc<Job>>,
    /// The idempotency keys of whoever sent them.
    keys: VecDeque<Key>,
}

/// An idempotency key.
#[derive(Debug)]
struct Key {
    who: String,
    text: String,
    /// What was wanted.
    wanted: String,
    /// The job that it began.
    job: Arc<Job>,
}

/// What became of a wish.
#[derive(Debug)]
pub(crate) enum Begun {
    /// It began, or the same wish began it before.
    Job(Arc<Job>),
    /// Its key belongs to another wish.
    OtherWish,
}

/// What somebody wants to be done.
pub(crate) struct Wish<'a> {
    pub(crate) source: &'a str,
    pub(crate) task: Task,
    /// Who wants it.
    pub(crate) who: &'a Visitor,
    /// A second wish with the same key is the first one. Another wish can't have it.
    pub(crate) key: Option<&'a str>,
}

impl Jobs {
    pub(crate) fn new(folder: &Path, store: &Place, access: Access, stop: CancellationToken) -> Self {
        let inner = Inner {
            folder: folder.to_owned(),
            store: store.clone(),
            access,
            stop,
            known: Mutex::default(),
            turns: Mutex::default(),
            version: AtomicU64::new(0),
            tasks: TaskTracker::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// A number that differs when a job began, went on or ended.
    pub(crate) fn version(&self) -> u64 {
        self.inner.version.load(Ordering::Relaxed)
    }

    pub(crate) fn went_on(&self) {
        self.inner.version.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn project(&self) -> Project {
        Project::at(&self.inner.folder)
    }

    pub(super) fn store(&self) -> &Place {
        &self.inner.store
    }

    /// The last job of a kind for a source.
    pub(crate) fn last(&self, source: &str, work: Work) -> Option<Arc<Job>> {
        self.known().jobs.get(&(source.to_owned(), work)).cloned()
    }

    /// The job with this id.
    pub(crate) fn get(&self, id: &str) -> Result<Arc<Job>> {
        let known = self.known();
        let mut all = known.jobs.values().chain(known.keys.iter().map(|key| &key.job));
        all.find(|job| job.id == id).cloned().ok_or_else(|| {
            Error::not_found(format!("there is no job `{id}`"))
                .with_help("a server knows the last job of each source; older ones are in the list of runs")
        })
    }

    /// Begins a job. Nothing is done that is not in the audit log.
    ///
    /// Fails with kind `conflict` if one of this kind runs for the source already.
    pub(crate) fn begin(&self, wish: Wish<'_>) -> Result<Begun> {
        let (wanted, work) = (format!("{} {}", wish.task.fingerprint(), wish.source), wish.task.work());
        let who = wish.who.name();
        let mut known = self.known();
        let of_key = |key: &&Key| key.who == who && wish.key == Some(key.text.as_str());
        if let Some(known) = known.keys.iter().find(of_key) {
            return Ok(if known.wanted == wanted { Begun::Job(known.job.clone()) } else { Begun::OtherWish });
        }
        let place = (wish.source.to_owned(), work);
        if known.jobs.get(&place).is_some_and(|job| job.is_running()) {
            let doing = match work {
                Work::Aggregate => "reads",
                Work::Test => "tests",
                Work::Preview => "previews a plan for",
                Work::Apply => "applies a plan to",
                Work::Abandon => "ends a plan for",
                Work::Change => "changes",
            };
            return Err(Error::conflict(format!("the server {doing} `{}` already", wish.source))
                .with_help("wait until it ends, or stop it"));
        }
        let entry =
            Entry { who, action: work.name(), source: wish.source, outcome: "began", detail: &wish.task.detail() };
        self.inner.access.record(&entry)?;
        let stop = self.inner.stop.child_token();
        let job = Arc::new(Job::new(Ulid::new().to_string(), wish.source.to_owned(), &wish.task, stop));
        known.jobs.insert(place, job.clone());
        if let Some(key) = wish.key {
            let (who, text) = (who.to_owned(), key.to_owned());
            known.keys.push_back(Key { who, text, wanted, job: job.clone() });
            if known.keys.len() > KEYS {
                known.keys.pop_front();
            }
        }
        drop(known);
        self.went_on();
        self.inner.tasks.spawn(self.clone().work(job.clone(), wish.task, wish.who.clone()));
        Ok(Begun::Job(job))
    }

    async fn work(self, job: Arc<Job>, task: Task, who: Visitor) {
        let outcome = match task {
            Task::Aggregate(wanted) => {
                aggregation::run(&self, &job, wanted).await.map(|report| Outcome::Run(Box::new(report)))
            }
            Task::Test => connection::test(&self, &job).await.map(|()| Outcome::Tested),
            task => plan::carry_out(&self, &job, task, who.person().to_owned()).await,
        };
        let outcome = outcome.unwrap_or_else(Outcome::Failed);
        let detail = match &outcome {
            Outcome::Failed(error) => error.message().to_owned(),
            Outcome::Run(report) => report.run.clone(),
            Outcome::Previewed(preview) => {
                preview.refusal.as_ref().map(|why| why.message().to_owned()).unwrap_or_default()
            }
            Outcome::Applied { error, .. } => error.as_ref().map(|why| why.message().to_owned()).unwrap_or_default(),
            Outcome::Changed(changed) => changed
                .reports
                .iter()
                .find_map(|report| report.error.as_ref().map(|error| error.message.clone()))
                .unwrap_or_default(),
            Outcome::Tested | Outcome::Abandoned => String::new(),
        };
        let detail = match (job.state().plan.clone(), detail) {
            (None, detail) => detail,
            (Some(plan), detail) if detail.is_empty() => format!("plan {plan}"),
            (Some(plan), detail) => format!("plan {plan}: {detail}"),
        };
        let ended = job.ends(outcome);
        let access = self.inner.access.clone();
        let recorded = tokio::task::spawn_blocking(move || {
            let (action, source) = (job.work.name(), job.source.as_str());
            access.record(&Entry { who: who.name(), action, source, outcome: ended, detail: &detail })
        });
        if let Ok(Err(error)) = recorded.await {
            tracing::error!(%error, "the end of a job is not in the audit log");
        }
        self.went_on();
    }

    /// Stops a job. What was read by then stays, and the next one continues.
    pub(crate) fn stop(&self, job: &Job, who: &str) -> Result<()> {
        if job.is_running() && !job.stop.is_cancelled() {
            let entry = Entry { who, action: job.work.name(), source: &job.source, outcome: "stopped", detail: "" };
            self.inner.access.record(&entry)?;
            job.stop.cancel();
            self.went_on();
        }
        Ok(())
    }

    /// Waits for the turn to look at a source and to change it: nobody else does so until it is dropped. A change whose client went
    /// away is over then, too.
    pub(crate) async fn turn(&self, source: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.inner.turns.lock().unwrap_or_else(PoisonError::into_inner);
            turns.entry(source.to_owned()).or_default().clone()
        };
        let turn = turn.lock_owned().await;
        self.changes_end(source).await;
        turn
    }

    /// Waits until no change of this source is being made.
    pub(crate) async fn changes_end(&self, source: &str) {
        if let Some(job) = self.last(source, Work::Change) {
            job.end().await;
        }
    }

    /// The newest job about a plan.
    pub(crate) fn of_plan(&self, source: &str, plan: &str) -> Option<Arc<Job>> {
        let works = [Work::Preview, Work::Apply, Work::Abandon];
        let about = |job: &Arc<Job>| job.state().plan.as_deref() == Some(plan);
        works.into_iter().filter_map(|work| self.last(source, work)).filter(about).max_by_key(|job| job.started_at)
    }

    /// Records that somebody approves the preview of a plan with this digest.
    pub(crate) async fn endorse(&self, source: &str, plan: &str, digest: &str, who: &Visitor) -> Result<()> {
        let (jobs, named, id) = (self.clone(), source.to_owned(), plan.to_owned());
        let (digest, person) = (digest.to_owned(), who.person().to_owned());
        let work = async move { plan::endorse(&jobs, &named, &id, &digest, &person).await };
        self.recorded(who, "approve", source, plan, work).await
    }

    /// Removes a plan that was not started.
    pub(crate) async fn discard(&self, source: &str, plan: &str, who: &Visitor) -> Result<()> {
        let (jobs, named, id) = (self.clone(), source.to_owned(), plan.to_owned());
        self.recorded(who, "discard", source, plan, async move { plan::discard(&jobs, &named, &id).await }).await
    }

    /// Does something at once, between two rows of the audit log. It goes on when whoever asked for it is gone.
    async fn recorded(
        &self,
        who: &Visitor,
        action: &'static str,
        source: &str,
        plan: &str,
        work: impl Future<Output = Result<()>> + Send + 'static,
    ) -> Result<()> {
        let (jobs, who, source) = (self.clone(), who.clone(), source.to_owned());
        let about = format!("plan {plan}");
        let whole = self.inner.tasks.spawn(async move {
            jobs.record(&who, action, &source, "began", about.clone()).await?;
            let done = work.await;
            match &done {
                Ok(()) => jobs.record(&who, action, &source, "done", about).await?,
                Err(error) => {
                    jobs.record(&who, action, &source, "failed", format!("{about}: {}", error.message())).await?;
                }
            }
            jobs.went_on();
            done
        });
        whole.await.map_err(|cause| Error::internal("the plan could not be worked on").with_cause(cause))?
    }

    async fn record(
        &self,
        who: &Visitor,
        action: &'static str,
        source: &str,
        outcome: &'static str,
        detail: String,
    ) -> Result<()> {
        let (access, who, source) = (self.inner.access.clone(), who.clone(), source.to_owned());
        let recorded = tokio::task::spawn_blocking(move || {
            access.record(&Entry { who: who.name(), action, source: &source, outcome, detail: &detail })
        });
        recorded.await.map_err(|cause| Error::internal("the audit log could not be written").with_cause(cause))?
    }

    /// Waits until all jobs have ended, after the server was told to stop.
    pub(crate) async fn end(&self) {
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.inner.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
