//! `/api/v1/sources/{source}/plans`.

use super::jobs::begin;
use super::model::{Job, Page, Plan, PlanOperation, Problem};
use super::{Limit, position};
use crate::access::Role;
use crate::asked::{Asked, Sent};
use crate::door::Visitor;
use crate::failure::Failure;
use crate::state::State as ServerState;
use crate::work::{Previewed, Task};
use crate::written::{self, Written};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::{Extension, Json};
use connector_core::{Error, Result};
use connector_engine::provision::Standing;
use connector_engine::query;
use connector_project::source::Problems;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListFields {
    /// Begin behind this position: `next` of the page before.
    after: Option<String>,
    /// How many items a page has: 1 to 1,000, usually 100.
    #[serde(default)]
    #[param(value_type = Option<u64>, minimum = 1, maximum = 1000)]
    limit: Limit,
}

/// The plans of a source, newest first.
#[utoipa::path(
    get,
    path = "/sources/{source}/plans",
    operation_id = "list_plans",
    tag = "plans",
    params(("source" = String, Path, description = "The source's name"), ListFields),
    responses((status = 200, body = Page<Plan>), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(super) async fn list(
    State(state): State<ServerState>,
    Path(source): Path<String>,
    Asked(fields): Asked<ListFields>,
) -> Result<Json<Page<Plan>>, Failure> {
    let page = state.ask(move |reach| {
        reach.must_know(&source)?;
        let Some(store) = &reach.store else { return Ok(Page { items: Vec::new(), next: None }) };
        let limit = fields.limit.number();
        let mut found = query::plans(store, Some(&source), fields.after.as_deref(), limit as u64 + 1)?;
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| has_more).map(|last| last.plan.clone());
        Ok(Page { items: found.into_iter().map(Plan::from).collect(), next })
    });
    Ok(Json(page.await?))
}

/// One plan.
#[utoipa::path(
    get,
    path = "/sources/{source}/plans/{plan}",
    operation_id = "get_plan",
    tag = "plans",
    params(
        ("source" = String, Path, description = "The source's name"),
        ("plan" = String, Path, description = "The id"),
    ),
    responses((status = 200, body = Plan), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(super) async fn get(
    State(state): State<ServerState>,
    Path((source, id)): Path<(String, String)>,
) -> Result<Json<Plan>, Failure> {
    Ok(Json(state.ask(move |reach| Ok(Plan::from(reach.must_plan(&source, &id)?))).await?))
}

/// The outcome of an operation.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum WithOutcome {
    Planned,
    Pending,
    Applied,
    Unchanged,
    Failed,
    Abandoned,
}

