//! `/api/v1/jobs`, and what begins them.

use super::model::{Job, Problem};
use crate::access::Role;
use crate::asked::Asked;
use crate::door::Visitor;
use crate::failure::Failure;
use crate::state::State as ServerState;
use crate::work::{Begun, Task, Wish};
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use connector_core::{Error, Result};
use connector_engine::aggregate::Wanted;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// The longest key that names a request.
const LONGEST_KEY: usize = 200;

/// How much to read.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reads {
    /// Only changes, unless a full run is due.
    #[default]
    Due,
    /// Everything.
    Full,
    /// Only changes.
    Delta,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AggregateFields {
    /// How much to read; `due` if it is not given.
    #[serde(default)]
    #[param(inline, value_type = Option<Reads>)]
    mode: Reads,
}

/// Begins to read a source; continues an unfinished run.
#[utoipa::path(
    post,
    path = "/sources/{source}/aggregate",
    operation_id = "aggregate",
    tag = "jobs",
    params(
        ("source" = String, Path, description = "The source's name"),
        AggregateFields,
        ("Idempotency-Key" = Option<String>, Header, description = "Printable ASCII. A second request with the same key begins nothing and answers with the same job; another request with it is refused with 422", min_length = 1, max_length = 200),
    ),
    responses(
        (status = 202, body = Job, headers(("Location" = String, description = "Where the job is")), description = "It began"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn aggregate(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path(source): Path<String>,
    Asked(fields): Asked<AggregateFields>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let wanted = match fields.mode {
        Reads::Due => Wanted::Due,
        Reads::Full => Wanted::Full,
        Reads::Delta => Wanted::Delta,
    };
    begin(state, visitor, source, Task::Aggregate(wanted), &headers).await
}

/// Begins to test the connection of a source.
#[utoipa::path(
    post,
    path = "/sources/{source}/test",
    operation_id = "test",
    tag = "jobs",
    params(
        ("source" = String, Path, description = "The source's name"),
        ("Idempotency-Key" = Option<String>, Header, description = "Printable ASCII. A second request with the same key begins nothing and answers with the same job; another request with it is refused with 422", min_length = 1, max_length = 200),
    ),
    responses(
        (status = 202, body = Job, headers(("Location" = String, description = "Where the job is")), description = "It began"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn test(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path(source): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    begin(state, visitor, source, Task::Test, &headers).await
}

/// A job: how far it is, or how it ended. The server knows the last job of each kind and source.
#[utoipa::path(
    get,
    path = "/jobs/{job}",
    operation_id = "get_job",
    tag = "jobs",
    params(("job" = String, Path, description = "The id")),
    responses((status = 200, body = Job), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(super) async fn get(State(state): State<ServerState>, Path(id): Path<String>) -> Result<Json<Job>, Failure> {
    Ok(Json(Job::from(&*state.jobs().get(&id)?)))
}

/// Stops a job. What was read by then stays, and the next read continues there.
#[utoipa::path(
    post,
    path = "/jobs/{job}/stop",
    operation_id = "stop_job",
    tag = "jobs",
    params(("job" = String, Path, description = "The id")),
    responses(
        (status = 202, body = Job, description = "It is stopping, or has ended"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn stop(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Job>), Failure> {
    visitor.must_be(Role::Operator)?;
    let job = state.jobs().get(&id)?;
    let jobs = state.jobs().clone();
    let stopped = state.ask(move |_| {
        jobs.stop(&job, visitor.name())?;
        Ok(Job::from(&*job))
    });
    Ok((StatusCode::ACCEPTED, Json(stopped.await?)))
}

pub(super) async fn begin(
    state: ServerState,
    visitor: Visitor,
    source: String,
    task: Task,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    visitor.must_be(Role::Operator)?;
    let key = key(headers)?;
    let jobs = state.jobs().clone();
    let begun = state.ask(move |reach| {
        reach.must_know(&source)?;
        let wish = Wish { source: &source, task, who: &visitor, key: key.as_deref() };
        Ok(match jobs.begin(wish)? {
            Begun::Job(job) => Some(Job::from(&*job)),
            Begun::OtherWish => None,
        })
    });
    let job = begun.await?.ok_or_else(|| {
        Failure::unprocessable(
            Error::invalid("the `Idempotency-Key` of this request began something else before")
                .with_help("send a new key with each new request; send an old one only to repeat its request"),
        )
    })?;
    let location = [(LOCATION, format!("/api/v1/jobs/{}", job.id))];
    Ok((StatusCode::ACCEPTED, location, Json(job)).into_response())
}

fn key(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    // `to_str` lets tabs through, which no key that is printed somewhere should have.
    let plain = |text: &&str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let text = key.to_str().ok().filter(|text| !text.is_empty() && text.len() <= LONGEST_KEY).filter(plain);
    let fault =
        || Error::invalid(format!("`Idempotency-Key` must be a text of 1 to {LONGEST_KEY} printable ASCII characters"));
    text.map(|text| Some(text.to_owned())).ok_or_else(fault)
}
