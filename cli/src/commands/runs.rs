//! `connector runs [NAME]`.

use crate::arguments::{OutputFormat, RunsArguments};
use crate::exit::{Exit, Stop};
use crate::invocation::{Invocation, source_name};
use crate::output::{Datum, List, ListColumn, Tone, columns_help as columns_help_of};
use connector_engine::query::{self, Run};
use connector_engine::store::{Counts, RunStatus};

pub(crate) fn run(invocation: &Invocation, arguments: &RunsArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let source = arguments.name.as_deref().map(source_name);
    let list = List::new(columns(), &arguments.list)?;
    // The newest ones, or the first ones of all.
    let limit = Some(arguments.limit).filter(|_| !list.is_sorted());
    let mut runs = match invocation.existing_store(&project)? {
        Some(store) => query::runs(&store, source, limit)?,
        None => Vec::new(),
    };
    if runs.is_empty()
        && let Some(name) = &arguments.name
    {
        // A source without runs is a valid answer, an unknown name is an error.
        project.source_file(name)?;
    }
    if runs.is_empty() && printer.format() == OutputFormat::Human {
        printer.note("no runs yet");
        printer.next(&[("connector aggregate NAME", "read a source into the store")]);
        return Ok(Exit::Success);
    }
    list.sort(&mut runs);
    runs.truncate(usize::try_from(arguments.limit).unwrap_or(usize::MAX));
    list.print(printer, runs)?;
    Ok(Exit::Success)
}

pub(crate) fn columns_help() -> String {
    columns_help_of(&columns())
}

fn columns() -> Vec<ListColumn<Run>> {
    vec![
        ListColumn::new("run", |run: &Run| Datum::id(&run.report.run)),
        ListColumn::new("source", |run: &Run| Datum::text(&run.report.source)).looks(|look| look.rank(4)),
        ListColumn::new("status", |run: &Run| Datum::text(run.report.status.name()).toned(tone(run.report.status))),
        ListColumn::new("mode", |run: &Run| Datum::text(run.report.mode.name()))
            .looks(|look| look.rank(8))
            .on_request(),
        ListColumn::new("started_at", |run: &Run| Datum::moment(run.started_at))
            .looks(|look| look.titled("started").rank(1)),
        ListColumn::new("ended_at", |run: &Run| Datum::moment(run.ended_at))
            .looks(|look| look.titled("ended").rank(9))
            .on_request(),
        ListColumn::new("duration_ms", |run: &Run| Datum::span(run.report.duration_ms))
            .looks(|look| look.titled("took").on_the_right().rank(2)),
        ListColumn::new("accounts", |run: &Run| Datum::number(run.report.counts.accounts.seen))
            .looks(|look| look.on_the_right().rank(5)),
        ListColumn::new("changes", |run: &Run| {
            Datum::number(run.report.counts.named().map(|(_, counts)| changed(counts)).iter().sum())
        })
        .looks(|look| look.on_the_right().rank(3)),
        ListColumn::new("api_calls", |run: &Run| Datum::number(run.report.api_calls))
            .looks(|look| look.titled("API calls").on_the_right().rank(6)),
    ]
}

fn changed(counts: &Counts) -> u64 {
    counts.added + counts.changed + counts.removed
}

pub(super) fn tone(status: RunStatus) -> Tone {
    match status {
        RunStatus::Succeeded => Tone::Good,
        RunStatus::Running | RunStatus::Interrupted => Tone::Warn,
        RunStatus::Failed | RunStatus::Refused => Tone::Bad,
    }
}
