//! `connector cert check [NAME…]`.

use super::unfinished::unfinished_rotation;
use crate::arguments::CertCheckArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{Datum, List, ListColumn, Tone, Waiting, columns_help as columns_help_of, day, days_until};
use connector_core::{Error, ErrorKind, TimeSpan};
use connector_keys::{Certificate, CertificateStatus};
use connector_project::certificate::{self, Watched};
use connector_project::source::Project;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

#[derive(Serialize)]
struct Checked {
    source: String,
    subject: Option<String>,
    not_after: Option<Timestamp>,
    days_left: Option<i64>,
    fits_key: Option<bool>,
    sha256: Option<String>,
    status: &'static str,
    #[serde(skip)]
    watched: Watched,
}

pub(super) fn run(invocation: &Invocation, arguments: &CertCheckArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let list = List::new(columns(), &arguments.list)?;
    let project = invocation.project()?;
    let names = if arguments.names.is_empty() { project.sources()? } else { arguments.names.clone() };
    let mut exit = Exit::Success;
    let mut checked = Vec::new();
    for name in &names {
        let waiting = Waiting::begin(printer, "Reading certificates");
        let looked = look(invocation, &project, name, arguments.within)?;
        drop(waiting);
        match looked {
            Ok(Some((source, watched))) => {
                if watched.verdict.status != CertificateStatus::Ok {
                    exit = exit.worse(Exit::Failure);
                }
                checked.push(Checked::of(source, watched, Timestamp::now()));
            }
            Ok(None) => printer.remark(format!("{name}: no `certificate_ref`, so there is no certificate to check")),
            // One source that can't be read does not hide the others.
            Err(error) => {
                exit = exit.worse(Exit::of(error.kind()));
                printer.error(&error);
            }
        }
    }
    let said: Vec<_> = checked.iter().map(explain).collect();
    list.print(printer, checked)?;
    printer.flush()?;
    for (warning, note) in said {
        if let Some(warning) = warning {
            printer.warning(&warning);
        }
        if let Some(note) = note {
            printer.note(note);
        }
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

impl Checked {
    fn of(source: String, watched: Watched, now: Timestamp) -> Self {
        let certificate = watched.certificate.as_ref();
        let not_after = certificate.map(Certificate::not_after);
        Self {
            source,
            subject: certificate.map(Certificate::subject),
            not_after,
            days_left: not_after.map(|moment| days_until(moment, now)),
            fits_key: watched.fits_key,
            sha256: certificate.map(Certificate::sha256),
            status: watched.verdict.status.name(),
            watched,
        }
    }
}

pub(crate) fn columns_help() -> String {
    columns_help_of(&columns())
}

fn columns() -> Vec<ListColumn<Checked>> {
    vec![
        ListColumn::new("source", |one: &Checked| Datum::text(&one.source)),
        ListColumn::new("status", |one: &Checked| Datum::text(one.status).toned(tone(one.watched.verdict.status))),
        ListColumn::new("days_left", |one: &Checked| Datum::json(&json!(one.days_left).to_string()))
            .looks(|look| look.rank(1)),
        ListColumn::new("not_after", |one: &Checked| {
            Datum::moment(one.not_after).shown_as(one.not_after.map(day).unwrap_or_default())
        })
        .looks(|look| look.titled("valid until").rank(2)),
        ListColumn::new("fits_key", |one: &Checked| {
            let shown = one.fits_key.map_or("unknown", |fits| if fits { "yes" } else { "no" });
            Datum::truth(one.fits_key).shown_as(shown)
        })
        .looks(|look| look.titled("matches key").rank(3)),
        ListColumn::new("subject", |one: &Checked| Datum::optional(one.subject.as_deref())).looks(|look| look.rank(4)),
        ListColumn::new("sha256", |one: &Checked| Datum::optional(one.sha256.as_deref()))
            .looks(|look| look.wrapping().rank(5))
            .on_request(),
    ]
}

fn tone(status: CertificateStatus) -> Tone {
    match status {
        CertificateStatus::Ok => Tone::Good,
        CertificateStatus::Warning => Tone::Warn,
        CertificateStatus::Expired | CertificateStatus::Broken => Tone::Bad,
    }
}

/// What is wrong and what to do, and why a key could not be compared.
fn explain(Checked { source, watched, .. }: &Checked) -> (Option<String>, Option<String>) {
    let fault = watched.key_fault.as_ref();
    (
        watched.warning().map(|warning| format!("{source}: {warning}")),
        fault.map(|fault| format!("{source}: can't check whether the certificate matches the key: {fault}")),
    )
}
