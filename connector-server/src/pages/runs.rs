//! The runs of all sources, or of one.

use super::run_row::RunRow;
use super::{Frame, Shell, render};
use crate::asked::Asked;
use crate::failure::Failure;
use crate::state::State as ServerState;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use connector_engine::query;
use serde::Deserialize;

/// How many runs the page lists, newest first.
const RUNS: u64 = 200;

#[derive(Deserialize)]
pub(crate) struct Fields {
    source: Option<String>,
}

#[derive(Template)]
#[template(path = "runs.html")]
struct Page {
    shell: Shell,
    source: Option<String>,
    runs: Vec<RunRow>,
    is_cut: bool,
}

pub(crate) async fn page(
    State(state): State<ServerState>,
    frame: Frame,
    Asked(fields): Asked<Fields>,
) -> Result<Response, Failure> {
    let shell = frame.shell("Runs").in_section("runs").live();
    let source = fields.source.filter(|source| !source.is_empty());
    let wanted = source.clone();
    let runs = state
        .ask(move |reach| {
            if let Some(source) = &wanted {
                reach.must_know(source)?;
            }
            let Some(store) = &reach.store else { return Ok(Vec::new()) };
            let runs = query::runs(store, wanted.as_deref(), Some(RUNS))?;
            Ok(runs.iter().map(|run| RunRow::of(run, reach.now)).collect())
        })
        .await?;
    let is_cut = runs.len() as u64 == RUNS;
    Ok(render(&Page { shell, source, runs, is_cut }, StatusCode::OK))
}
