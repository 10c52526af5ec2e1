//! `connector worker`: the clock of a project.

mod event;

use crate::arguments::WorkerArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use connector_engine::aggregate::{self, Options, Wanted};
use connector_engine::identities;
use connector_engine::query;
use connector_engine::schedule::Clock;
use connector_server::Exporter;
use event::Log;

pub(crate) fn run(invocation: &Invocation, arguments: &WorkerArguments) -> Result<Exit, Stop> {
    // From the first line on, a signal ends it well.
    let stop = invocation.interrupt().token();
    let project = invocation.project()?;
    let log = Log::new(invocation, project.settings()?.zone());
    let mut clock = Clock::new(&project, &arguments.sources, usize::from(arguments.concurrency))?;
    let store = invocation.store(&project)?;
    let listening = |address| Exporter::bind(&project, invocation.store_place(&project)?, address);
    let exporter = arguments.listen.map(listening).transpose()?;
    if let Some(exporter) = &exporter {
        log.listening(exporter.address())?;
    }
    let (printer, ends) = (invocation.printer.clone(), stop.clone());
    let last = |source: &str| query::last_aggregation(&store, source);
    let start = |source: &str| {
        let (project, store, stop, source) = (&project, &store, stop.clone(), source.to_owned());
        async move {
            let opened = project.load(&source)?.open(project)?;
            let report = aggregate::run_as_due(store, &opened, Wanted::Due, Options::default(), |_| {}, stop).await?;
            identities::after_run(store, project, report).await
        }
    };
    // Runs that are going on at a signal keep what they read, and continue at the next start.
    invocation.block_on(async {
        // Who watches the worker waits for nothing that it waits for, and no fault of theirs ends it.
        if let Some(exporter) = exporter {
            tokio::spawn(async move {
                if let Err(error) = exporter.serve(ends).await {
                    printer.warning(&format!("nobody can watch this worker any more: {error}; start it again"));
                }
            });
        }
        clock.watch(last, start, |event| Ok(log.write(&event)?), &stop).await
    })??;
    log.stopped()?;
    // A signal is how its work ends.
    Ok(Exit::Success)
}
