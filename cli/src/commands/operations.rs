//! `connector operations NAME`.

use crate::arguments::OperationsArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::{Invocation, source_name};
use crate::output::{Column, Table, TableCell, clean, moment, text_cell};
use connector_engine::query::{self, JournalEntry, OperationQuery};

/// How many rows a terminal shows without `--limit`.
const ON_A_SCREEN: u64 = 50;
/// A table needs all its rows to compute its widths; longer lists are streamed with tabs instead.
const LONGEST_TABLE: u64 = 1_000;
const COLUMNS: [&str; 7] = ["when", "plan", "no", "kind", "account", "outcome", "detail"];

pub(crate) fn run(invocation: &Invocation, arguments: &OperationsArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let source = source_name(&arguments.name);
    let mut query = OperationQuery {
        plan: arguments.plan.as_deref(),
        outcome: arguments.outcome.map(Into::into),
        limit: arguments.limit,
    };
    let Some(store) = invocation.existing_store(&project)? else {
        project.source_file(&arguments.name)?;
        printer.note("no operations");
        return Ok(Exit::Success);
    };
    if printer.is_json() {
        query::operations(&store, source, &query, |entry| Ok(printer.json(&entry)?))?;
        return Ok(Exit::Success);
    }
    if query.limit.is_none() && printer.is_terminal() {
        query.limit = Some(ON_A_SCREEN);
    }
    let mut shown = 0;
    if query.limit.is_some_and(|limit| limit <= LONGEST_TABLE) {
        let mut table = Table::new(columns());
        query::operations(&store, source, &query, |entry| {
            shown += 1;
            table.row(cells(&entry).into_iter().map(text_cell).collect::<Vec<TableCell>>());
            Ok(())
        })?;
        if shown > 0 {
            printer.result(table.render(printer.table_width()))?;
        }
    } else {
        query::operations(&store, source, &query, |entry| {
            if shown == 0 {
                printer.result(format!("{}\n", COLUMNS.join("\t")))?;
            }
            shown += 1;
            let cells: Vec<_> = cells(&entry).iter().map(|cell| clean(cell).replace('\n', " ")).collect();
            Ok(printer.result(format!("{}\n", cells.join("\t")))?)
        })?;
    }
    if shown == 0 {
        project.source_file(&arguments.name)?;
        printer.note("no operations");
    } else if query.limit == Some(shown) {
        printer.note(format!(
            "\nonly the newest {shown} operations are shown; use --limit N, --plan ID or --output json to see others"
        ));
    }
    Ok(Exit::Success)
}

fn columns() -> impl Iterator<Item = Column> {
    COLUMNS.iter().zip([4, 5, 3, 1, 0, 2, 6]).map(|(name, rank)| match *name {
        "no" => Column::number(*name).rank(rank),
        "account" | "detail" => Column::new(*name).wrapping().rank(rank),
        _ => Column::new(*name).rank(rank),
    })
}

fn cells(entry: &JournalEntry) -> [String; 7] {
    let report = &entry.report;
    let why = report.error.as_ref().map(|error| error.message.clone()).or_else(|| report.detail.clone());
    [
        entry.asked_at.map(moment).unwrap_or_default(),
        entry.plan.clone(),
        report.operation.to_string(),
        report.kind.clone(),
        report.name.clone(),
        report.outcome.name().to_owned(),
        why.unwrap_or_default(),
    ]
}
