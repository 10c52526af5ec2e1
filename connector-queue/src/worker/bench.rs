//! Where a worker does its jobs.

use super::Capacity;
use super::claim::{Claim, outcome_of, outcome_of_error};
use super::event::WorkerEvent;
use crate::alive::GONE_AFTER;
use crate::job::JobState;
use crate::queue::Queue;
use connector_core::{Error, ErrorKind, Result};
use connector_engine::aggregate;
use connector_engine::identities;
use connector_engine::query;
use connector_project::source::Project;
use connector_sql::PostgresError;
use connector_store::{RunError, RunReport, RunStatus};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// A job that so many workers in a row did not survive, without getting any further, is given up: it may be what ends them.
const MOST_TRIES: i64 = 5;

/// How long to wait for a server that went away before the job is left to the queue.
const LONGEST_WAIT: Duration = Duration::from_mins(2);

/// How often to try to take the lock of a source whose worker is gone, and how often to ask a server that went away.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

/// What a worker tells.
type Tell = Box<dyn Fn(WorkerEvent) + Send + Sync>;

/// Where a worker does its jobs.
pub(super) struct Bench {
    pub(super) queue: Queue,
    folder: PathBuf,
    pub(super) capacity: Capacity,
    tell: Tell,
    pub(super) stop: CancellationToken,
    /// The jobs that it does now.
    running: Mutex<BTreeMap<i64, (i64, CancellationToken)>>,
}

