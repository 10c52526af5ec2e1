//! Who is signed in.

use super::{Doors, Visitor};
use crate::access::{Entry, Role};
use crate::failure::Failure;
use crate::state::State as ServerState;
use axum::extract::{Query, Request, State};
use axum::http::Method;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use connector_core::Error;
use serde::Deserialize;
use tower_sessions::Session;

const SIGNED_IN: &str = "signed_in";

/// Lets only people in who are signed in, and programs with a token to the API.
pub(crate) async fn require_session(
    State(state): State<ServerState>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    if is_api && let Some(token) = bearer(&request) {
        if let Some(token) = state.admits(token).await {
            let name = format!("token {} ({})", token.name, token.id);
            request.extensions_mut().insert(Visitor::Token { name, operates: token.role == Role::Operator });
            return next.run(request).await;
        }
        return Failure::unknown_visitor(
            Error::auth("this token does not work: it is unknown, revoked or has expired")
                .with_help("`connector token list` lists the tokens, `connector token new` creates one"),
        )
        .into_response();
    }
    let help = if is_api {
        "send a token of `connector token new` in the header `Authorization: Bearer`"
    } else {
        "open the link that `connector serve` printed; each link works once, and a new one appears there"
    };
    match session.get::<bool>(SIGNED_IN).await {
        Ok(Some(true)) => {
            request.extensions_mut().insert(Visitor::Console);
            next.run(request).await
        }
        _ => Failure::unknown_visitor(Error::auth("you are not signed in").with_help(help)).into_response(),
    }
}

/// The token in the header `Authorization`. The name of the scheme may have any case.
fn bearer(request: &Request) -> Option<String> {
    let (scheme, token) = request.headers().get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

#[derive(Deserialize)]
pub(crate) struct Ticket {
    #[serde(default)]
    token: String,
}

/// Signs in whoever has the link. A session from before, perhaps made by somebody else, ends.
pub(crate) async fn sign_in(
    State((state, doors)): State<(ServerState, Doors)>,
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
    let entry = Entry { who: "console", action: "sign_in", source: "", outcome: "done", detail: "" };
    // A project on a read-only disk can be looked at; what changes something is refused there.
    if let Err(error) = state.access().record(&entry) {
        tracing::warn!(%error, "a sign-in is not in the audit log");
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
