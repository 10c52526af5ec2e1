//! A worker of a store on a server: its clock asks for jobs, and it takes those of all.

use super::event::Log;
use crate::arguments::WorkerArguments;
use connector_core::{Error, Result};
use connector_engine::query;
use connector_engine::schedule::{Clock, Due, Event};
use connector_project::source::Project;
use connector_queue::{Capacity, Queue, work};
use tokio_util::sync::CancellationToken;

/// A worker of a store on a server.
pub(super) struct Shift<'a> {
    project: &'a Project,
    queue: &'a Queue,
    capacity: Capacity,
    log: &'a Log,
}

impl<'a> Shift<'a> {
    pub(super) fn new(project: &'a Project, queue: &'a Queue, arguments: &WorkerArguments, log: &'a Log) -> Self {
        let capacity = Capacity { jobs: arguments.concurrency, sources: arguments.sources.clone() };
        Self { project, queue, capacity, log }
    }

    /// Works until `stop` is canceled. What it does then goes to other workers.
    pub(super) async fn work(&self, stop: &CancellationToken) -> Result<()> {
        let (queue, project, capacity) =
            (self.queue.clone(), Project::at(self.project.folder()), self.capacity.clone());
        let (log, takes, token) = (self.log.clone(), capacity.sources.clone(), stop.clone());
        // The clock waits for files and for the store; jobs and heartbeats don't wait for the clock.
        let mut jobs = tokio::spawn(async move {
            // Whoever closed the output of a worker still wants its work.
            let tell = move |event| drop(log.write_of_worker(&event, &takes));
            work(&queue, &project, capacity, tell, &token).await
        });
        let ended = |ended: std::result::Result<Result<()>, tokio::task::JoinError>| {
            ended.map_err(|cause| Error::internal("the worker ended before its time").with_cause(cause))?
        };
        tokio::select! {
            biased;
            failed = &mut jobs => return ended(failed),
            watched = self.watch(stop) => watched?,
        }
        ended(jobs.await)
    }

    /// Asks for jobs when sources are due. Whoever does them says how they end.
    async fn watch(&self, stop: &CancellationToken) -> Result<()> {
        let last = |source: &str| query::last_aggregation(self.queue.store(), source);
        let start = |source: &str, due: Due| {
            let asked = self.queue.ask_when_due(source, due.at);
            let said = asked.and_then(|asked| match asked {
                Some(asked) => Ok(self.log.asked(source, &due, &asked)?),
                None => Ok(()),
            });
            std::future::ready(said.map(|()| None))
        };
        let tell = |event| match event {
            // The job says when it begins.
            Event::Started { .. } => Ok(()),
            event => Ok(self.log.write(&event)?),
        };
        let places = usize::from(self.capacity.jobs);
        Clock::of_some(self.project, &self.capacity.sources, places).watch(last, start, tell, stop).await
    }
}