impl fmt::Debug for Bench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bench").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Bench {
    pub(super) fn new(queue: Queue, folder: &Path, capacity: Capacity, tell: Tell, stop: CancellationToken) -> Self {
        Self { queue, folder: folder.to_owned(), capacity, tell, stop, running: Mutex::default() }
    }

    pub(super) fn tell(&self, event: WorkerEvent) {
        (self.tell)(event);
    }

    pub(super) fn running(&self) -> MutexGuard<'_, BTreeMap<i64, (i64, CancellationToken)>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does a job that a row of the queue is about. An error leaves the row to the queue.
    pub(super) async fn carry_out(&self, job: i64, row: i64, worker: &str) -> Result<()> {
        let worker = worker.to_owned();
        let Some(claim) = self.queue.ask_aside(move |queue| queue.claim(job, row, &worker)).await? else {
            return Ok(());
        };
        if claim.cancel {
            return self.close(&claim, JobState::Cancelled, None, Some(cancelled())).await;
        }
        if claim.tries > MOST_TRIES {
            let error =
                Error::internal(format!("{MOST_TRIES} workers ended while they did this job, and none got further"))
                    .with_help(format!("look at their logs and memory; `connector queue retry {job}` tries again"));
            return self.not_started(&claim, error).await;
        }
        let (source, recovered) = (claim.order.source.clone(), claim.recovered);
        self.tell(WorkerEvent::Started { job, source, recovered });
        let token = self.stop.child_token();
        // A worker that lost the server for a while can get its own job back: its former read ends now, and is continued.
        if let Some((_, former)) = self.running().insert(job, (claim.number, token.clone())) {
            former.cancel();
        }
        let read = self.read(&claim, token).await;
        self.has_read(&claim);
        match read {
            Ok(report) if report.status == RunStatus::Interrupted => self.interrupted(&claim, report).await,
            Ok(report) => self.ended(&claim, report).await,
            Err(_) if self.stop.is_cancelled() => self.give_back(&claim).await,
            Err(error) if is_of_the_store(&error) => self.wait_for_the_store(&claim, error).await,
            Err(error) => self.not_started(&claim, error).await,
        }
    }

    /// Notes that a read is over, unless this worker has taken the job again since.
    fn has_read(&self, claim: &Claim) {
        let mut running = self.running();
        if running.get(&claim.job).is_some_and(|(number, _)| *number == claim.number) {
            running.remove(&claim.job);
        }
    }

    /// Reads the source, or goes on where an earlier worker was.
    async fn read(&self, claim: &Claim, stop: CancellationToken) -> Result<RunReport> {
        let (mut order, asked) = (claim.order.clone(), claim.clone());
        if let Some(begun) = self.queue.ask_aside(move |queue| queue.begun(&asked)).await? {
            if begun.is_over && !matches!(begun.status, RunStatus::Interrupted | RunStatus::Running) {
                // All that was left to do is to say so.
                let run = begun.run;
                return self.queue.ask_aside(move |queue| query::run(queue.store(), &run)).await.map(|run| run.report);
            }
            order = order.continued();
        }
        // The lock of a worker that is gone holds a little longer.
        let until = Instant::now() + if claim.recovered { GONE_AFTER } else { Duration::ZERO };
        loop {
            let (folder, source) = (self.folder.clone(), order.source.clone());
            let opening = tokio::task::spawn_blocking(move || {
                let project = Project::at(folder);
                project.load(&source)?.open(&project)
            });
            let failed = |cause| Error::internal("the source could not be opened").with_cause(cause);
            let opened = opening.await.map_err(failed)??;
            let store = self.queue.store();
            let read = aggregate::run_as_due(store, &opened, order.wanted, order.options(), |_| {}, stop.clone());
            match read.await {
                Err(error) if error.kind() == ErrorKind::Guard && Instant::now() < until && !stop.is_cancelled() => {
                    tokio::time::sleep(BETWEEN_TRIES).await;
                }
                read => return identities::after_run(store, &Project::at(&self.folder), read?).await,
            }
        }
    }

    /// Deals with a run that ended before its time: somebody wants it, this worker stops, another one has the job, or the source
    /// allows no more calls.
    async fn interrupted(&self, claim: &Claim, report: RunReport) -> Result<()> {
        let asked = claim.clone();
        if self.queue.ask_aside(move |queue| queue.is_cancelled(&asked)).await? {
            self.tell(WorkerEvent::Ended { job: claim.job, run: Box::new(report.clone()) });
            return self.close(claim, JobState::Cancelled, Some(report.run), Some(cancelled())).await;
        }
        // A guard ends a run that may ask the source nothing more for now.
        if report.error.as_ref().is_some_and(|error| error.kind == ErrorKind::Guard) {
            return self.ended(claim, report).await;
        }
        self.give_back(claim).await
    }

    async fn ended(&self, claim: &Claim, report: RunReport) -> Result<()> {
        let (outcome, run, error) = (outcome_of(report.status), report.run.clone(), report.error.clone());
        self.tell(WorkerEvent::Ended { job: claim.job, run: Box::new(report) });
        self.close(claim, outcome, Some(run), error).await
    }

    async fn not_started(&self, claim: &Claim, error: Error) -> Result<()> {
        let (outcome, told) = (outcome_of_error(error.kind()), RunError::from(&error));
        let source = claim.order.source.clone();
        self.tell(WorkerEvent::NotStarted { job: claim.job, source, error });
        self.close(claim, outcome, None, Some(told)).await
    }

    /// Waits until the server answers again, then lets any worker go on with the job.
    async fn wait_for_the_store(&self, claim: &Claim, error: Error) -> Result<()> {
        self.tell(WorkerEvent::Disturbed { error });
        let until = Instant::now() + LONGEST_WAIT;
        loop {
            tokio::time::sleep(BETWEEN_TRIES).await;
            let given = claim.clone();
            match self.queue.ask_aside(move |queue| queue.give_back(&given, true)).await {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(taken_over(claim)),
                // Without a word, the queue takes the worker for gone.
                Err(error) if Instant::now() >= until || self.stop.is_cancelled() => return Err(error),
                Err(_) => {}
            }
        }
    }

    /// Gives the job to another worker, which goes on at once.
    async fn give_back(&self, claim: &Claim) -> Result<()> {
        let (given, source) = (claim.clone(), claim.order.source.clone());
        let is_given = self.queue.ask_aside(move |queue| queue.give_back(&given, false)).await?;
        self.tell(WorkerEvent::GaveBack { job: claim.job, source });
        if is_given { Ok(()) } else { Err(taken_over(claim)) }
    }

    async fn close(
        &self,
        claim: &Claim,
        outcome: JobState,
        run: Option<String>,
        error: Option<RunError>,
    ) -> Result<()> {
        let ended = claim.clone();
        let is_ended =
            self.queue.ask_aside(move |queue| queue.end(&ended, outcome, run.as_deref(), error.as_ref())).await?;
        if is_ended { Ok(()) } else { Err(taken_over(claim)) }
    }
}

/// Whether the server went away: this says nothing about the job.
fn is_of_the_store(error: &Error) -> bool {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    let is_lost = |cause: &PostgresError| {
        let is_ending = cause.as_db_error().is_some_and(|answer| answer.code().code().starts_with("57P"));
        let why = std::error::Error::source(cause).and_then(|why| why.downcast_ref::<io::Error>());
        is_ending || cause.is_closed() || why.is_some()
    };
    let mut causes = causes.filter_map(|cause| cause.downcast_ref::<PostgresError>());
    error.kind() == ErrorKind::Unavailable || causes.any(is_lost)
}

fn cancelled() -> RunError {
    RunError {
        kind: ErrorKind::Cancelled,
        message: "the job was canceled".to_owned(),
        help: Some("the next run goes on where this one stopped".to_owned()),
        step: None,
    }
}

/// The row in the queue belongs to the other worker, so it must not count as done.
fn taken_over(claim: &Claim) -> Error {
    Error::new(ErrorKind::Guard, format!("another worker has job {}", claim.job))
}
