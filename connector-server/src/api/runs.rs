//! `/api/v1/runs`.

use super::Limit;
use super::model::{Page, Problem, Run};
use crate::asked::Asked;
use crate::failure::Failure;
use crate::state::State as ServerState;
use axum::Json;
use axum::extract::{Path, State};
use connector_core::{Error, Result};
use connector_engine::query;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListFields {
    /// Only runs of this source.
    source: Option<String>,
    /// Begin behind this position: `next` of the page before.
    after: Option<String>,
    /// How many items a page has: 1 to 1,000, usually 100.
    #[serde(default)]
    #[param(value_type = Option<u64>, minimum = 1, maximum = 1000)]
    limit: Limit,
}

/// Past and present runs, newest first.
#[utoipa::path(
    get,
    path = "/runs",
    operation_id = "list_runs",
    tag = "runs",
    params(ListFields),
    responses((status = 200, body = Page<Run>), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(super) async fn list(
    State(state): State<ServerState>,
    Asked(fields): Asked<ListFields>,
) -> Result<Json<Page<Run>>, Failure> {
    let page = state.ask(move |reach| {
        if let Some(source) = &fields.source {
            reach.must_know(source)?;
        }
        let Some(store) = &reach.store else { return Ok(Page { items: Vec::new(), next: None }) };
        // The first page needs no more than itself.
        let limit = fields.after.is_none().then(|| fields.limit.number() as u64 + 1);
        let mut runs = query::runs(store, fields.source.as_deref(), limit)?;
        if let Some(after) = &fields.after {
            let place = runs.iter().position(|run| run.report.run == *after);
            let place = place.ok_or_else(|| Error::invalid("`after` is not a run of this list"))?;
            runs.drain(..=place);
        }
        let has_more = runs.len() > fields.limit.number();
        runs.truncate(fields.limit.number());
        let next = runs.last().filter(|_| has_more).map(|run| run.report.run.clone());
        Ok(Page { items: runs.into_iter().map(Run::from).collect(), next })
    });
    Ok(Json(page.await?))
}

/// One run.
#[utoipa::path(
    get,
    path = "/runs/{run}",
    operation_id = "get_run",
    tag = "runs",
    params(("run" = String, Path, description = "The id, or its first characters")),
    responses((status = 200, body = Run), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(super) async fn get(State(state): State<ServerState>, Path(id): Path<String>) -> Result<Json<Run>, Failure> {
    let found = state.ask(move |reach| {
        let store = reach.store.as_ref().ok_or_else(|| Error::not_found(format!("there is no run `{id}`")))?;
        Ok(Run::from(query::run(store, &id)?))
    });
    Ok(Json(found.await?))
}