impl From<WithOutcome> for Standing {
    fn from(outcome: WithOutcome) -> Self {
        match outcome {
            WithOutcome::Planned => Self::Planned,
            WithOutcome::Pending => Self::Pending,
            WithOutcome::Applied => Self::Applied,
            WithOutcome::Unchanged => Self::Unchanged,
            WithOutcome::Failed => Self::Failed,
            WithOutcome::Abandoned => Self::Abandoned,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OperationFields {
    /// Only operations with this outcome.
    #[param(inline)]
    outcome: Option<WithOutcome>,
    /// Begin behind this position: `next` of the page before.
    #[param(pattern = "^[0-9]{1,18}$")]
    after: Option<String>,
    /// How many items a page has: 1 to 1,000, usually 100.
    #[serde(default)]
    #[param(value_type = Option<u64>, minimum = 1, maximum = 1000)]
    limit: Limit,
}

/// The operations of a plan in its order, each with what it changes and its outcome so far.
#[utoipa::path(
    get,
    path = "/sources/{source}/plans/{plan}/operations",
    operation_id = "list_operations",
    tag = "plans",
    params(
        ("source" = String, Path, description = "The source's name"),
        ("plan" = String, Path, description = "The id"),
        OperationFields,
    ),
    responses((status = 200, body = Page<PlanOperation>), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(super) async fn operations(
    State(state): State<ServerState>,
    Path((source, id)): Path<(String, String)>,
    Asked(fields): Asked<OperationFields>,
) -> Result<Json<Page<PlanOperation>>, Failure> {
    let page = state.ask(move |reach| {
        let plan = reach.must_plan(&source, &id)?;
        let store = reach.store.as_ref().ok_or_else(|| Error::not_found("there is no plan"))?;
        let after: Option<u64> = match &fields.after {
            Some(after) => Some(position(after)?),
            None => None,
        };
        let (wanted, limit) = (fields.outcome.map(Standing::from), fields.limit.number());
        let mut items: Vec<PlanOperation> = Vec::new();
        query::plan_operations(store, &plan.plan, |operation| {
            let is_after = after.is_none_or(|after| operation.operation > after);
            if is_after && items.len() <= limit && wanted.is_none_or(|wanted| wanted == operation.outcome) {
                items.push(PlanOperation::from(operation));
            }
            Ok(())
        })?;
        let has_more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| has_more).map(|last| last.operation.to_string());
        Ok(Page { items, next })
    });
    Ok(Json(page.await?))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WriteFields {
    /// The name of the plan, for people. Its ending may say which format the plan has: `joiners.csv`.
    #[serde(default)]
    name: String,
}

/// A plan in JSON.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "it only describes what is read as text")]
pub(super) struct PlanDocument {
    /// The operations, as in a file of `connector provision`: `connector schema plan` describes them.
    operations: Vec<serde_json::Value>,
}

/// Takes a plan, as YAML, JSON, NDJSON or CSV, and begins its preview. The job says the id of the plan.
#[utoipa::path(
    post,
    path = "/sources/{source}/plans",
    operation_id = "write_plan",
    tag = "plans",
    params(
        ("source" = String, Path, description = "The source's name"),
        WriteFields,
        ("Idempotency-Key" = Option<String>, Header, description = "Printable ASCII. A second request with the same key begins nothing and answers with the same job; another request with it is refused with 422", min_length = 1, max_length = 200),
    ),
    request_body(content(
        (PlanDocument = "application/json"),
        (String = "application/yaml"),
        (String = "application/x-ndjson"),
        (String = "text/csv"),
    ), description = "The plan"),
    responses(
        (status = 202, body = Job, headers(("Location" = String, description = "Where the job is")), description = "It began"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn write(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path(source): Path<String>,
    Asked(fields): Asked<WriteFields>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    visitor.must_be(Role::Operator)?;
    let known = source.clone();
    let taken = state.ask(move |reach| {
        reach.must_know(&known)?;
        match written::take(reach, &body, &fields.name)? {
            Written::Plan { file, name, hash } => Ok(Previewed::New { file, name, hash }),
            Written::Wrong(problems) => Err(Problems(problems).into()),
        }
    });
    begin(state.clone(), visitor, source, Task::Preview(taken.await?), &headers).await
}

/// Begins to preview a plan again.
#[utoipa::path(
    post,
    path = "/sources/{source}/plans/{plan}/preview",
    operation_id = "preview_plan",
    tag = "plans",
    params(
        ("source" = String, Path, description = "The source's name"),
        ("plan" = String, Path, description = "The id"),
        ("Idempotency-Key" = Option<String>, Header, description = "As for a new plan", min_length = 1, max_length = 200),
    ),
    responses(
        (status = 202, body = Job, headers(("Location" = String, description = "Where the job is")), description = "It began"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn preview(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path((source, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    visitor.must_be(Role::Operator)?;
    must_plan(&state, &source, &id).await?;
    begin(state, visitor, source, Task::Preview(Previewed::Known(id)), &headers).await
}

/// Which preview somebody means.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Consent {
    /// The digest of the preview, as the plan has it.
    digest: String,
}

/// Approves the preview with this digest. Where the source asks for the approval of somebody else, that can't be the author.
#[utoipa::path(
    post,
    path = "/sources/{source}/plans/{plan}/approve",
    operation_id = "approve_plan",
    tag = "plans",
    params(
        ("source" = String, Path, description = "The source's name"),
        ("plan" = String, Path, description = "The id"),
    ),
    request_body = Consent,
    responses((status = 200, body = Plan), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(super) async fn approve(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path((source, id)): Path<(String, String)>,
    Sent(consent): Sent<Consent>,
) -> Result<Json<Plan>, Failure> {
    visitor.must_be(Role::Approver)?;
    must_plan(&state, &source, &id).await?;
    state.jobs().endorse(&source, &id, &consent.digest, &visitor).await?;
    Ok(Json(state.ask(move |reach| Ok(Plan::from(reach.must_plan(&source, &id)?))).await?))
}

/// Begins to apply a plan whose preview has this digest, or continues it. To apply a plan that nobody approved is to approve it.
#[utoipa::path(
    post,
    path = "/sources/{source}/plans/{plan}/apply",
    operation_id = "apply_plan",
    tag = "plans",
    params(
        ("source" = String, Path, description = "The source's name"),
        ("plan" = String, Path, description = "The id"),
        ("Idempotency-Key" = Option<String>, Header, description = "As for a new plan", min_length = 1, max_length = 200),
    ),
    request_body = Consent,
    responses(
        (status = 202, body = Job, headers(("Location" = String, description = "Where the job is")), description = "It began"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn apply(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path((source, id)): Path<(String, String)>,
    headers: HeaderMap,
    Sent(consent): Sent<Consent>,
) -> Result<Response, Failure> {
    visitor.must_be(Role::Operator)?;
    let approves = state.approves_by_applying(&source, &id, &consent.digest).await?;
    visitor.must_be(if approves { Role::Approver } else { Role::Operator })?;
    let task = Task::Apply { plan: id, digest: consent.digest, approves };
    begin(state, visitor, source, task, &headers).await
}

/// Begins to end an interrupted plan: what was sent is settled, and the rest is not applied.
#[utoipa::path(
    post,
    path = "/sources/{source}/plans/{plan}/abandon",
    operation_id = "abandon_plan",
    tag = "plans",
    params(
        ("source" = String, Path, description = "The source's name"),
        ("plan" = String, Path, description = "The id"),
        ("Idempotency-Key" = Option<String>, Header, description = "As for a new plan", min_length = 1, max_length = 200),
    ),
    responses(
        (status = 202, body = Job, headers(("Location" = String, description = "Where the job is")), description = "It began"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn abandon(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path((source, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    visitor.must_be(Role::Operator)?;
    must_plan(&state, &source, &id).await?;
    begin(state, visitor, source, Task::Abandon { plan: id }, &headers).await
}

/// Removes a plan that was not started.
#[utoipa::path(
    delete,
    path = "/sources/{source}/plans/{plan}",
    operation_id = "discard_plan",
    tag = "plans",
    params(
        ("source" = String, Path, description = "The source's name"),
        ("plan" = String, Path, description = "The id"),
    ),
    responses((status = 204, description = "It is gone"), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(super) async fn discard(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path((source, id)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    visitor.must_be(Role::Operator)?;
    must_plan(&state, &source, &id).await?;
    state.jobs().discard(&source, &id, &visitor).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn must_plan(state: &ServerState, source: &str, id: &str) -> Result<()> {
    let (source, id) = (source.to_owned(), id.to_owned());
    state.ask(move |reach| reach.must_plan(&source, &id).map(drop)).await
}
