//! A plan on its way: how it begins, and how it is left.

use super::change::ValueChange;
use super::job::Job;
use super::journal::{Earlier, Held, Journal, PlanUsage, Wanted};
use crate::store::{Store, recognize};
use connector_core::{Error, ErrorKind, Operation, Result, SecretRef};
use std::time::Instant;
use tokio::sync::OnceCell;

/// A plan on its way: written into the journal, and held so that no other job provisions the same source.
#[derive(Debug)]
pub struct Provisioning<'a> {
    pub(super) job: Job<'a>,
    pub(super) journal: Journal,
    pub(super) earlier: Earlier,
    /// Set when the system was recognized as that of the source.
    recognized: OnceCell<()>,
    calls_before: u64,
    retries_before: u64,
    began: Instant,
}

/// An operation that comes to something else than an earlier preview showed.
#[derive(Clone, Debug)]
pub struct Changed {
    /// Its place in the plan, from 0.
    pub operation: u64,
    /// What it would have changed then.
    pub before: Vec<ValueChange>,
    /// What it changes now.
    pub now: Vec<ValueChange>,
}

impl<'a> Provisioning<'a> {
    /// Writes a plan into the journal, or goes on with the one of the same content that was previewed or interrupted.
    /// `file` is the plan's file as the user named it; `read` hands over its operations one after the other.
    ///
    /// Fails with kind `guard` when another job provisions the source, with kind `definition` when the source's file means
    /// another system than when the plan was interrupted, and with the error of `read`.
    pub fn begin(
        store: &Store,
        job: Job<'a>,
        file: &str,
        read: impl FnOnce(&mut dyn FnMut(Operation<SecretRef>)) -> Result<()>,
    ) -> Result<Self> {
        let (journal, earlier) =
            Journal::begin(store, &wanted(&job, file), |sink| read(&mut |operation| sink(&operation)))?;
        Ok(Self::new(job, journal, earlier))
    }

    /// Goes on with the newest plan of the source that was [approved](Provisioning::approve) and has not ended; `None` where
    /// there is none. Fails like [`Provisioning::begin`].
    pub fn interrupted(store: &Store, job: Job<'a>) -> Result<Option<Self>> {
        let found = Journal::interrupted(store, &wanted(&job, ""))?;
        Ok(found.map(|(journal, earlier)| Self::new(job, journal, earlier)))
    }

    fn new(job: Job<'a>, journal: Journal, earlier: Earlier) -> Self {
        let (calls_before, retries_before) = (job.meter().api_calls(), job.meter().retries());
        Self { job, journal, earlier, recognized: OnceCell::new(), calls_before, retries_before, began: Instant::now() }
    }

    /// Writes down whether the user wants the plan to be carried out: one that was interrupted then goes on without asking
    /// again. Approval of what has changed since is to be withdrawn.
    pub async fn approve(&self, approved: bool) -> Result<()> {
        self.journal.with(move |journal| journal.approve(approved)).await
    }

    /// Ends a plan that was interrupted: what has not been sent fails, and is not carried out by a later job. What was sent
    /// is to be [settled](Provisioning::settle) before.
    pub async fn abandon(&self) -> Result<()> {
        if self.earlier == Earlier::Interrupted {
            let error = Error::new(ErrorKind::Cancelled, "the plan was abandoned before this was sent")
                .with_help("ask for it in a new plan if it is still wanted");
            self.journal.with(move |journal| journal.abandon(&error).map(drop)).await
        } else {
            self.approve(false).await
        }
    }

    /// The plan's id, a ULID.
    pub fn id(&self) -> String {
        self.journal.plan_id()
    }

    /// How far it had come before this job.
    pub fn earlier(&self) -> Earlier {
        self.earlier
    }

    /// The file of the plan, as the user named it when it was begun.
    pub async fn file(&self) -> Result<String> {
        self.journal.with(|journal| journal.file()).await
    }

    /// Ids and files of other plans of the source that were interrupted and are not ended.
    pub async fn others_interrupted(&self) -> Result<Vec<(String, String)>> {
        self.journal.with(|journal| journal.others_interrupted()).await
    }

    /// Writes down what this job cost, and that the plan has ended if nothing of it is left.
    pub async fn leave(&self) -> Result<()> {
        let meter = self.job.meter();
        let usage = PlanUsage {
            api_calls: self.calls(),
            retries: meter.retries().saturating_sub(self.retries_before),
            active_ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        self.journal.with(move |journal| journal.leave(usage)).await
    }

    /// Makes sure, once a job, that the system is the one that the source had before. Fails with kind `guard` if not.
    pub(super) async fn recognize(&self) -> Result<()> {
        let once = || async {
            let found = self.job.connector.instance_id().await?;
            let compare = move |held: &mut Held| recognize(&held.connection, held.source, found.as_deref(), false);
            self.journal.with(compare).await.map(drop)
        };
        self.recognized.get_or_try_init(once).await.copied()
    }

    /// Requests that this job sent so far.
    pub(super) fn calls(&self) -> u64 {
        self.job.meter().api_calls().saturating_sub(self.calls_before)
    }
}

fn wanted(job: &Job<'_>, file: &str) -> Wanted {
    Wanted {
        source: job.source.to_owned(),
        connector: job.connector_name.to_owned(),
        definition: job.definition.to_owned(),
        file: file.to_owned(),
    }
}
