//! Takes jobs out of the queue, with `graphile_worker`.
//!
//! Only this file and the statements that call its functions know `graphile_worker`. It claims rows, and gives those of dead workers to
//! others. It does not know who may end a job: `claim.rs` does.

use super::bench::Bench;
use super::claim::flags;
use super::event::WorkerEvent;
use super::station;
use crate::alive::{GONE_AFTER, HEARTBEAT, SWEEP};
use crate::ask::TASK;
use connector_core::{Error, ErrorKind, Result};
use connector_sql::driver;
use connector_store::{Place, fault};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use graphile_worker::{IntoTaskHandlerResult, TaskHandler, Worker, WorkerContext, WorkerOptions, WorkerRecoveryConfig};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// How often to look for jobs. Each look takes one job for each free place.
const POLL: Duration = Duration::from_millis(200);

/// How long jobs may take to stop: what was read is written.
const GRACE: Duration = Duration::from_secs(50);

/// Connections beside those of the jobs: heartbeats, sweeps, looks for jobs.
const CONNECTIONS: usize = 3;

/// What a row of the queue says.
#[derive(Debug, Serialize, Deserialize)]
struct Aggregate {
    job: i64,
}

impl TaskHandler for Aggregate {
    const IDENTIFIER: &'static str = TASK;

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let bench = context.get_ext::<Arc<Bench>>().ok_or("the worker has no bench")?;
        let row = *context.job().id();
        // An error is one of the server, or says that another worker has the job: what the source said is in the job.
        bench.carry_out(self.job, row, short(context.worker_id())).await.map_err(|error| error.to_string())
    }
}

/// Takes jobs until the worker is told to stop, or the server does not answer.
pub(super) async fn one_shift(bench: &Arc<Bench>, has_begun: &mut bool) -> Result<()> {
    let worker = prepare(bench).await?;
    let id = short(worker.worker_id()).to_owned();
    station::register(bench, &id).await?;
    *has_begun = true;
    bench.tell(WorkerEvent::Ready { id: id.clone() });
    let ended = tokio::select! {
        ended = worker.run() => ended.map_err(|cause| disturbed(&cause)),
        never = station::attend(bench, &id) => match never {},
    };
    // What goes on without the server can't be kept.
    for (_, token) in bench.running().values() {
        token.cancel();
    }
    let left = bench.queue.ask_aside(move |queue| queue.leave(&id)).await;
    if let Err(error) = left {
        tracing::debug!(%error, "the worker stays in the list until it counts as gone");
    }
    ended
}

async fn prepare(bench: &Arc<Bench>) -> Result<Worker> {
    let Place::Server(address) = bench.queue.store().place() else {
        return Err(Error::internal("a file has no queue"));
    };
    let (config, tls) = driver(address).map_err(fault)?;
    let manager = Manager::from_config(config, tls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    let places = usize::from(bench.capacity.jobs);
    let pool = Pool::builder(manager).max_size(places + CONNECTIONS).build().map_err(|cause| disturbed(&cause))?;
    let recovery = WorkerRecoveryConfig::default()
        .heartbeat_interval(HEARTBEAT)
        .sweep_interval(SWEEP)
        .sweep_threshold(GONE_AFTER)
        .recovery_delay(Duration::ZERO);
    let options = WorkerOptions::default()
        .database(pool)
        .schema(bench.queue.schema())
        .concurrency(places)
        .poll_interval(POLL)
        .use_notification_delivery(false)
        .worker_recovery(recovery)
        // Signals are the command line's.
        .listen_os_shutdown_signals(false)
        .shutdown_signal(bench.stop.clone().cancelled_owned())
        .shutdown_grace_period(GRACE)
        .shutdown_interrupted_job_retry_delay(Duration::ZERO)
        .add_extension(bench.clone())
        .define_job::<Aggregate>();
    let options = flags(&bench.capacity.sources).iter().fold(options, |options, flag| options.add_accepted_flag(flag));
    options.init().await.map_err(|cause| unprepared(&cause))
}

/// The part of a worker's id that tells it from others.
fn short(id: &str) -> &str {
    id.strip_prefix(station::PREFIX).unwrap_or(id)
}

fn unprepared(cause: &impl std::error::Error) -> Error {
    let why = cause.to_string();
    if why.contains("permission denied") {
        return Error::definition(format!("the tables of the queue can't be made: {why}"))
            .with_help("let the user of the store create schemas: `GRANT CREATE ON DATABASE … TO …`");
    }
    disturbed(cause)
}

fn disturbed(cause: &impl std::error::Error) -> Error {
    Error::new(ErrorKind::Unavailable, format!("the queue does not answer: {cause}"))
        .with_help("check that the server of the store runs; the worker tries again")
}
