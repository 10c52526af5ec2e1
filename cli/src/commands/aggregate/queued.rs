//! Lets a worker read a source, and follows its job.

use crate::exit::Stop;
use crate::invocation::Invocation;
use crate::output::ProgressDisplay;
use connector_core::{Error, ErrorKind, Result};
use connector_engine::store::{RunReport, Store};
use connector_queue::{Asked, Order, Queue, Sight};
use connector_text::plural;
use std::cell::Cell;
use std::env;
use std::fs;
use tokio_util::sync::CancellationToken;

/// A job that this command follows.
#[derive(Debug)]
pub(super) struct Ticket {
    id: i64,
    /// Whether this command asked for it. It ends such a job when it ends before its time.
    own: bool,
}

/// The queue, if workers should read the sources.
pub(super) fn queue_of(store: &Store, local: bool) -> Result<Option<Queue>> {
    if local { Ok(None) } else { Queue::of(store) }
}

/// Asks a worker to read a source; `None` if this command must do it, because no worker is running that could.
///
/// Fails with kind `guard` if the source has a job that was asked for with other options.
pub(super) fn ask(invocation: &Invocation, queue: &Queue, order: &Order) -> Result<Option<Ticket>> {
    let (printer, source) = (&invocation.printer, &order.source);
    if !queue.has_worker_for(source)? {
        printer.remark(format!(
            "No worker is running that reads `{source}`, so this command reads it. `connector worker` starts one; `--local` reads \
             here without this remark."
        ));
        return Ok(None);
    }
    match queue.ask(order, &asker())? {
        Asked::New(id) => Ok(Some(Ticket { id, own: true })),
        Asked::Open(job) if Queue::is_same(&job, order) => {
            printer.remark(format!(
                "`{source}` has job {} in the queue, asked by {}; following it.",
                job.id, job.asked_by
            ));
            Ok(Some(Ticket { id: job.id, own: false }))
        }
        Asked::Open(job) => {
            let message =
                format!("`{source}` has job {} in the queue, which {} asked with other options", job.id, job.asked_by);
            Err(Error::new(ErrorKind::Guard, message)
                .with_help(format!("wait until it ends, or run `connector queue cancel {}`", job.id)))
        }
    }
}

/// Follows a job to its end.
pub(super) async fn follow(
    invocation: &Invocation,
    queue: &Queue,
    ticket: &Ticket,
    source: &str,
    stop: &CancellationToken,
) -> Result<RunReport> {
    let printer = &invocation.printer;
    let display = ProgressDisplay::begin(printer, source);
    let (has_said_alone, looks) = (Cell::new(false), Cell::new(0_u32));
    let see = |sight: Sight<'_>| match sight {
        Sight::Reads(progress) => display.show(progress),
        Sight::NoWorker(job) => {
            if !has_said_alone.replace(true) {
                printer.remark(format!(
                    "{source}: no worker is running any more that takes job {}. Start one with `connector worker`, or press Ctrl-C \
                     and read the source here with `--local`.",
                    job.id
                ));
            }
        }
        Sight::Waits(job) => {
            looks.set(looks.get() + 1);
            // A free worker takes it within the first second.
            if looks.get() == 2 {
                printer.remark(format!("{source}: job {} waits for a free worker.", job.id));
            }
        }
    };
    let report = queue.follow(ticket.id, ticket.own, see, stop).await;
    drop(display);
    report
}

/// Ends the jobs that this command asked for and does not follow any more.
pub(super) fn leave(invocation: &Invocation, queue: &Queue, tickets: impl Iterator<Item = Ticket>) -> Result<(), Stop> {
    let mut left = 0;
    for ticket in tickets.filter(|ticket| ticket.own) {
        // One that ended by itself needs no end.
        match queue.cancel(ticket.id) {
            Ok(_) => left += 1,
            Err(error) if error.kind() == ErrorKind::Conflict => {}
            Err(error) => return Err(error.into()),
        }
    }
    if left > 0 {
        invocation
            .printer
            .remark(format!("Canceled {} that this command asked for and does not follow.", plural(left, "job")));
    }
    Ok(())
}

/// Who asks: a person, and their machine.
fn asker() -> String {
    let user = ["USER", "LOGNAME"].into_iter().find_map(|name| env::var(name).ok().filter(|user| !user.is_empty()));
    let user = user.unwrap_or_else(|| format!("user {}", rustix::process::getuid().as_raw()));
    let machine = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match machine.trim() {
        "" => user,
        machine => format!("{user} on {machine}"),
    }
}
