//! Follows a job to its end.

use crate::job::{Job, JobState};
use crate::queue::Queue;
use connector_core::{Error, ErrorKind, Result};
use connector_engine::aggregate::{Phase, Progress, StepProgress};
use connector_engine::query;
use connector_store::{RunReport, RunStatus};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often to look at a job.
const PAUSE: Duration = Duration::from_millis(200);

/// How often to look at its run, and at the workers while it waits.
const LOOK: Duration = Duration::from_secs(1);

/// How long the store may not answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// What whoever follows a job learns.
#[derive(Clone, Copy, Debug)]
pub enum Sight<'a> {
    /// It waits, and no worker lives that could take it.
    NoWorker(&'a Job),
    /// It waits for a free worker.
    Waits(&'a Job),
    /// A worker reads the source.
    Reads(&'a Progress),
}

impl Queue {
    /// Follows a job until it ends; returns the report of its run. When `stop` is canceled, it ends the job if it is `own`, and
    /// otherwise leaves it.
    ///
    /// Fails with the error of a job without a run, and with kind `cancelled` if the job goes on alone.
    pub async fn follow(
        &self,
        id: i64,
        own: bool,
        mut see: impl FnMut(Sight<'_>),
        stop: &CancellationToken,
    ) -> Result<RunReport> {
        let (mut answered, mut looked, mut is_ending) = (Instant::now(), None::<Instant>, false);
        loop {
            match self.ask_aside(move |queue| queue.job(id)).await {
                Ok(job) if !job.state.is_open() => return self.report_of(job).await,
                Ok(job) => {
                    answered = Instant::now();
                    if looked.is_none_or(|looked| looked.elapsed() >= LOOK) {
                        looked = Some(Instant::now());
                        self.look(&job, &mut see).await;
                    }
                }
                Err(error) if answered.elapsed() > PATIENCE || error.kind() == ErrorKind::NotFound => {
                    return Err(error);
                }
                Err(error) => tracing::debug!(%error, "the job can't be looked at"),
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = stop.cancelled(), if !is_ending => {
                    if !own {
                        return Err(Error::new(ErrorKind::Cancelled, format!("job {id} continues without this command"))
                            .with_help(format!("`connector queue cancel {id}` ends it")));
                    }
                    is_ending = true;
                    // One that has ended since is seen at the next look.
                    if let Err(error) = self.ask_aside(move |queue| queue.cancel(id)).await {
                        tracing::debug!(%error, id, "the job was not canceled");
                    }
                }
            }
        }
    }

    async fn look(&self, job: &Job, see: &mut impl FnMut(Sight<'_>)) {
        let source = job.order.source.clone();
        if job.state == JobState::Running {
            let run = self.ask_aside(move |queue| query::last_aggregation(queue.store(), &source)).await;
            if let Ok(Some(run)) = run
                && run.report.status == RunStatus::Running
            {
                see(Sight::Reads(&progress_of(&run.report)));
            }
            return;
        }
        match self.ask_aside(move |queue| queue.has_worker_for(&source)).await {
            Ok(true) => see(Sight::Waits(job)),
            Ok(false) => see(Sight::NoWorker(job)),
            Err(error) => tracing::debug!(%error, "the workers can't be looked at"),
        }
    }

    /// What became of a job that has ended.
    async fn report_of(&self, job: Job) -> Result<RunReport> {
        let Some(run) = job.run.clone() else { return Err(job.as_error()) };
        self.ask_aside(move |queue| query::run(queue.store(), &run)).await.map(|run| run.report)
    }
}

fn progress_of(report: &RunReport) -> Progress {
    let steps = report.counts.map(|counts| StepProgress { seen: counts.seen, estimate: None });
    Progress {
        phase: Phase::Reading,
        resumed: report.resumed,
        steps,
        api_calls: report.api_calls,
        elapsed: Duration::from_millis(report.duration_ms),
    }
}
