//! Reads sources when their schedules say so, as `connector worker` does.

use crate::door::Visitor;
use crate::state::State;
use crate::work::{Begun, Jobs, Outcome, Task, Wish};
use connector_core::{Error, Result};
use connector_engine::aggregate::Wanted;
use connector_engine::query;
use connector_engine::schedule::{Clock, Due};
use connector_engine::store::RunReport;
use connector_queue::Queue;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// The most runs that the clock starts at the same time, as `connector worker` does.
const RUNS: usize = 4;

/// Watches the clock until the server stops. It has a thread of its own, because it looks at files and at the store.
pub(crate) fn watch(state: &State) -> JoinHandle<()> {
    let (state, runtime) = (state.clone(), Handle::current());
    // What it started belongs to the jobs, and the server waits for those.
    tokio::task::spawn_blocking(move || {
        let (project, jobs, diary) = (state.project(), state.jobs().clone(), state.diary().clone());
        let last = |source: &str| {
            let store = state.store()?;
            store.map_or(Ok(None), |store| query::last_aggregation(&store, source))
        };
        let start = |source: &str, due: Due| start(state.clone(), source.to_owned(), due);
        let tell = |event| {
            diary.write(event);
            jobs.went_on();
            Ok(())
        };
        let watched = runtime.block_on(Clock::of_all(&project, RUNS).watch(last, start, tell, state.stop()));
        if let Err(error) = watched {
            tracing::error!(%error, "the clock stopped");
        }
    })
}

/// Asks a worker to read a source, or reads it here if no worker is running that could.
async fn start(state: State, source: String, due: Due) -> Result<Option<RunReport>> {
    let (asking, name) = (state.clone(), source.clone());
    let asked = move || {
        let Some(queue) = asking.store()?.as_ref().map_or(Ok(None), Queue::of)? else { return Ok(false) };
        // Another clock may have asked for this moment; then there is nothing to do.
        if queue.has_worker_for(&name)? { queue.ask_when_due(&name, due.at).map(|_| true) } else { Ok(false) }
    };
    if state.aside(asked).await? { Ok(None) } else { read(state.jobs().clone(), source).await.map(Some) }
}

/// Reads a source, as its page does.
async fn read(jobs: Jobs, source: String) -> Result<RunReport> {
    let visitor = Visitor::schedule();
    let beginning = {
        let (jobs, source) = (jobs.clone(), source.clone());
        tokio::task::spawn_blocking(move || {
            jobs.begin(Wish { source: &source, task: Task::Aggregate(Wanted::Due), who: &visitor, key: None })
        })
    };
    let begun = beginning.await.map_err(|cause| Error::internal("the run could not begin").with_cause(cause))??;
    let Begun::Job(job) = begun else { return Err(Error::internal("the schedule has no key")) };
    job.end().await;
    match &job.state().outcome {
        Some(Outcome::Run(report)) => Ok((**report).clone()),
        Some(Outcome::Failed(error)) => Err(error.clone()),
        _ => Err(Error::internal("the run has no end")),
    }
}
