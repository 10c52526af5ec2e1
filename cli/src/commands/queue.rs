//! `connector queue`, `queue retry` and `queue cancel`.

use crate::arguments::{ListArguments, OutputFormat, QueueArguments, QueueCommand};
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{Column, Datum, List, ListColumn, Tone, columns_help as columns_help_of};
use connector_core::{Error, ErrorKind};
use connector_queue::{Cancelled, Job, JobState, Queue};
use jiff::Timestamp;
use serde_json::json;

pub(crate) fn run(invocation: &Invocation, arguments: &QueueArguments) -> Result<Exit, Stop> {
    match arguments.command {
        None => list(invocation, &arguments.list)?,
        Some(QueueCommand::Retry { id }) => retry(invocation, id)?,
        Some(QueueCommand::Cancel { id }) => cancel(invocation, id)?,
    }
    Ok(Exit::Success)
}

/// The queue of the project's store; `None` if the store is a file, or has no tables yet.
pub(super) fn queue_of(invocation: &Invocation) -> Result<Option<Queue>, Stop> {
    let project = invocation.project()?;
    let store = invocation.existing_store(&project)?;
    Ok(store.as_ref().map_or(Ok(None), Queue::of)?)
}

/// Why a list is empty: there is no queue, or `nothing` is in it.
pub(super) fn explain_empty(invocation: &Invocation, nothing: &str) -> Result<(), Stop> {
    let project = invocation.project()?;
    if invocation.store_place(&project)?.file().is_some() {
        invocation.printer.remark(
            "The store is a file, so there is no queue: `connector aggregate` and `connector worker` read the sources on this \
             machine. For workers on several machines, use a PostgreSQL database as the store.",
        );
    } else {
        invocation.printer.note(nothing);
        invocation.printer.next(&[("connector worker", "take jobs on this machine")]);
    }
    Ok(())
}

fn list(invocation: &Invocation, arguments: &ListArguments) -> Result<(), Stop> {
    let printer = &invocation.printer;
    let list = List::new(columns(), arguments)?;
    let queue = queue_of(invocation)?;
    let jobs = queue.as_ref().map(Queue::jobs).transpose()?.unwrap_or_default();
    if printer.format() == OutputFormat::Human {
        let Some(queue) = &queue else { return explain_empty(invocation, "no jobs yet") };
        if jobs.is_empty() {
            printer.note("no job waits, runs or failed");
            printer.next(&[("connector runs", "list the runs"), ("connector workers", "list the workers")]);
            return Ok(());
        }
        list.print(printer, jobs.clone())?;
        return hint(invocation, queue, &jobs);
    }
    list.print(printer, jobs)
}

/// What to do about jobs that don't go on.
fn hint(invocation: &Invocation, queue: &Queue, jobs: &[Job]) -> Result<(), Stop> {
    let printer = &invocation.printer;
    let waits = |job: &&Job| matches!(job.state, JobState::Waiting | JobState::Recovering);
    let workers = queue.workers()?;
    let is_alone = |job: &&Job| !workers.iter().any(|worker| worker.is_alive && worker.takes(&job.order.source));
    if let Some(job) = jobs.iter().filter(waits).find(is_alone) {
        printer.note_blank();
        printer.warning(&format!(
            "no worker is running that takes jobs of `{}`: start one with `connector worker`",
            job.order.source
        ));
    }
    if let Some(job) = jobs.iter().find(|job| !job.state.is_open()) {
        printer.next(&[(&format!("connector queue retry {}", job.id), "try a job again that did not succeed")]);
    }
    Ok(())
}

fn retry(invocation: &Invocation, id: i64) -> Result<(), Stop> {
    let job = steered(invocation)?.retry(id)?;
    let printer = &invocation.printer;
    if printer.is_json() {
        return printer.json(&job);
    }
    printer.note(format!("Job {id} of `{}` is in the queue again", job.order.source));
    Ok(())
}

fn cancel(invocation: &Invocation, id: i64) -> Result<(), Stop> {
    let cancelled = steered(invocation)?.cancel(id)?;
    let printer = &invocation.printer;
    if printer.is_json() {
        return printer.json(&json!({"id": id, "ended": cancelled == Cancelled::Now}));
    }
    printer.note(match cancelled {
        Cancelled::Now => format!("Job {id} is canceled"),
        Cancelled::Soon => format!("Job {id} ends as soon as its worker hears of it; its run keeps what was read"),
    });
    Ok(())
}

/// The queue with the job that the user names.
fn steered(invocation: &Invocation) -> Result<Queue, Stop> {
    Ok(queue_of(invocation)?.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, "this store has no queue").with_help(
            "only a PostgreSQL store has one, once a job was asked for; Ctrl-C ends `connector aggregate` on this machine",
        )
    })?)
}

pub(crate) fn columns_help() -> String {
    columns_help_of(&columns())
}

fn columns() -> Vec<ListColumn<Job>> {
    let seconds = |job: &Job| {
        let until = job.ended_at.unwrap_or_else(Timestamp::now);
        job.started_at.map(|start| u64::try_from(until.duration_since(start).as_millis()).unwrap_or_default())
    };
    vec![
        ListColumn::new("id", |job: &Job| Datum::number(u64::try_from(job.id).unwrap_or_default()))
            .looks(Column::on_the_right),
        ListColumn::new("source", |job: &Job| Datum::text(&job.order.source)),
        ListColumn::new("state", |job: &Job| Datum::text(job.state.name()).toned(tone(job.state))),
        ListColumn::new("wanted", |job: &Job| Datum::text(<&str>::from(job.order.wanted)))
            .looks(|look| look.rank(8))
            .on_request(),
        ListColumn::new("asked_by", |job: &Job| Datum::text(&job.asked_by)).looks(|look| look.rank(5)),
        ListColumn::new("asked_at", |job: &Job| Datum::moment(job.asked_at)).looks(|look| look.titled("asked").rank(2)),
        ListColumn::new("due_at", |job: &Job| Datum::moment(job.due_at)).on_request(),
        ListColumn::new("started_at", |job: &Job| Datum::moment(job.started_at)).on_request(),
        ListColumn::new("ended_at", |job: &Job| Datum::moment(job.ended_at)).on_request(),
        ListColumn::new("duration_ms", move |job: &Job| seconds(job).map_or_else(|| Datum::text(""), Datum::span))
            .looks(|look| look.titled("took").on_the_right().rank(3)),
        ListColumn::new("worker", |job: &Job| Datum::optional(job.place.as_ref().or(job.worker.as_ref())))
            .looks(|look| look.rank(4)),
        ListColumn::new("tries", |job: &Job| Datum::number(job.tries)).on_request(),
        ListColumn::new("run", |job: &Job| Datum::id(job.run.clone().unwrap_or_default())).on_request(),
        ListColumn::new("error", |job: &Job| Datum::optional(job.error.as_ref().map(|error| error.message.as_str())))
            .looks(|look| look.wrapping().rank(1)),
    ]
}

fn tone(state: JobState) -> Tone {
    match state {
        JobState::Running | JobState::Succeeded => Tone::Good,
        JobState::Waiting | JobState::Recovering | JobState::Interrupted | JobState::Cancelled => Tone::Warn,
        JobState::Failed | JobState::Refused => Tone::Bad,
    }
}
