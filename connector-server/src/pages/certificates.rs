//! The certificates of all sources on one line of time.

use super::{Frame, Shell, render};
use crate::address;
use crate::failure::Failure;
use crate::picture::{Span, Validity};
use crate::state::{Reach, State as ServerState};
use crate::text::Prose;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use connector_core::Result;
use connector_engine::query;
use connector_text::day;

#[derive(Template)]
#[template(path = "certificates.html")]
struct Page {
    shell: Shell,
    rows: Vec<Row>,
    years: Vec<(String, String)>,
}

struct Row {
    source: String,
    address: String,
    /// Absent if the certificate can't be read: the verdict says why.
    validity: Option<Validity>,
    span: Option<Span>,
    subject: String,
    fingerprint: String,
    until: String,
    verdict: Prose,
    end: Option<jiff::Timestamp>,
}

pub(crate) async fn page(State(state): State<ServerState>, frame: Frame) -> Result<Response, Failure> {
    let shell = frame.shell("Certificates").in_section("certificates");
    let (rows, years) = state.ask(|reach| Ok((told(reach)?, Span::years(reach.now)))).await?;
    Ok(render(&Page { shell, rows, years }, StatusCode::OK))
}

/// Those that end first come first.
fn told(reach: &Reach) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for source in query::sources(&reach.project, None, reach.now)? {
        let Some(watched) = source.certificate else { continue };
        let certificate = watched.certificate.as_ref();
        rows.push(Row {
            address: address::source(&source.name),
            source: source.name,
            validity: Validity::of(&watched, reach.now),
            span: Span::of(&watched, reach.now),
            subject: certificate.map(connector_keys::Certificate::subject).unwrap_or_default(),
            fingerprint: certificate.map(connector_keys::Certificate::sha256).unwrap_or_default(),
            until: certificate.map(|certificate| day(certificate.not_after())).unwrap_or_default(),
            end: certificate.map(connector_keys::Certificate::not_after),
            verdict: Prose(watched.warning().unwrap_or_else(|| watched.verdict.detail.clone())),
        });
    }
    rows.sort_by_key(|row| row.end);
    Ok(rows)
}
