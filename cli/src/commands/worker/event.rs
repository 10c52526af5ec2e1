//! What a worker says: a line for each event, or JSON.

use crate::exit::Stop;
use crate::invocation::Invocation;
use crate::output::{Printer, clean_line, count, duration, error_as_value};
use connector_core::Error;
use connector_engine::schedule::{Due, Event, Reason};
use connector_engine::store::{RunReport, RunStatus};
use connector_queue::{Asked, WorkerEvent};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;

/// Where a worker says what happens.
#[derive(Clone)]
pub(super) struct Log {
    printer: Printer,
    zone: TimeZone,
}

impl Log {
    pub(super) fn new(invocation: &Invocation, zone: TimeZone) -> Self {
        Self { printer: invocation.printer.clone(), zone }
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

    /// Writes what happens to a worker that takes jobs.
    pub(super) fn write_of_worker(&self, event: &WorkerEvent, takes: &[String]) -> Result<(), Stop> {
        let now = Timestamp::now();
        self.line(now, &json_of_worker(event, now, takes), &lines_of_worker(event, takes))
    }

    /// Says what became of a moment of the schedule: a new job, or none because of an open one.
    pub(super) fn asked(&self, source: &str, due: &Due, asked: &Asked) -> Result<(), Stop> {
        let now = Timestamp::now();
        match asked {
            Asked::New(job) => {
                let json = json!({"event": "queued", "at": now, "source": source, "due": due.at, "job": job});
                self.line(now, &json, &[format!("{source}: put job {job} in the queue")])
            }
            Asked::Open(open) => {
                let at = self.moment(due.at, "%F %H:%M %Z");
                let line = format!("{source}: skipped {at}, because job {} has not ended", open.id);
                let json = json!({"event": "skipped", "at": now, "source": source, "due": due.at, "job": open.id});
                self.line(now, &json, &[line])
            }
        }
    }

    /// Says that a signal ended it.
    pub(super) fn stopped(&self, has_queue: bool) -> Result<(), Stop> {
        let now = Timestamp::now();
        let who =
            if has_queue { "other workers continue its jobs" } else { "unfinished runs continue at the next start" };
        let line = format!("stopped; {who}");
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

fn lines_of_worker(event: &WorkerEvent, takes: &[String]) -> Vec<String> {
    match event {
        WorkerEvent::Ready { id } if takes.is_empty() => vec![format!("worker {id} takes jobs of all sources")],
        WorkerEvent::Ready { id } => vec![format!("worker {id} takes jobs of {}", takes.join(", "))],
        WorkerEvent::Started { job, source, recovered: false } => vec![format!("{source}: started job {job}")],
        WorkerEvent::Started { job, source, recovered: true } => {
            vec![format!("{source}: continues job {job}, whose worker is gone")]
        }
        WorkerEvent::Ended { run, .. } => ended(run),
        WorkerEvent::NotStarted { job, source, error } => of_error(&format!("{source}: job {job} has no run"), error),
        WorkerEvent::GaveBack { job, source } => {
            vec![format!("{source}: gave job {job} back; another worker continues it")]
        }
        WorkerEvent::Disturbed { error } => of_error("disturbed", error),
    }
}

fn json_of_worker(event: &WorkerEvent, at: Timestamp, takes: &[String]) -> Value {
    match event {
        WorkerEvent::Ready { id } => json!({"event": "ready", "at": at, "worker": id, "sources": takes}),
        WorkerEvent::Started { job, source, recovered } => {
            json!({"event": "started", "at": at, "source": source, "job": job, "recovered": recovered})
        }
        WorkerEvent::Ended { job, run } => {
            json!({"event": "ended", "at": at, "source": run.source, "job": job, "run": run})
        }
        WorkerEvent::NotStarted { job, source, error } => {
            json!({"event": "not_started", "at": at, "source": source, "job": job, "error": error_as_value(error)})
        }
        WorkerEvent::GaveBack { job, source } => json!({"event": "gave_back", "at": at, "source": source, "job": job}),
        WorkerEvent::Disturbed { error } => json!({"event": "disturbed", "at": at, "error": error_as_value(error)}),
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
