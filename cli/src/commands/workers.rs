//! `connector workers`.

use super::queue::{explain_empty, queue_of};
use crate::arguments::{ListArguments, OutputFormat};
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{Datum, List, ListColumn, Tone, columns_help as columns_help_of};
use connector_queue::{Queue, Station};

pub(crate) fn run(invocation: &Invocation, arguments: &ListArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let list = List::new(columns(), arguments)?;
    let queue = queue_of(invocation)?;
    let workers = queue.as_ref().map(Queue::workers).transpose()?.unwrap_or_default();
    if workers.is_empty() && printer.format() == OutputFormat::Human {
        explain_empty(invocation, "no worker is running")?;
        return Ok(Exit::Success);
    }
    list.print(printer, workers)?;
    Ok(Exit::Success)
}

pub(crate) fn columns_help() -> String {
    columns_help_of(&columns())
}

fn columns() -> Vec<ListColumn<Station>> {
    let state = |worker: &Station| {
        let (word, tone) = match (worker.is_alive, worker.reads.is_empty()) {
            (false, _) => ("gone", Tone::Bad),
            (true, true) => ("idle", Tone::Good),
            (true, false) => ("busy", Tone::Good),
        };
        Datum::text(word).toned(tone)
    };
    let takes = |worker: &Station| match &worker.sources {
        None => Datum::text("all"),
        Some(sources) => Datum::text(sources.join(", ")),
    };
    vec![
        ListColumn::new("id", |worker: &Station| Datum::text(&worker.id)).looks(|look| look.rank(6)),
        ListColumn::new("state", state),
        ListColumn::new("machine", |worker: &Station| Datum::text(&worker.machine)),
        ListColumn::new("process", |worker: &Station| Datum::text(worker.process.to_string()))
            .looks(|look| look.titled("pid").on_the_right().rank(3)),
        ListColumn::new("sources", takes).looks(|look| look.titled("takes").wrapping().rank(4)),
        ListColumn::new("reads", |worker: &Station| Datum::text(worker.reads.join(", ")))
            .looks(|look| look.titled("reads now").wrapping().rank(1)),
        ListColumn::new("concurrency", |worker: &Station| Datum::number(worker.concurrency))
            .looks(|look| look.titled("at most").on_the_right().rank(5)),
        ListColumn::new("version", |worker: &Station| Datum::text(&worker.version)).on_request(),
        ListColumn::new("started_at", |worker: &Station| Datum::moment(worker.started_at)).on_request(),
        ListColumn::new("seen_at", |worker: &Station| Datum::moment(worker.seen_at))
            .looks(|look| look.titled("seen").rank(2)),
    ]
}
