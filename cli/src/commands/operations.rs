//! `connector operations NAME`.

use crate::arguments::{OperationsArguments, OutputFormat};
use crate::exit::{Exit, Stop};
use crate::invocation::{Invocation, source_name};
use crate::output::{Datum, List, ListColumn, Tone, columns_help as columns_help_of};
use connector_engine::provision::Standing;
use connector_engine::query::{self, JournalEntry, OperationQuery};

pub(crate) fn run(invocation: &Invocation, arguments: &OperationsArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let source = source_name(&arguments.name);
    let list = List::new(columns(), &arguments.list)?;
    let mut rows = list.long(printer, arguments.limit)?;
    let query = OperationQuery {
        plan: arguments.plan.as_deref(),
        outcome: arguments.outcome.map(Into::into),
        limit: list.needed(rows.limit()),
    };
    if let Some(store) = invocation.existing_store(&project)? {
        query::operations(&store, source, &query, |entry| Ok(rows.row(&entry).map(drop)?))?;
    }
    if rows.found() == 0 {
        project.source_file(&arguments.name)?;
    }
    rows.end()?;
    if printer.format() != OutputFormat::Human {
        return Ok(Exit::Success);
    }
    if rows.found() == 0 {
        printer.note("no operations");
    } else if let Some(limit) = rows.cut_at() {
        let which = if list.is_sorted() { "first" } else { "newest" };
        printer.remark(format!(
            "\nonly the {which} {limit} operations are shown; use --limit N, --plan ID or --output json to see others"
        ));
    }
    Ok(Exit::Success)
}

pub(crate) fn columns_help() -> String {
    columns_help_of(&columns())
}

fn columns() -> Vec<ListColumn<JournalEntry>> {
    vec![
        ListColumn::new("asked_at", |one: &JournalEntry| Datum::moment(one.asked_at))
            .looks(|look| look.titled("when").rank(4)),
        ListColumn::new("plan", |one: &JournalEntry| Datum::id(&one.plan)).looks(|look| look.rank(7)),
        ListColumn::new("operation", |one: &JournalEntry| Datum::number(one.report.operation))
            .looks(|look| look.titled("no").on_the_right().rank(5)),
        ListColumn::new("kind", |one: &JournalEntry| Datum::text(&one.report.kind)).looks(|look| look.rank(1)),
        ListColumn::new("account", |one: &JournalEntry| Datum::text(&one.report.name)),
        ListColumn::new("outcome", |one: &JournalEntry| {
            Datum::text(one.report.outcome.name()).toned(tone(one.report.outcome))
        })
        .looks(|look| look.rank(2)),
        ListColumn::new("detail", |one: &JournalEntry| {
            let error = one.report.error.as_ref().map(|error| error.message.as_str());
            Datum::optional(error.or(one.report.detail.as_deref()))
        })
        .looks(|look| look.wrapping().rank(3)),
        ListColumn::new("file", |one: &JournalEntry| Datum::text(&one.file))
            .looks(|look| look.wrapping().rank(8))
            .on_request(),
    ]
}

fn tone(outcome: Standing) -> Option<Tone> {
    match outcome {
        Standing::Failed => Some(Tone::Bad),
        Standing::Pending => Some(Tone::Warn),
        _ => None,
    }
}
