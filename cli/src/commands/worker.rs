//! `connector worker`: the clock of a project, and the jobs of its store.

mod event;
mod shift;

use crate::arguments::WorkerArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use connector_engine::aggregate::{self, Options, Wanted};
use connector_engine::identities;
use connector_engine::query;
use connector_engine::schedule::{Clock, Due};
use connector_engine::store::Store;
use connector_project::source::Project;
use connector_queue::Queue;
use connector_server::Exporter;
use event::Log;
use shift::Shift;

pub(crate) fn run(invocation: &Invocation, arguments: &WorkerArguments) -> Result<Exit, Stop> {
    // From the first line on, a signal ends it well.
    let stop = invocation.interrupt().token();
    let project = invocation.project()?;
    let log = Log::new(invocation, project.settings()?.zone());
    let is_on_server = invocation.store_place(&project)?.file().is_none();
    // A worker of a file has nothing to do without a schedule; that is said before there is a store.
    let clock = if is_on_server { None } else { Some(clock_of(&project, arguments)?) };
    for name in &arguments.sources {
        project.load(name)?;
    }
    let store = invocation.store(&project)?;
    let queue = Queue::of(&store)?;
    let listening = |address| Exporter::bind(&project, invocation.store_place(&project)?, address);
    let exporter = arguments.listen.map(listening).transpose()?;
    if let Some(exporter) = &exporter {
        log.listening(exporter.address())?;
    }
    let (printer, ends) = (invocation.printer.clone(), stop.clone());
    invocation.block_on(async {
        // Who watches the worker waits for nothing that it waits for, and no fault of theirs ends it.
        if let Some(exporter) = exporter {
            tokio::spawn(async move {
                if let Err(error) = exporter.serve(ends).await {
                    printer.warning(&format!("nobody can watch this worker any more: {error}; start it again"));
                }
            });
        }
        match (clock, &queue) {
            (Some(clock), _) => keep_time(invocation, &project, &store, clock, &log).await,
            (None, Some(queue)) => Shift::new(&project, queue, arguments, &log).work(&stop).await,
            (None, None) => Ok(()),
        }
    })??;
    log.stopped(queue.is_some())?;
    // A signal is how its work ends.
    Ok(Exit::Success)
}

fn clock_of<'a>(project: &'a Project, arguments: &'a WorkerArguments) -> connector_core::Result<Clock<'a>> {
    Clock::new(project, &arguments.sources, usize::from(arguments.concurrency))
}

/// Reads sources here when they are due. Runs that are going on at a signal keep what they read, and continue at the next start.
async fn keep_time(
    invocation: &Invocation,
    project: &Project,
    store: &Store,
    mut clock: Clock<'_>,
    log: &Log,
) -> connector_core::Result<()> {
    let stop = invocation.interrupt().token();
    let last = |source: &str| query::last_aggregation(store, source);
    let start = |source: &str, _: Due| {
        let (stop, source) = (stop.clone(), source.to_owned());
        async move {
            let opened = project.load(&source)?.open(project)?;
            let read = aggregate::run_as_due(store, &opened, Wanted::Due, Options::default(), |_| {}, stop);
            identities::after_run(store, project, read.await?).await.map(Some)
        }
    };
    clock.watch(last, start, |event| Ok(log.write(&event)?), &stop).await
}
