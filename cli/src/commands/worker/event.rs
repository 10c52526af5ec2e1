//! What a worker says: a line for each event, or JSON.

use crate::exit::Stop;
use crate::invocation::Invocation;
use crate::output::{Printer, clean_line, count, duration, error_as_value};
use connector_core::Error;
use connector_engine::schedule::{Due, Reason};
use connector_engine::store::{RunReport, RunStatus};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;

/// A source and its next moment.
#[derive(Debug, Serialize)]
pub(super) struct NextMoment {
    pub(super) source: String,
    pub(super) next: Option<Timestamp>,
}

/// What happens to a worker.
#[derive(Debug)]
pub(super) enum Event {
    /// It begins to watch the clock.
    Watching { sources: Vec<NextMoment> },
    /// It answers programs that watch it.
    Listening { address: SocketAddr },
    /// A run begins.
    Started { source: String, due: Due },
    /// A moment passes because the last run is still going on.
    Skipped { source: String, due: Due },
    /// A run ended.
    Ended { run: Box<RunReport> },
    /// A run could not begin.
    NotStarted { source: String, error: Error },
    /// The file of a source is not valid any more.
    Invalid { source: String, error: Error },
    /// The sources can't be listed, or the store can't be read.
    Unreadable { error: Error },
    /// A signal ended it.
    Stopped,
}

/// Where a worker says what happens.
pub(super) struct Log<'a> {
    printer: &'a Printer,
    zone: TimeZone,
}

impl<'a> Log<'a> {
    pub(super) fn new(invocation: &'a Invocation, zone: TimeZone) -> Self {
        Self { printer: &invocation.printer, zone }
    }

    /// Writes an event at once.
    pub(super) fn write(&self, event: &Event) -> Result<(), Stop> {
        let now = Timestamp::now();
        if self.printer.is_json() {
            self.printer.json(&event.json(now))?;
        } else {
            for line in self.lines(event) {
                self.printer.result_line(format!("{}  {}", self.moment(now, "%F %T"), clean_line(&line)))?;
            }
        }
        self.printer.flush()
    }

    fn moment(&self, moment: Timestamp, format: &str) -> String {
        moment.to_zoned(self.zone.clone()).strftime(format).to_string()
    }

    fn lines(&self, event: &Event) -> Vec<String> {
        let at = |moment| self.moment(moment, "%F %H:%M %Z");
        match event {
            Event::Watching { sources } => sources
                .iter()
                .map(|one| match one.next {
                    Some(next) => format!("{}: next run at {}", one.source, at(next)),
                    None => format!("{}: the schedule has no further moment", one.source),
                })
                .collect(),
            Event::Listening { address } => vec![format!("metrics at http://{address}/metrics")],
            Event::Started { source, due } => vec![match due.reason {
                Reason::OnTime => format!("{source}: started"),
                Reason::Missed => format!("{source}: started; the run of {} was missed", at(due.at)),
                Reason::Unfinished => format!("{source}: continues its unfinished run"),
            }],
            Event::Skipped { source, due } => {
                vec![format!("{source}: skipped {}, because its last run is still going on", at(due.at))]
            }
            Event::Ended { run } => ended(run),
            Event::NotStarted { source, error } => of_error(&format!("{source}: not started"), error),
            Event::Invalid { source, error } => of_error(&format!("{source}: not watched"), error),
            Event::Unreadable { error } => of_error("nothing is started", error),
            Event::Stopped => vec!["stopped; unfinished runs continue at the next start".to_owned()],
        }
    }
}

fn ended(run: &RunReport) -> Vec<String> {
    let accounts = &run.counts.accounts;
    let what = format!(
        "{} run {} in {}: {} accounts, {} added, {} changed, {} removed",
        run.mode.name(),
        run.status.name(),
        duration(Duration::from_millis(run.duration_ms)),
        count(accounts.seen),
        count(accounts.added),
        count(accounts.changed),
        count(accounts.removed),
    );
    let mut lines = vec![format!("{}: {what}", run.source)];
    lines.extend(run.warnings.iter().map(|warning| format!("{}: warning: {warning}", run.source)));
    if let Some(error) = run.error.as_ref().filter(|_| run.status != RunStatus::Succeeded) {
        lines.push(format!("{}: {}", run.source, error.message));
        lines.extend(error.help.iter().map(|help| format!("{}: help: {help}", run.source)));
    }
    lines
}

fn of_error(what: &str, error: &Error) -> Vec<String> {
    let mut lines = vec![format!("{what}: {}", error.message())];
    lines.extend(error.help().map(|help| format!("{what}: help: {help}")));
    lines
}

impl Event {
    pub(super) fn started(source: &str, due: Due) -> Self {
        Self::Started { source: source.to_owned(), due }
    }

    pub(super) fn skipped(source: &str, due: Due) -> Self {
        Self::Skipped { source: source.to_owned(), due }
    }

    fn json(&self, at: Timestamp) -> Value {
        let reason = |due: &Due| match due.reason {
            Reason::OnTime => "on_time",
            Reason::Missed => "missed",
            Reason::Unfinished => "unfinished",
        };
        match self {
            Self::Watching { sources } => json!({"event": "watching", "at": at, "sources": sources}),
            Self::Listening { address } => json!({"event": "listening", "at": at, "address": address}),
            Self::Started { source, due } => {
                json!({"event": "started", "at": at, "source": source, "due": due.at, "reason": reason(due)})
            }
            Self::Skipped { source, due } => json!({"event": "skipped", "at": at, "source": source, "due": due.at}),
            Self::Ended { run } => json!({"event": "ended", "at": at, "source": run.source, "run": run}),
            Self::NotStarted { source, error } => {
                json!({"event": "not_started", "at": at, "source": source, "error": error_as_value(error)})
            }
            Self::Invalid { source, error } => {
                json!({"event": "invalid", "at": at, "source": source, "error": error_as_value(error)})
            }
            Self::Unreadable { error } => json!({"event": "unreadable", "at": at, "error": error_as_value(error)}),
            Self::Stopped => json!({"event": "stopped", "at": at}),
        }
    }
}
