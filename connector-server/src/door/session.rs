//! Who is signed in.

use super::Doors;
use crate::failure::Failure;
use axum::extract::{Query, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use connector_core::Error;
use serde::Deserialize;
use tower_sessions::Session;

const SIGNED_IN: &str = "signed_in";

/// Lets only people in who are signed in.
pub(crate) async fn require_session(session: Session, request: Request, next: Next) -> Response {
    match session.get::<bool>(SIGNED_IN).await {
        Ok(Some(true)) => next.run(request).await,
        _ => Failure::unknown_visitor(Error::auth("you are not signed in").with_help(
            "open the link that `connector serve` printed; each link works once, and a new one appears there",
        ))
        .into_response(),
    }
}

#[derive(Deserialize)]
pub(crate) struct Ticket {
    #[serde(default)]
    token: String,
}

/// Signs in whoever has the link. A session from before, perhaps made by somebody else, ends.
pub(crate) async fn sign_in(
    State(doors): State<Doors>,
    method: Method,
    session: Session,
    Query(ticket): Query<Ticket>,
) -> Response {
    // Programs that look at a link before a person does ask for its head.
    if method != Method::GET || !doors.admits(&ticket.token) {
        return Failure::unknown_visitor(
            Error::auth("this link does not work, or was used before")
                .with_help("open the newest link that `connector serve` printed"),
        )
        .into_response();
    }
    let entered = async {
        session.clear().await;
        session.cycle_id().await?;
        session.insert(SIGNED_IN, true).await?;
        session.save().await
    };
    match entered.await {
        Ok(()) => Redirect::to("/").into_response(),
        Err(cause) => Failure::from(Error::internal("the session could not be kept").with_cause(cause)).into_response(),
    }
}

/// Ends the session.
pub(crate) async fn sign_out(session: Session) -> Response {
    match session.flush().await {
        Ok(()) => Redirect::to("/").into_response(),
        Err(cause) => {
            Failure::from(Error::internal("the session could not be ended").with_cause(cause)).into_response()
        }
    }
}
