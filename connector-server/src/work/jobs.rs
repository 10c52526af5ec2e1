//! The jobs of this server: one of a kind per source at a time.

use super::job::{Job, Outcome, Work};
use super::{aggregation, connection};
use crate::access::{Access, Entry};
use connector_core::{Error, Result};
use connector_engine::aggregate::Wanted;
use connector_engine::store::Place;
use connector_project::source::Project;
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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
    /// Grows whenever a job begins, goes on or ends.
    version: AtomicU64,
    tasks: TaskTracker,
}

#[derive(Debug, Default)]
struct Known {
    jobs: BTreeMap<(String, Work), Arc<Job>>,
    /// The idempotency keys of whoever sent them, each with the job that it began.
    keys: VecDeque<(String, Arc<Job>)>,
}

/// What somebody wants to be done.
pub(crate) struct Wish<'a> {
    pub(crate) source: &'a str,
    pub(crate) work: Work,
    /// How much to read.
    pub(crate) wanted: Wanted,
    /// Who wants it.
    pub(crate) who: &'a str,
    /// A second wish with the same key is the first one.
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
            version: AtomicU64::new(0),
            tasks: TaskTracker::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// A number that differs when a job began, went on or ended.
    pub(crate) fn version(&self) -> u64 {
        self.inner.version.load(Ordering::Relaxed)
    }

    pub(super) fn went_on(&self) {
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
        let mut all = known.jobs.values().chain(known.keys.iter().map(|(_, job)| job));
        all.find(|job| job.id == id).cloned().ok_or_else(|| {
            Error::not_found(format!("there is no job `{id}`"))
                .with_help("a server knows the last job of each source; older ones are in the list of runs")
        })
    }

    /// Begins a job. Nothing is done that is not in the audit log.
    ///
    /// Fails with kind `conflict` if one of this kind runs for the source already.
    pub(crate) fn begin(&self, wish: &Wish<'_>) -> Result<Arc<Job>> {
        let key = wish.key.map(|key| format!("{} {} {} {key}", wish.who, wish.work.name(), wish.source));
        let mut known = self.known();
        if let Some((_, job)) = key.as_ref().and_then(|key| known.keys.iter().find(|(one, _)| one == key)) {
            return Ok(job.clone());
        }
        let place = (wish.source.to_owned(), wish.work);
        if known.jobs.get(&place).is_some_and(|job| job.is_running()) {
            let doing = match wish.work {
                Work::Aggregate => "reads",
                Work::Test => "tests",
            };
            return Err(Error::conflict(format!("the server {doing} `{}` already", wish.source))
                .with_help("wait until it ends, or stop it"));
        }
        let entry =
            Entry { who: wish.who, action: wish.work.name(), source: wish.source, outcome: "began", detail: "" };
        self.inner.access.record(&entry)?;
        let stop = self.inner.stop.child_token();
        let job = Arc::new(Job::new(Ulid::new().to_string(), wish.source.to_owned(), wish.work, stop));
        known.jobs.insert(place, job.clone());
        if let Some(key) = key {
            known.keys.push_back((key, job.clone()));
            if known.keys.len() > KEYS {
                known.keys.pop_front();
            }
        }
        drop(known);
        self.went_on();
        self.inner.tasks.spawn(self.clone().work(job.clone(), wish.wanted, wish.who.to_owned()));
        Ok(job)
    }

    async fn work(self, job: Arc<Job>, wanted: Wanted, who: String) {
        let outcome = match job.work {
            Work::Aggregate => aggregation::run(&self, &job, wanted).await.map(|report| Outcome::Run(Box::new(report))),
            Work::Test => connection::test(&self, &job).await.map(|()| Outcome::Tested),
        };
        let outcome = outcome.unwrap_or_else(Outcome::Failed);
        let detail = match &outcome {
            Outcome::Failed(error) => error.message().to_owned(),
            Outcome::Run(report) => report.run.clone(),
            Outcome::Tested => String::new(),
        };
        let ended = {
            let mut state = job.state();
            let ended = outcome.name(&state.steps);
            state.at = None;
            state.outcome = Some(outcome);
            ended
        };
        let entry = Entry { who: &who, action: job.work.name(), source: &job.source, outcome: ended, detail: &detail };
        if let Err(error) = self.inner.access.record(&entry) {
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

    /// Waits until all jobs have ended, after the server was told to stop.
    pub(crate) async fn end(&self) {
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.inner.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
