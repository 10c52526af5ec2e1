//! The clock of a project: starts what is due.

use super::due::{Due, due};
use super::event::Event;
use super::roster::{Roster, Watched};
use crate::query::Run;
use connector_core::Result;
use connector_project::source::Project;
use connector_store::{RunReport, RunStatus};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The longest sleep. After it, the files are read again, and a clock that was set or a machine that slept is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

/// The clock of a project. It looks at the files of the sources as they are at each moment.
#[derive(Debug)]
pub struct Clock<'a> {
    roster: Roster<'a>,
    /// The most runs at the same time.
    most: usize,
    /// When it began to be watched.
    since: Timestamp,
    dealt: Dealt,
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

impl<'a> Clock<'a> {
    /// A clock for these sources, or for all if there are none, which starts at most `most` runs at the same time.
    ///
    /// Fails with kind `definition` if one of those that the user named has no schedule, or if no source has one.
    pub fn new(project: &'a Project, named: &'a [String], most: usize) -> Result<Self> {
        Ok(Self::with(Roster::new(project, named)?, most))
    }

    /// A clock for all sources, even if none has a schedule yet.
    pub fn of_all(project: &'a Project, most: usize) -> Self {
        Self::of_some(project, &[], most)
    }

    /// A clock for these sources, or for all if there are none, even if none has a schedule yet.
    pub fn of_some(project: &'a Project, named: &'a [String], most: usize) -> Self {
        Self::with(Roster::of_some(project, named), most)
    }

    fn with(roster: Roster<'a>, most: usize) -> Self {
        Self { roster, most, since: Timestamp::now(), dealt: Dealt::default() }
    }

    /// Watches the clock until `stop` is canceled, and waits for what it started. `last` is the newest aggregation of a source,
    /// `start` aggregates one or leaves it to others, and `tell` gets what happens; an error of `tell` ends the watch.
    pub async fn watch<F: Future<Output = Result<Option<RunReport>>>>(
        &mut self,
        last: impl Fn(&str) -> Result<Option<Run>>,
        start: impl Fn(&str, Due) -> F,
        mut tell: impl FnMut(Event) -> Result<()>,
        stop: &CancellationToken,
    ) -> Result<()> {
        let problems = self.roster.reload();
        problems.into_iter().try_for_each(&mut tell)?;
        tell(Event::Watching { sources: self.roster.next_moments(Timestamp::now()) })?;
        let mut runs = FuturesUnordered::new();
        loop {
            let problems = self.roster.reload();
            problems.into_iter().try_for_each(&mut tell)?;
            let now = Timestamp::now();
            for (source, due) in self.due(&last, now, &mut tell)? {
                tell(Event::Started { source: source.name.clone(), due })?;
                self.dealt.moments.insert(source.name.clone(), due.at);
                self.dealt.running.push(source.name.clone());
                let run = start(&source.name, due);
                runs.push(async move { (source.name, run.await) });
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some((source, ended)) = runs.next(), if !runs.is_empty() => self.ended(source, ended, &mut tell)?,
                () = tokio::time::sleep(self.roster.sleep(now).min(LONGEST_SLEEP)) => {}
            }
        }
        while let Some((source, ended)) = runs.next().await {
            self.ended(source, ended, &mut tell)?;
        }
        Ok(())
    }

    /// The sources to start now. Tells of which a moment passes because they are being aggregated.
    fn due(
        &mut self,
        last: &impl Fn(&str) -> Result<Option<Run>>,
        now: Timestamp,
        tell: &mut impl FnMut(Event) -> Result<()>,
    ) -> Result<Vec<(Watched, Due)>> {
        let mut starting = Vec::new();
        for source in self.roster.watched() {
            let last = match last(&source.name) {
                Ok(last) => {
                    self.dealt.unreadable = false;
                    last
                }
                // A store that is busy for a while is looked at again at the next moment. It is said once.
                Err(error) => {
                    if !std::mem::replace(&mut self.dealt.unreadable, true) {
                        tell(Event::Unreadable { error })?;
                    }
                    return Ok(starting);
                }
            };
            let Some(due) = due(&source.times, last.as_ref(), self.since, now) else { continue };
            let is_dealt_with = self.dealt.moments.get(&source.name).is_some_and(|moment| *moment >= due.at);
            if is_dealt_with {
                continue;
            }
            let runs_elsewhere = last.is_some_and(|run| run.report.status == RunStatus::Running);
            if runs_elsewhere || self.dealt.running.contains(&source.name) {
                tell(Event::Skipped { source: source.name.clone(), due })?;
                self.dealt.moments.insert(source.name.clone(), due.at);
            } else if self.dealt.running.len() + starting.len() < self.most {
                starting.push((source.clone(), due));
            }
        }
        Ok(starting)
    }

    fn ended(
        &mut self,
        source: String,
        ended: Result<Option<RunReport>>,
        tell: &mut impl FnMut(Event) -> Result<()>,
    ) -> Result<()> {
        self.dealt.running.retain(|running| *running != source);
        tell(match ended {
            Ok(Some(report)) => Event::Ended { run: Box::new(report) },
            // Whoever does it tells how it ends.
            Ok(None) => return Ok(()),
            Err(error) => Event::NotStarted { source, error },
        })
    }
}
