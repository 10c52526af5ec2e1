//! A plan on its way.

use super::asked::written;
use super::change::Change;
use super::job::Job;
use super::progress::{Phase, Progress};
use super::settle::settle;
use super::simulate::not_known;
use crate::plan::PlanOperation;
use crate::store::{Earlier, Held, Journal, PlanUsage, Standing, Store, Wanted};
use connector_core::{Error, Result};
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// A plan on its way: written into the journal, and held so that no other job provisions the same source.
#[derive(Debug)]
pub struct Provisioning<'a> {
    pub(super) job: Job<'a>,
    pub(super) journal: Journal,
    earlier: Earlier,
    calls_before: u64,
    retries_before: u64,
    began: Instant,
}

/// What a preview found.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Identifies what is shown: the same digest stands for the same changes of the same accounts.
    pub digest: String,
    /// Operations that come to something else than an earlier preview showed. Where there is one, nothing may be applied
    /// before the user has seen it.
    pub changed: Vec<Changed>,
}

/// An operation that comes to something else than an earlier preview showed.
#[derive(Clone, Debug)]
pub struct Changed {
    /// Its place in the plan, from 0.
    pub operation: u64,
    /// What it would have changed then.
    pub before: Vec<Change>,
    /// What it changes now.
    pub now: Vec<Change>,
}

/// What settling found of operations whose answer was lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// They had been carried out.
    pub applied: u64,
    /// They had not, and are to be done again.
    pub again: u64,
    /// It can't be told.
    pub unknown: u64,
}

/// How carrying out ended. How each operation stands is told by the journal.
#[derive(Debug)]
pub struct Applied {
    /// What kept the rest of the plan from being sent; none when nothing did, or when the user asked to stop.
    pub error: Option<Error>,
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
        read: impl FnOnce(&mut dyn FnMut(PlanOperation)) -> Result<()>,
    ) -> Result<Self> {
        let (journal, earlier) =
            Journal::begin(store, &wanted(&job, file), |sink| read(&mut |operation| sink(&written(&operation))))?;
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
        Self { job, journal, earlier, calls_before, retries_before, began: Instant::now() }
    }

    /// Writes down that the user wants the plan to be carried out, so that an interrupted one goes on without asking again.
    pub async fn approve(&self) -> Result<()> {
        self.journal.with(Held::approve).await
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

    /// Finds out what became of operations of this source whose answer was lost, in this plan or an earlier one, by reading
    /// the source.
    pub async fn settle(&self, progress: impl Fn(&Progress) + Sync) -> Result<Settled> {
        let rows = self.journal.with(|journal| journal.pending()).await?;
        let total = rows.len() as u64;
        let mut settled = Settled::default();
        let mut done = 0;
        // As many as one request finds, so that a plan with many of them needs no more memory.
        for part in rows.chunks(super::look::most(&self.job)) {
            progress(&Progress { phase: Phase::Settling, done, total, api_calls: self.calls() });
            let answers = settle(&self.job, part).await?;
            done += part.len() as u64;
            let mut not_made = Vec::new();
            for (row, answer) in part.iter().zip(&answers) {
                match answer.standing {
                    Standing::Planned => settled.again += 1,
                    Standing::Pending if row.is_create => {
                        settled.unknown += 1;
                        not_made.push((row.id, not_known(row.number)));
                    }
                    Standing::Pending => settled.unknown += 1,
                    _ => settled.applied += 1,
                }
            }
            self.journal
                .with(move |journal| {
                    journal.answer(&answers)?;
                    not_made.iter().try_for_each(|(create, error)| journal.give_up(*create, error).map(drop))
                })
                .await?;
        }
        Ok(settled)
    }

    /// Reads the accounts and works out what each operation comes to. For a plan that was begun, only what is left is held
    /// against the accounts.
    ///
    /// Fails with kind `cancelled` when it was asked to stop, and when the source can't be read.
    pub async fn preview(&mut self, progress: impl Fn(&Progress) + Sync, stop: &CancellationToken) -> Result<Preview> {
        let changed = if self.earlier == Earlier::Interrupted {
            self.recheck_all(&progress, stop).await?
        } else {
            self.foresee_all(&progress, stop).await?
        };
        let digest = self.digest().await?;
        let changed = if self.earlier == Earlier::Nothing { Vec::new() } else { changed };
        if self.earlier != Earlier::Interrupted {
            let kept = digest.clone();
            self.journal.with(move |journal| journal.previewed(&kept)).await?;
            self.earlier = Earlier::Previewed;
        }
        Ok(Preview { digest, changed })
    }

    /// Carries out what is planned: operations of one account in the plan's order, those of different accounts side by
    /// side. Asked to stop, it sends nothing more and waits for what was sent.
    pub async fn apply(&mut self, progress: impl Fn(&Progress) + Sync, stop: &CancellationToken) -> Result<Applied> {
        self.journal.with(Held::began).await?;
        self.earlier = Earlier::Interrupted;
        let error = self.carry_out_all(&progress, stop).await?;
        Ok(Applied { error })
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
