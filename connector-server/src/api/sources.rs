//! `/api/v1/sources`.

use super::model::{Page, Problem, Source};
use crate::failure::Failure;
use crate::state::{Reach, State as ServerState};
use axum::Json;
use axum::extract::{Path, State};
use connector_core::Result;
use connector_engine::query::{self, SourceState};

/// How many runs are looked at for the age and the totals of a source.
const RUNS: u64 = 30;

/// The sources of the project, in the order of their names.
#[utoipa::path(
    get,
    path = "/sources",
    operation_id = "list_sources",
    tag = "sources",
    responses((status = 200, body = Page<Source>), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(super) async fn list(State(state): State<ServerState>) -> Result<Json<Page<Source>>, Failure> {
    let read = |reach: &Reach| {
        let states = query::sources(&reach.project, reach.store.as_ref(), reach.now)?;
        states.into_iter().map(|state| told(reach, state)).collect::<Result<Vec<_>>>()
    };
    let items = state.ask(read).await?;
    Ok(Json(Page { items, next: None }))
}

/// One source.
#[utoipa::path(
    get,
    path = "/sources/{source}",
    operation_id = "get_source",
    tag = "sources",
    params(("source" = String, Path, description = "The source's name")),
    responses((status = 200, body = Source), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(super) async fn get(State(state): State<ServerState>, Path(name): Path<String>) -> Result<Json<Source>, Failure> {
    Ok(Json(state.ask(move |reach| told(reach, reach.source(&name)?)).await?))
}

fn told(reach: &Reach, state: SourceState) -> Result<Source> {
    let runs = match &reach.store {
        Some(store) => query::runs(store, Some(&state.name), Some(RUNS))?,
        None => Vec::new(),
    };
    let attention = query::attention(&state, &runs, reach.now);
    let growth = match &reach.store {
        Some(store) => query::growth(store, &state.name, 1)?,
        None => Vec::new(),
    };
    Ok(Source::of(state, attention, growth.last(), reach.now))
}
