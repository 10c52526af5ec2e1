//! Whether the server runs, for whatever watches it. Nothing about the project is said.

use crate::state::State as ServerState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use std::time::Duration;

/// How long the store may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// It answers.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// The files and the store can be read, and it is not stopping.
pub(crate) async fn ready(State(state): State<ServerState>) -> Response {
    let question = state.ask(|reach| reach.project.sources().map(drop));
    let is_ready = !state.stop().is_cancelled() && matches!(tokio::time::timeout(PATIENCE, question).await, Ok(Ok(())));
    if is_ready {
        return "ok\n".into_response();
    }
    // The page of errors would name the project.
    (StatusCode::SERVICE_UNAVAILABLE, [(CONTENT_TYPE, "text/plain; charset=utf-8")], "not ready\n").into_response()
}
