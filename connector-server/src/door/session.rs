//! Who is signed in.

use super::{Doors, Visitor};
use crate::access::Entry;
use crate::failure::Failure;
use crate::state::State as ServerState;
use axum::extract::{Form, Query, Request, State};
use axum::http::Method;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use connector_core::{Error, Result};
use serde::{Deserialize, Serialize};
use tower_sessions::Session;

const SIGNED_IN: &str = "signed_in";

/// How somebody signed in.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum SignedIn {
    /// With the link that the server printed.
    Link,
    /// With the token that has this id. The session ends when the token does.
    Token(String),
}

/// Lets only people in who are signed in, and programs with a token to the API.
pub(crate) async fn require_session(
    State(state): State<ServerState>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    // A SCIM client is a program, too.
    let is_api = ["/api/", "/scim/"].iter().any(|begin| request.uri().path().starts_with(begin));
    let visitor = match bearer(&request).filter(|_| is_api) {
        Some(token) => with_token(&state, token).await,
        None => with_session(&state, &session, is_api).await,
    };
    match visitor {
        Ok(visitor) => {
            request.extensions_mut().insert(visitor);
            next.run(request).await
        }
        Err(failure) => failure.into_response(),
    }
}

async fn with_token(state: &ServerState, token: String) -> Result<Visitor, Failure> {
    let refused = || {
        Failure::unknown_visitor(
            Error::auth("this token does not work: it is unknown, revoked or has expired")
                .with_help("`connector token list` lists the tokens, `connector token new` creates one"),
        )
    };
    state.admits(token).await?.map(|token| Visitor::with(&token)).ok_or_else(refused)
}

async fn with_session(state: &ServerState, session: &Session, is_api: bool) -> Result<Visitor, Failure> {
    let help = if is_api {
        "send a token of `connector token new` in the header `Authorization: Bearer`"
    } else {
        "open the link that `connector serve` printed; each link works once, and a new one appears there. Or sign in with a token"
    };
    let refused = || Failure::unknown_visitor(Error::auth("you are not signed in").with_help(help));
    match session.get::<SignedIn>(SIGNED_IN).await {
        Ok(Some(SignedIn::Link)) => Ok(Visitor::owner()),
        Ok(Some(SignedIn::Token(id))) => {
            state.still_admits(id).await?.map(|token| Visitor::with(&token)).ok_or_else(refused)
        }
        _ => Err(refused()),
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

/// Signs in whoever has the link.
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
                .with_help("open the newest link that `connector serve` printed, or sign in with a token"),
        )
        .into_response();
    }
    enter(&state, &session, SignedIn::Link, Visitor::owner()).await
}

/// Signs in whoever has a token, with its role.
pub(crate) async fn sign_in_with_token(
    State((state, _)): State<(ServerState, Doors)>,
    session: Session,
    Form(ticket): Form<Ticket>,
) -> Response {
    match state.admits(ticket.token.trim().to_owned()).await {
        Ok(Some(token)) => enter(&state, &session, SignedIn::Token(token.id.clone()), Visitor::with(&token)).await,
        Ok(None) => Failure::unknown_visitor(
            Error::auth("this token does not work: it is unknown, revoked or has expired")
                .with_help("somebody who can open a terminal here creates one with `connector token new NAME`"),
        )
        .into_response(),
        Err(error) => Failure::from(error).into_response(),
    }
}

/// Makes a session. One from before, perhaps made by somebody else, ends.
async fn enter(state: &ServerState, session: &Session, how: SignedIn, visitor: Visitor) -> Response {
    let access = state.access().clone();
    let recorded = state.aside(move || {
        access.record(&Entry { who: visitor.name(), action: "sign_in", source: "", outcome: "done", detail: "" })
    });
    // A project on a read-only disk can be looked at; what changes something is refused there.
    if let Err(error) = recorded.await {
        tracing::warn!(%error, "a sign-in is not in the audit log");
    }
    let entered = async {
        session.clear().await;
        session.cycle_id().await?;
        session.insert(SIGNED_IN, how).await?;
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
