//! `connector worker`: the clock of a project.

mod event;
mod roster;

use crate::arguments::WorkerArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use connector_engine::aggregate::{self, Options, Wanted};
use connector_engine::query;
use connector_engine::schedule::{Due, due};
use connector_engine::store::{RunReport, RunStatus, Store};
use connector_project::source::Project;
use connector_server::Exporter;
use event::{Event, Log};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use roster::{Roster, Watched};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The longest sleep. After it, the files are read again, and a clock that was set or a machine that slept is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

pub(crate) fn run(invocation: &Invocation, arguments: &WorkerArguments) -> Result<Exit, Stop> {
    // From the first line on, a signal ends it well.
    let stop = invocation.interrupt().token();
    let project = invocation.project()?;
    let log = Log::new(invocation, project.settings()?.zone());
    let mut roster = Roster::new(&project, &arguments.sources)?;
    let store = invocation.store(&project)?;
    let listening = |address| Exporter::bind(&project, invocation.store_path(&project)?, address);
    let exporter = arguments.listen.map(listening).transpose()?;
    for problem in roster.reload() {
        log.write(&problem)?;
    }
    log.write(&Event::Watching { sources: roster.next_moments(Timestamp::now()) })?;
    if let Some(exporter) = &exporter {
        log.write(&Event::Listening { address: exporter.address() })?;
    }
    let watched_by = export(exporter, stop.clone());
    let worker = Worker {
        project: &project,
        store: &store,
        log: &log,
        stop,
        most: usize::from(arguments.concurrency),
        since: Timestamp::now(),
    };
    invocation.block_on(async { tokio::try_join!(worker.watch(&mut roster), watched_by) })??;
    log.write(&Event::Stopped)?;
    // A signal is how its work ends.
    Ok(Exit::Success)
}

/// Serves the metrics until the token is canceled, where somebody asked for them.
async fn export(exporter: Option<Exporter>, stop: CancellationToken) -> Result<(), Stop> {
    match exporter {
        Some(exporter) => Ok(exporter.serve(stop).await?),
        None => Ok(()),
    }
}

/// Starts the runs.
struct Worker<'a> {
    project: &'a Project,
    store: &'a Store,
    log: &'a Log<'a>,
    stop: CancellationToken,
    /// The most runs at the same time.
    most: usize,
    /// When it began to watch the clock.
    since: Timestamp,
}

/// How far the moments of the sources are dealt with.
#[derive(Debug, Default)]
struct Dealt {
    /// The moment that each source ran for last, or that was skipped.
    moments: BTreeMap<String, Timestamp>,
    /// The sources that are being aggregated.
    running: Vec<String>,
    /// Whether the last look at the store failed.
    unreadable: bool,
}

impl Worker<'_> {
    /// Watches the clock until a signal. Runs that are going on then keep what they read, and continue at the next start.
    async fn watch(&self, roster: &mut Roster<'_>) -> Result<(), Stop> {
        let mut dealt = Dealt::default();
        let mut runs = FuturesUnordered::new();
        loop {
            for problem in roster.reload() {
                self.log.write(&problem)?;
            }
            let now = Timestamp::now();
            for (source, due) in self.due(roster, &mut dealt, now)? {
                self.log.write(&Event::started(&source.name, due))?;
                dealt.moments.insert(source.name.clone(), due.at);
                dealt.running.push(source.name.clone());
                runs.push(self.aggregate(source.name));
            }
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                Some((source, ended)) = runs.next(), if !runs.is_empty() => self.ended(&mut dealt, &source, ended)?,
                () = tokio::time::sleep(roster.sleep(now).min(LONGEST_SLEEP)) => {}
            }
        }
        while let Some((source, ended)) = runs.next().await {
            self.ended(&mut dealt, &source, ended)?;
        }
        Ok(())
    }

    /// The sources to start now. Says of which a moment passes because they are being aggregated.
    fn due(&self, roster: &Roster<'_>, dealt: &mut Dealt, now: Timestamp) -> Result<Vec<(Watched, Due)>, Stop> {
        let mut starting = Vec::new();
        for source in roster.watched() {
            let last = match query::last_aggregation(self.store, &source.name) {
                Ok(last) => {
                    dealt.unreadable = false;
                    last
                }
                // A store that is busy for a while is looked at again at the next moment. It is said once.
                Err(error) => {
                    if !std::mem::replace(&mut dealt.unreadable, true) {
                        self.log.write(&Event::Unreadable { error })?;
                    }
                    return Ok(starting);
                }
            };
            let Some(due) = due(&source.times, last.as_ref(), self.since, now) else { continue };
            let is_dealt_with = dealt.moments.get(&source.name).is_some_and(|moment| *moment >= due.at);
            if is_dealt_with {
                continue;
            }
            let runs_elsewhere = last.is_some_and(|run| run.report.status == RunStatus::Running);
            if runs_elsewhere || dealt.running.contains(&source.name) {
                self.log.write(&Event::skipped(&source.name, due))?;
                dealt.moments.insert(source.name.clone(), due.at);
            } else if dealt.running.len() + starting.len() < self.most {
                starting.push((source.clone(), due));
            }
        }
        Ok(starting)
    }

    async fn aggregate(&self, source: String) -> (String, Result<RunReport, Stop>) {
        let run = async {
            let opened = self.project.load(&source)?.open(self.project)?;
            let options = Options::default();
            Ok(aggregate::run_as_due(self.store, &opened, Wanted::Due, options, |_| {}, self.stop.clone()).await?)
        };
        let ended = run.await;
        (source, ended)
    }

    fn ended(&self, dealt: &mut Dealt, source: &str, ended: Result<RunReport, Stop>) -> Result<(), Stop> {
        dealt.running.retain(|running| running != source);
        match ended {
            Ok(report) => self.log.write(&Event::Ended { run: Box::new(report) }),
            Err(Stop(error)) => self.log.write(&Event::NotStarted { source: source.to_owned(), error }),
        }
    }
}
