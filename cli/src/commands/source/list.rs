//! `connector source list`.

use crate::arguments::{ListArguments, OutputFormat};
use crate::commands::runs::tone;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{
    DIM, Datum, List, ListColumn, Tone, columns_help as columns_help_of, day, days_until, paint, time,
};
use connector_engine::query::{self, Run, SourceState};
use connector_engine::store::RunStatus;
use connector_keys::{Certificate, CertificateStatus};
use connector_project::certificate::Watched;
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
    /// What a time is relative to.
    #[serde(skip)]
    now: Option<Timestamp>,
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

pub(super) fn run(invocation: &Invocation, arguments: &ListArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let list = List::new(columns(), arguments)?;
    let project = invocation.project()?;
    let store = invocation.existing_store(&project)?;
    let now = printer.now();
    let sources: Vec<_> = query::sources(&project, store.as_ref(), Timestamp::now())?
        .into_iter()
        .map(|state| Listed { now, ..listed(state) })
        .collect();
    if sources.is_empty() && printer.format() == OutputFormat::Human {
        printer.result(format!("{}\n", paint(DIM, "this project has no sources yet")))?;
        printer.next(&[("connector source new CONNECTOR NAME", "create a source file")]);
    } else {
        let warnings: Vec<_> = sources.iter().flat_map(warnings).collect();
        let tells = !printer.is_json();
        list.print(printer, sources)?;
        warnings.iter().filter(|_| tells).for_each(|warning| printer.warning(warning));
    }
    Ok(Exit::Success)
}

fn listed(state: SourceState) -> Listed {
    let SourceState { name, path, definition, loosened, certificate, last_run } = state;
    let last_run =
        last_run.map(|Run { report, started_at, .. }| LastRun { run: report.run, status: report.status, started_at });
    let now = Timestamp::now();
    let expiry = certificate.map(|watched| {
        let not_after = watched.certificate.as_ref().map(Certificate::not_after);
        let days_left = not_after.map(|moment| days_until(moment, now));
        Expiry { not_after, days_left, status: watched.verdict.status.name(), watched }
    });
    let loaded = definition.ok();
    Listed {
        name,
        path,
        valid: loaded.is_some(),
        connector: loaded.as_ref().map(|source| source.connector.name.to_string()),
        description: loaded.and_then(|source| source.description),
        last_run,
        certificate: expiry,
        loosened,
        now: None,
    }
}

pub(crate) fn columns_help() -> String {
    columns_help_of(&columns())
}

fn columns() -> Vec<ListColumn<Listed>> {
    let connector = |source: &Listed| match &source.connector {
        Some(connector) => Datum::text(connector),
        None => Datum::text("").shown_as("not valid").toned(Tone::Bad),
    };
    vec![
        ListColumn::new("name", |source: &Listed| Datum::text(&source.name)),
        ListColumn::new("connector", connector).looks(|look| look.rank(1)),
        ListColumn::new("last_run", last_run).looks(|look| look.rank(2)),
        ListColumn::new("certificate", expiry).looks(|look| look.rank(3)),
        ListColumn::new("description", |source: &Listed| Datum::optional(source.description.as_deref()))
            .looks(|look| look.wrapping().rank(4)),
        ListColumn::new("path", |source: &Listed| {
            Datum::optional(source.path.as_ref().map(|path| path.display().to_string()))
        })
        .looks(|look| look.rank(5))
        .on_request(),
    ]
}

fn last_run(source: &Listed) -> Datum {
    let Some(LastRun { status, started_at, .. }) = &source.last_run else { return Datum::text("").shown_as("never") };
    let when = time(*started_at, source.now);
    Datum::moment(*started_at).shown_as(format!("{} {when}", status.name())).toned(tone(*status))
}

/// Programs get the last day.
fn expiry(source: &Listed) -> Datum {
    let Some(Expiry { not_after, days_left, watched, .. }) = &source.certificate else { return Datum::text("") };
    let (shown, tone) = match (watched.verdict.status, not_after, days_left) {
        (CertificateStatus::Expired, Some(moment), _) => (format!("expired {}", day(*moment)), Some(Tone::Bad)),
        (CertificateStatus::Ok, _, Some(days)) => (format!("{days} days left"), None),
        (CertificateStatus::Warning, _, Some(days)) => (format!("{days} days left"), Some(Tone::Warn)),
        _ => ("broken".to_owned(), Some(Tone::Bad)),
    };
    Datum::moment(*not_after).shown_as(shown).toned(tone)
}

/// Which guards are off, and what is wrong with the certificate and what to do.
fn warnings(source: &Listed) -> Vec<String> {
    let certificate = source.certificate.as_ref().and_then(|expiry| expiry.watched.warning());
    let all = source.loosened.iter().cloned().chain(certificate);
    all.map(|warning| format!("{}: {warning}", source.name)).collect()
}
