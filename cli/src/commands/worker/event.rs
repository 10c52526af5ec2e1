//! What a worker says: a line for each event, or JSON.

use crate::exit::Stop;
use crate::invocation::Invocation;
use crate::output::{Printer, clean_line, count, duration, error_as_value};
use connector_core::Error;
use connector_engine::schedule::{Due, Event, Reason};
use connector_engine::store::{RunReport, RunStatus};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;

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
        self.line(now, &json(event, now), &self.lines(event))
    }

    /// Says where programs that watch it find it.
    pub(super) fn listening(&self, address: SocketAddr) -> Result<(), Stop> {
        let now = Timestamp::now();
        let line = format!("metrics at http://{address}/metrics");
        self.line(now, &json!({"event": "listening", "at": now, "address": address}), &[line])
    }

    /// Says that a signal ended it.
    pub(super) fn stopped(&self) -> Result<(), Stop> {
        let now = Timestamp::now();
        let line = "stopped; unfinished runs continue at the next start".to_owned();
        self.line(now, &json!({"event": "stopped", "at": now}), &[line])
    }

    fn line(&self, now: Timestamp, json: &Value, lines: &[String]) -> Result<(), Stop> {
        if self.printer.is_json() {
            self.printer.json(json)?;
        } else {
            for line in lines {
                self.printer.result_line(format!("{}  {}", self.moment(now, "%F %T"), clean_line(line)))?;
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

fn json(event: &Event, at: Timestamp) -> Value {
    let reason = |due: &Due| match due.reason {
        Reason::OnTime => "on_time",
        Reason::Missed => "missed",
        Reason::Unfinished => "unfinished",
    };
    match event {
        Event::Watching { sources } => json!({"event": "watching", "at": at, "sources": sources}),
        Event::Started { source, due } => {
            json!({"event": "started", "at": at, "source": source, "due": due.at, "reason": reason(due)})
        }
        Event::Skipped { source, due } => json!({"event": "skipped", "at": at, "source": source, "due": due.at}),
        Event::Ended { run } => json!({"event": "ended", "at": at, "source": run.source, "run": run}),
        Event::NotStarted { source, error } => {
            json!({"event": "not_started", "at": at, "source": source, "error": error_as_value(error)})
        }
        Event::Invalid { source, error } => {
            json!({"event": "invalid", "at": at, "source": source, "error": error_as_value(error)})
        }
        Event::Unreadable { error } => json!({"event": "unreadable", "at": at, "error": error_as_value(error)}),
    }
}
