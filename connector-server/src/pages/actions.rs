//! What somebody can do with a source: read it, test it, stop what runs.

use crate::access::Role;
use crate::address;
use crate::door::Visitor;
use crate::failure::Failure;
use crate::state::State as ServerState;
use crate::work::{Task, Wish, Work};
use axum::Extension;
use axum::extract::{Form, Path, State};
use axum::response::Redirect;
use connector_engine::aggregate::Wanted;
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Fields {
    #[serde(default)]
    full: bool,
}

/// Begins to read the source.
pub(crate) async fn aggregate(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path(source): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Redirect, Failure> {
    let wanted = if fields.full { Wanted::Full } else { Wanted::Due };
    begin(state, visitor, source.clone(), Task::Aggregate(wanted)).await?;
    Ok(Redirect::to(&address::source(&source)))
}

/// Begins to test the connection.
pub(crate) async fn test(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path(source): Path<String>,
) -> Result<Redirect, Failure> {
    begin(state, visitor, source.clone(), Task::Test).await?;
    Ok(Redirect::to(&format!("{}/test", address::source(&source))))
}

/// Stops the read of the source.
pub(crate) async fn stop(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path(source): Path<String>,
) -> Result<Redirect, Failure> {
    visitor.must_be(Role::Operator)?;
    if let Some(job) = state.jobs().last(&source, Work::Aggregate) {
        let jobs = state.jobs().clone();
        state.aside(move || jobs.stop(&job, visitor.name())).await?;
    }
    Ok(Redirect::to(&address::source(&source)))
}

async fn begin(state: ServerState, visitor: Visitor, source: String, task: Task) -> Result<(), Failure> {
    visitor.must_be(Role::Operator)?;
    let jobs = state.jobs().clone();
    let begun = state.ask(move |reach| {
        reach.must_know(&source)?;
        jobs.begin(Wish { source: &source, task, who: &visitor, key: None })
    });
    // Without a key, every wish is a new one.
    begun.await.map(drop)?;
    Ok(())
}
