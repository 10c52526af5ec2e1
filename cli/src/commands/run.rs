//! `connector run show ID`.

use crate::arguments::{LATEST, RunCommand};
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{exactly, fields, render_summary};
use connector_core::{Error, ErrorKind};
use connector_engine::query;

pub(crate) fn run(invocation: &Invocation, command: &RunCommand) -> Result<Exit, Stop> {
    let RunCommand::Show { id } = command;
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let store = invocation.existing_store(&project)?.ok_or_else(|| no_runs(id))?;
    let run = match query::runs(&store, None, Some(1))?.pop() {
        Some(latest) if id == LATEST => latest,
        None => return Err(no_runs(id).into()),
        Some(_) => query::run(&store, id)?,
    };
    if printer.is_json() {
        printer.json(&run)?;
        return Ok(Exit::Success);
    }
    printer.result(render_summary(&run.report, printer.table_width()))?;
    printer.result("\n")?;
    let error = run.report.error.as_ref();
    let mut pairs = vec![
        ("connector", run.connector.clone()),
        ("started", exactly(run.started_at)),
        ("ended", run.ended_at.map(exactly).unwrap_or_default()),
        ("error", error.map(|error| error.message.clone()).unwrap_or_default()),
        ("help", error.and_then(|error| error.help.clone()).unwrap_or_default()),
    ];
    pairs.extend(run.report.warnings.iter().map(|warning| ("warning", warning.clone())));
    printer.result(fields(&pairs, printer.prose_width()))?;
    Ok(Exit::Success)
}

fn no_runs(id: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("the run `{id}` does not exist: no source was aggregated yet"))
        .with_help("run `connector aggregate NAME`; `connector source list` shows the sources")
}
