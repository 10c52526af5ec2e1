//! What people do with a plan.

use crate::access::Role;
use crate::address;
use crate::door::Visitor;
use crate::failure::Failure;
use crate::state::State as ServerState;
use crate::work::{Begun, Previewed, Task, Wish};
use axum::Extension;
use axum::extract::{Form, Path, State};
use axum::response::Redirect;
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Consent {
    /// Of the preview that whoever sends the form saw.
    #[serde(default)]
    digest: String,
}

/// Previews it again.
pub(crate) async fn preview(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path((source, id)): Path<(String, String)>,
) -> Result<Redirect, Failure> {
    visitor.must_be(Role::Operator)?;
    begin(&state, &visitor, &source, &id, Task::Preview(Previewed::Known(id.clone()))).await
}

/// Approves the preview that was shown.
pub(crate) async fn approve(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path((source, id)): Path<(String, String)>,
    Form(consent): Form<Consent>,
) -> Result<Redirect, Failure> {
    visitor.must_be(Role::Approver)?;
    known(&state, &source).await?;
    state.jobs().endorse(&source, &id, &consent.digest, &visitor).await?;
    Ok(Redirect::to(&address::plan(&source, &id)))
}

/// Applies it, or continues it.
pub(crate) async fn apply(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path((source, id)): Path<(String, String)>,
    Form(consent): Form<Consent>,
) -> Result<Redirect, Failure> {
    let approves = state.approves_by_applying(&source, &id, &consent.digest).await?;
    visitor.must_be(if approves { Role::Approver } else { Role::Operator })?;
    let task = Task::Apply { plan: id.clone(), digest: consent.digest, approves };
    begin(&state, &visitor, &source, &id, task).await
}

/// Ends it without the rest.
pub(crate) async fn abandon(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path((source, id)): Path<(String, String)>,
) -> Result<Redirect, Failure> {
    visitor.must_be(Role::Operator)?;
    begin(&state, &visitor, &source, &id, Task::Abandon { plan: id.clone() }).await
}

/// Removes it, if it was not started.
pub(crate) async fn discard(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path((source, id)): Path<(String, String)>,
) -> Result<Redirect, Failure> {
    visitor.must_be(Role::Operator)?;
    known(&state, &source).await?;
    state.jobs().discard(&source, &id, &visitor).await?;
    Ok(Redirect::to(&address::plans(&source)))
}

/// Stops what goes on with it. What was sent stays, and it can be continued.
pub(crate) async fn stop(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path((source, id)): Path<(String, String)>,
) -> Result<Redirect, Failure> {
    visitor.must_be(Role::Operator)?;
    if let Some(job) = state.jobs().of_plan(&source, &id) {
        let jobs = state.jobs().clone();
        state.aside(move || jobs.stop(&job, visitor.name())).await?;
    }
    Ok(Redirect::to(&address::plan(&source, &id)))
}

async fn known(state: &ServerState, source: &str) -> Result<(), Failure> {
    let source = source.to_owned();
    Ok(state.ask(move |reach| reach.must_know(&source)).await?)
}

async fn begin(
    state: &ServerState,
    visitor: &Visitor,
    source: &str,
    id: &str,
    task: Task,
) -> Result<Redirect, Failure> {
    let (jobs, visitor, named, plan) = (state.jobs().clone(), visitor.clone(), source.to_owned(), id.to_owned());
    let begun = state.ask(move |reach| {
        reach.must_plan(&named, &plan)?;
        jobs.begin(Wish { source: &named, task, who: &visitor, key: None })
    });
    match begun.await? {
        Begun::Job(_) | Begun::OtherWish => Ok(Redirect::to(&address::plan(source, id))),
    }
}
