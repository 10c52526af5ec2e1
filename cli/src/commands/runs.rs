//! `connector runs [NAME]`.

use crate::arguments::RunsArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::{Invocation, source_name};
use crate::output::{Column, Table, TableCell, count, duration, moment, text_cell};
use connector_engine::query::{self, Run};
use connector_engine::store::{Counts, RunStatus};
use std::time::Duration;

pub(crate) fn run(invocation: &Invocation, arguments: &RunsArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let source = arguments.name.as_deref().map(source_name);
    let runs = match invocation.existing_store(&project)? {
        Some(store) => query::runs(&store, source, Some(arguments.limit))?,
        None => Vec::new(),
    };
    if runs.is_empty()
        && let Some(name) = &arguments.name
    {
        // A source without runs is a valid answer, an unknown name is an error.
        project.source_file(name)?;
    }
    if printer.is_json() {
        printer.json(&runs)?;
        return Ok(Exit::Success);
    }
    if runs.is_empty() {
        printer.note("no runs yet");
        printer.next(&[("connector aggregate NAME", "read a source into the store")]);
        return Ok(Exit::Success);
    }
    printer.result(table(&runs).render(printer.table_width()))?;
    Ok(Exit::Success)
}

fn table(runs: &[Run]) -> Table {
    let mut table = Table::new([
        Column::new("run"),
        Column::new("source").rank(3),
        Column::new("status"),
        Column::new("started").rank(2),
        Column::number("took").rank(5),
        Column::number("accounts").rank(4),
        Column::number("changes").rank(6),
        Column::number("API calls").rank(7),
    ]);
    for Run { report, started_at, .. } in runs {
        let changes = report.counts.named().map(|(_, counts)| changed(counts)).iter().sum();
        table.row([
            text_cell(&report.run),
            text_cell(&report.source),
            status(report.status),
            text_cell(moment(*started_at)),
            text_cell(duration(Duration::from_millis(report.duration_ms))),
            text_cell(count(report.counts.accounts.seen)),
            text_cell(count(changes)),
            text_cell(count(report.api_calls)),
        ]);
    }
    table
}

fn changed(counts: &Counts) -> u64 {
    counts.added + counts.changed + counts.removed
}

fn status(status: RunStatus) -> TableCell {
    let cell = text_cell(status.name());
    match status {
        RunStatus::Succeeded => cell.good(),
        RunStatus::Running | RunStatus::Interrupted => cell.warn(),
        RunStatus::Failed | RunStatus::Refused => cell.bad(),
    }
}
