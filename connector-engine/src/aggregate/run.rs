//! The run from the first page to the end.

use super::commit::{Committed, Committer, Started};
use super::job::Job;
use super::progress::{Phase, Progress, StepProgress};
use super::read::read;
use crate::store::{Beginning, Ending, PerStep, Quiet, ReadPage, RunReport, Step, Store, Usage};
use connector_core::{Cursor, Meter, Result};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::collections::VecDeque;
use std::future::Future;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// Aggregates a source: takes up its unfinished run, or begins a new one.
///
/// A run that failed, was stopped or was refused by a guard is a report with that status and an error in it.
/// `Err` means that no run could begin or the store broke: kind `guard` when another job holds the source.
pub async fn run(
    store: &Store,
    job: &Job<'_>,
    progress: impl Fn(&Progress) + Send + Sync,
    stop: CancellationToken,
) -> Result<RunReport> {
    let start = Readings::of(job.meter);
    let mut steps = vec![Step::Accounts];
    if job.connector.capabilities().entitlements().is_some() {
        // Entitlements first: assignments then find what they name.
        steps = vec![Step::Entitlements, Step::Accounts, Step::Assignments];
    }
    let beginning = Beginning {
        source: job.source.to_owned(),
        connector: job.connector_name.to_owned(),
        definition: job.definition.to_owned(),
        mode: job.mode,
        restart: job.restart,
        steps,
        quiet: Quiet::of(job.connector),
    };
    let (mut thread, started) = Committer::start(store, beginning).await?;
    let mut reads = Reads::new(started, progress);
    let ending = reads.go(job, &mut thread, &start, &stop).await;
    if matches!(ending, Ending::Complete { .. }) {
        reads.tell(Phase::Reconciling, start.usage(job.meter).api_calls);
    }
    thread.finish(ending, start.usage(job.meter)).await
}

/// Where a job is.
struct Reads<P> {
    /// What is still to be read; the newest first, so that a read that forks again and again stays narrow.
    frontier: VecDeque<(Step, Cursor)>,
    resumed: bool,
    seen: PerStep<u64>,
    estimates: PerStep<Option<u64>>,
    earlier_calls: u64,
    began: Instant,
    progress: P,
}

/// What woke the job.
enum Woken {
    Stopped,
    Committed(Result<Committed>),
    Read(Result<ReadPage>),
}

impl<P: Fn(&Progress)> Reads<P> {
    fn new(started: Started, progress: P) -> Self {
        Self {
            frontier: started.frontier.into(),
            resumed: started.resumed,
            seen: started.seen,
            estimates: PerStep::default(),
            earlier_calls: started.earlier_calls,
            began: Instant::now(),
            progress,
        }
    }

    /// Reads and commits until nothing is left, something failed, or the user asks to stop.
    async fn go(
        &mut self,
        job: &Job<'_>,
        thread: &mut Committer,
        start: &Readings,
        stop: &CancellationToken,
    ) -> Ending {
        let mut reads = FuturesUnordered::new();
        self.tell(Phase::Reading, start.usage(job.meter).api_calls);
        let ending = loop {
            // A slow disk slows the reads down instead of filling the memory.
            let limit = job.concurrency.max(1);
            while reads.len() < limit && reads.len() + thread.waiting() < limit + 2 {
                let Some((part, cursor)) = self.frontier.pop_front() else { break };
                reads.push(read(job, part, cursor));
            }
            if reads.is_empty() && thread.waiting() == 0 {
                return Ending::Complete { remove: job.remove, threshold: job.delete_threshold };
            }
            match wake(&mut reads, thread, stop).await {
                Woken::Stopped => break Ending::Interrupted,
                Woken::Read(Ok(page)) => {
                    if let Err(error) = thread.commit(page, start.usage(job.meter)) {
                        break Ending::Failed(error);
                    }
                }
                Woken::Committed(Ok(committed)) => self.committed(committed, start.usage(job.meter).api_calls),
                Woken::Read(Err(error)) | Woken::Committed(Err(error)) => break Ending::Failed(error),
            }
        };
        // What is being read is dropped; what was read is committed before the run ends.
        drop(reads);
        self.settle(thread, ending, start.usage(job.meter).api_calls).await
    }

    /// Waits for the pages that were read. The first error stays.
    async fn settle(&mut self, thread: &mut Committer, mut ending: Ending, calls: u64) -> Ending {
        while thread.waiting() > 0 {
            match thread.committed().await {
                Ok(committed) => self.committed(committed, calls),
                Err(error) if !matches!(ending, Ending::Failed(_)) => ending = Ending::Failed(error),
                Err(_) => {}
            }
        }
        ending
    }

    fn committed(&mut self, committed: Committed, calls: u64) {
        for cursor in committed.next.into_iter().rev() {
            self.frontier.push_front((committed.step, cursor));
        }
        self.seen = committed.seen;
        let estimate = &mut self.estimates[committed.step];
        *estimate = (*estimate).max(committed.estimate);
        self.tell(Phase::Reading, calls);
    }

    fn tell(&self, phase: Phase, calls: u64) {
        let of = |step| StepProgress { seen: self.seen[step], estimate: self.estimates[step] };
        (self.progress)(&Progress {
            phase,
            resumed: self.resumed,
            steps: PerStep {
                accounts: of(Step::Accounts),
                entitlements: of(Step::Entitlements),
                assignments: of(Step::Assignments),
            },
            api_calls: self.earlier_calls + calls,
            elapsed: self.began.elapsed(),
        });
    }
}

async fn wake<F: Future<Output = Result<ReadPage>>>(
    reads: &mut FuturesUnordered<F>,
    thread: &mut Committer,
    stop: &CancellationToken,
) -> Woken {
    let committing = thread.waiting() > 0;
    tokio::select! {
        biased;
        () = stop.cancelled() => Woken::Stopped,
        committed = thread.committed(), if committing => Woken::Committed(committed),
        Some(page) = reads.next(), if !reads.is_empty() => Woken::Read(page),
    }
}

/// What the meter showed when the job began: earlier jobs may have used the same one.
struct Readings {
    calls: u64,
    retries: u64,
    bytes: u64,
}

impl Readings {
    fn of(meter: &Meter) -> Self {
        Self { calls: meter.api_calls(), retries: meter.retries(), bytes: meter.bytes_received() }
    }

    fn usage(&self, meter: &Meter) -> Usage {
        Usage {
            api_calls: meter.api_calls().saturating_sub(self.calls),
            retries: meter.retries().saturating_sub(self.retries),
            bytes_received: meter.bytes_received().saturating_sub(self.bytes),
            limits: meter.allowances(),
        }
    }
}
