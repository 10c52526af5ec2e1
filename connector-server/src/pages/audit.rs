//! The audit log: who did what, when, and how it ended.

use super::{Frame, Shell, render};
use crate::access::AuditRow;
use crate::address;
use crate::asked::Asked;
use crate::failure::Failure;
use crate::state::State as ServerState;
use crate::text::When;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

const ON_A_PAGE: usize = 100;

#[derive(Deserialize)]
pub(crate) struct Fields {
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct Page {
    shell: Shell,
    rows: Vec<Row>,
    next: Option<String>,
}

struct Row {
    when: When,
    entry: AuditRow,
    source: String,
}

pub(crate) async fn page(
    State(state): State<ServerState>,
    frame: Frame,
    Asked(fields): Asked<Fields>,
) -> Result<Response, Failure> {
    let access = state.access().clone();
    let rows = state.ask(move |reach| {
        let rows = access.rows(fields.before, ON_A_PAGE)?;
        let row =
            |row: AuditRow| Row { when: When::of(row.at, reach.now), source: address::source(&row.source), entry: row };
        Ok(rows.into_iter().map(row).collect::<Vec<_>>())
    });
    let rows = rows.await?;
    let next =
        rows.last().filter(|_| rows.len() == ON_A_PAGE).map(|last| format!("/audit?before={}", last.entry.number));
    let shell = frame.shell("Audit").in_section("audit");
    Ok(render(&Page { shell, rows, next }, StatusCode::OK))
}
