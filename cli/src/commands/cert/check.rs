//! `connector cert check [NAME…]`.

use super::unfinished::unfinished_rotation;
use crate::arguments::CertCheckArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{Column, Table, TableCell, day, days_until, text_cell};
use connector_core::{Error, ErrorKind, TimeSpan};
use connector_engine::certificate::{self, Watched};
use connector_keys::{Certificate, CertificateStatus};
use connector_project::source::Project;
use jiff::Timestamp;
use serde::Serialize;

#[derive(Serialize)]
struct Checked {
    source: String,
    subject: Option<String>,
    not_after: Option<Timestamp>,
    days_left: Option<i64>,
    fits_key: Option<bool>,
    sha256: Option<String>,
    status: &'static str,
}

pub(super) fn run(invocation: &Invocation, arguments: &CertCheckArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let names = if arguments.names.is_empty() { project.sources()? } else { arguments.names.clone() };
    let mut exit = Exit::Success;
    let mut checked = Vec::new();
    for name in &names {
        match look(invocation, &project, name, arguments.within)? {
            Ok(Some((source, watched))) => {
                if watched.verdict.status != CertificateStatus::Ok {
                    exit = exit.worse(Exit::Failure);
                }
                checked.push((source, watched));
            }
            Ok(None) => printer.note(format!("{name}: no `certificate_ref`, so there is no certificate to check")),
            // One source that can't be read does not hide the others.
            Err(error) => {
                exit = exit.worse(Exit::of(error.kind()));
                printer.error(&error);
            }
        }
    }
    let now = Timestamp::now();
    if printer.is_json() {
        printer.json(&checked.iter().map(|(source, watched)| as_json(source, watched, now)).collect::<Vec<_>>())?;
        printer.flush()?;
    } else if !checked.is_empty() {
        printer.result(table(&checked, now).render(printer.table_width()))?;
    }
    for (source, watched) in &checked {
        explain(invocation, source, watched);
    }
    Ok(exit)
}

/// The name of a source and its certificate, where it names one.
type Found = Result<Option<(String, Watched)>, Error>;

fn look(invocation: &Invocation, project: &Project, name: &str, within: Option<TimeSpan>) -> Result<Found, Stop> {
    let source = match project.load(name) {
        Ok(source) => source,
        Err(problems) => return Ok(Err(problems.into())),
    };
    let stop = invocation.interrupt().token();
    let window = within.map(TimeSpan::duration);
    let watched = invocation.block_on(async {
        tokio::select! {
            watched = certificate::examine(project, &source, window, Timestamp::now()) => Ok(watched),
            () = stop.cancelled() => Err(Error::new(ErrorKind::Cancelled, "the check was canceled")),
        }
    })??;
    let Some(mut watched) = watched else { return Ok(Ok(None)) };
    if watched.verdict.status == CertificateStatus::Ok
        && let Some(verdict) = unfinished_rotation(invocation, project, &source.name)
    {
        watched.verdict = verdict;
    }
    Ok(Ok(Some((source.name, watched))))
}

fn as_json(source: &str, watched: &Watched, now: Timestamp) -> Checked {
    let certificate = watched.certificate.as_ref();
    let not_after = certificate.map(Certificate::not_after);
    Checked {
        source: source.to_owned(),
        subject: certificate.map(Certificate::subject),
        not_after,
        days_left: not_after.map(|moment| days_until(moment, now)),
        fits_key: watched.fits_key,
        sha256: certificate.map(Certificate::sha256),
        status: watched.verdict.status.name(),
    }
}

fn table(checked: &[(String, Watched)], now: Timestamp) -> Table {
    let mut table = Table::new([
        Column::new("source"),
        Column::new("status"),
        Column::new("days left").rank(1),
        Column::new("valid until").rank(2),
        Column::new("matches key").rank(3),
        Column::new("subject").rank(4),
    ]);
    for (source, watched) in checked {
        let certificate = watched.certificate.as_ref();
        let moment = certificate.map(Certificate::not_after);
        table.row([
            text_cell(source),
            status(watched.verdict.status),
            text_cell(moment.map(|moment| days_until(moment, now).to_string()).unwrap_or_default()),
            text_cell(moment.map(day).unwrap_or_default()),
            text_cell(watched.fits_key.map_or("unknown", |fits| if fits { "yes" } else { "no" })),
            text_cell(certificate.map(Certificate::subject).unwrap_or_default()),
        ]);
    }
    table
}

fn status(status: CertificateStatus) -> TableCell {
    let cell = text_cell(status.name());
    match status {
        CertificateStatus::Ok => cell.good(),
        CertificateStatus::Warning => cell.warn(),
        CertificateStatus::Expired | CertificateStatus::Broken => cell.bad(),
    }
}

/// Says what is wrong and what to do, and why a key could not be compared.
fn explain(invocation: &Invocation, source: &str, watched: &Watched) {
    if let Some(warning) = watched.warning() {
        invocation.printer.warning(&format!("{source}: {warning}"));
    }
    if let Some(fault) = &watched.key_fault {
        let message = format!("{source}: can't check whether the certificate matches the key: {fault}");
        invocation.printer.note(message);
    }
}
