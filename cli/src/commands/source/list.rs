//! `connector source list`.

use super::certificate;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{Column, DIM, Table, TableCell, day, days_until, moment, paint, text_cell};
use connector_engine::query::{self, Run};
use connector_engine::source::Project;
use connector_engine::store::{RunStatus, Store};
use jiff::Timestamp;
use serde::Serialize;
use std::path::PathBuf;

/// A certificate with fewer days left is shown in yellow.
const WARNING_DAYS: i64 = 30;

#[derive(Serialize)]
struct Listed {
    name: String,
    path: Option<PathBuf>,
    valid: bool,
    connector: Option<&'static str>,
    description: Option<String>,
    last_run: Option<LastRun>,
    certificate: Option<Expiry>,
}

#[derive(Serialize)]
struct LastRun {
    run: String,
    status: RunStatus,
    started_at: Timestamp,
}

#[derive(Serialize)]
struct Expiry {
    not_after: Timestamp,
    days_left: i64,
}

pub(super) fn run(invocation: &Invocation) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let store = if invocation.store_path(&project)?.is_file() { Some(invocation.store(&project)?) } else { None };
    let mut sources = Vec::new();
    for name in project.sources()? {
        sources.push(listed(&project, store.as_ref(), name)?);
    }
    if printer.is_json() {
        printer.json(&sources)?;
    } else if sources.is_empty() {
        printer.result(format!("{}\n", paint(DIM, "no sources here yet")))?;
        printer.next(&[("connector source new CONNECTOR NAME", "write a source file")]);
    } else {
        printer.result(table(&sources).render(printer.table_width()))?;
    }
    Ok(Exit::Success)
}

fn listed(project: &Project, store: Option<&Store>, name: String) -> Result<Listed, Stop> {
    let last_run = match store {
        Some(store) => query::last_run(store, &name)?,
        None => None,
    };
    let last_run =
        last_run.map(|Run { report, started_at, .. }| LastRun { run: report.run, status: report.status, started_at });
    let path = project.source_file(&name).ok();
    let loaded = project.load(&name).ok();
    let expiry = loaded.as_ref().and_then(|source| certificate(project, source)).map(|certificate| {
        let not_after = certificate.not_after();
        Expiry { not_after, days_left: days_until(not_after, Timestamp::now()) }
    });
    Ok(Listed {
        name,
        path,
        valid: loaded.is_some(),
        connector: loaded.as_ref().map(|source| source.connector.name),
        description: loaded.and_then(|source| source.description),
        last_run,
        certificate: expiry,
    })
}

fn table(sources: &[Listed]) -> Table {
    let mut table = Table::new([
        Column::new("name"),
        Column::new("connector").rank(1),
        Column::new("last run").rank(2),
        Column::new("certificate").rank(3),
        Column::new("description").wrapping().rank(4),
    ]);
    for source in sources {
        table.row([
            text_cell(&source.name),
            match source.connector {
                Some(connector) => text_cell(connector),
                None => text_cell("not valid").bad(),
            },
            last_run(source),
            expiry(source),
            text_cell(source.description.clone().unwrap_or_default()),
        ]);
    }
    table
}

fn last_run(source: &Listed) -> TableCell {
    let Some(run) = &source.last_run else { return text_cell("never") };
    let cell = text_cell(format!("{} {}", run.status.name(), moment(run.started_at)));
    match run.status {
        RunStatus::Succeeded => cell.good(),
        RunStatus::Running | RunStatus::Interrupted => cell.warn(),
        RunStatus::Failed | RunStatus::Refused => cell.bad(),
    }
}

fn expiry(source: &Listed) -> TableCell {
    let Some(Expiry { not_after, days_left }) = &source.certificate else { return text_cell("") };
    match days_left {
        ..0 => text_cell(format!("expired {}", day(*not_after))).bad(),
        0..WARNING_DAYS => text_cell(format!("{days_left} days left")).warn(),
        _ => text_cell(format!("{days_left} days left")),
    }
}
