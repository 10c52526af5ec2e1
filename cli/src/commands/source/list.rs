//! `connector source list`.

use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{Column, DIM, Table, TableCell, day, days_until, moment, paint, text_cell};
use connector_engine::certificate::{self, Watched};
use connector_engine::query::{self, Run};
use connector_engine::store::{RunStatus, Store};
use connector_keys::{Certificate, CertificateStatus};
use connector_project::source::{Project, loosened_guards};
use jiff::Timestamp;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Serialize)]
struct Listed {
    name: String,
    path: Option<PathBuf>,
    valid: bool,
    connector: Option<String>,
    description: Option<String>,
    last_run: Option<LastRun>,
    certificate: Option<Expiry>,
    /// The guards that the source turns off or loosens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    loosened: Vec<String>,
}

#[derive(Serialize)]
struct LastRun {
    run: String,
    status: RunStatus,
    started_at: Timestamp,
}

#[derive(Serialize)]
struct Expiry {
    not_after: Option<Timestamp>,
    days_left: Option<i64>,
    status: &'static str,
    #[serde(skip)]
    watched: Watched,
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
        printer.result(format!("{}\n", paint(DIM, "this project has no sources yet")))?;
        printer.next(&[("connector source new CONNECTOR NAME", "create a source file")]);
    } else {
        printer.result(table(&sources).render(printer.table_width()))?;
        for source in &sources {
            warn(invocation, source);
        }
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
    let loosened = loaded.as_ref().map(|one| loosened_guards(&one.aggregation, &one.provisioning)).unwrap_or_default();
    let now = Timestamp::now();
    let watched = loaded.as_ref().and_then(|source| certificate::glance(project, source, now));
    let expiry = watched.map(|watched| {
        let not_after = watched.certificate.as_ref().map(Certificate::not_after);
        let days_left = not_after.map(|moment| days_until(moment, now));
        Expiry { not_after, days_left, status: watched.verdict.status.name(), watched }
    });
    Ok(Listed {
        name,
        path,
        valid: loaded.is_some(),
        connector: loaded.as_ref().map(|source| source.connector.name.to_string()),
        description: loaded.and_then(|source| source.description),
        last_run,
        certificate: expiry,
        loosened,
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
            match &source.connector {
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
    let Some(Expiry { not_after, days_left, watched, .. }) = &source.certificate else { return text_cell("") };
    match (watched.verdict.status, not_after, days_left) {
        (CertificateStatus::Expired, Some(moment), _) => text_cell(format!("expired {}", day(*moment))).bad(),
        (CertificateStatus::Ok, _, Some(days)) => text_cell(format!("{days} days left")),
        (CertificateStatus::Warning, _, Some(days)) => text_cell(format!("{days} days left")).warn(),
        _ => text_cell("broken").bad(),
    }
}

/// Says what is wrong with the certificate and what to do, and which guard is off.
fn warn(invocation: &Invocation, source: &Listed) {
    for loosened in &source.loosened {
        invocation.printer.warning(&format!("{}: {loosened}", source.name));
    }
    if let Some(Expiry { watched, .. }) = &source.certificate
        && let Some(warning) = watched.warning()
    {
        invocation.printer.warning(&format!("{}: {warning}", source.name));
    }
}
