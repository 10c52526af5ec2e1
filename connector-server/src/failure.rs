//! Errors, as pages and for programs.

use crate::api::Problem;
use crate::pages::{Shell, render as render_page};
use crate::state::State as ServerState;
use crate::text::Prose;
use askama::Template;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use connector_core::{Error, ErrorKind};

/// An error on its way to whoever asked. [`render`] writes it as a page.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    error: Error,
}

impl Failure {
    /// The request names another host.
    pub(crate) fn misdirected(error: Error) -> Self {
        Self { status: StatusCode::MISDIRECTED_REQUEST, error }
    }

    /// Nobody is signed in.
    pub(crate) fn unknown_visitor(error: Error) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, error }
    }

    /// The body of the request can't be read.
    pub(crate) fn of_body(status: StatusCode, error: Error) -> Self {
        Self { status, error }
    }

    /// An error with this status.
    pub(crate) fn with(status: StatusCode, error: Error) -> Self {
        Self { status, error }
    }

    /// The idempotency key of the request belongs to another one.
    pub(crate) fn unprocessable(error: Error) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, error }
    }

    /// What no route answers.
    fn of_route(status: StatusCode, is_api: bool) -> Option<Self> {
        let error = match status {
            StatusCode::NOT_FOUND if is_api => Error::not_found("the API has no such address")
                .with_help("`/api/v1/openapi.json` describes all of them"),
            StatusCode::NOT_FOUND => Error::not_found("there is no such page").with_help("begin at Sources"),
            StatusCode::METHOD_NOT_ALLOWED => {
                Error::unsupported("this address does not know the method of the request")
                    .with_help("the header `Allow` of this answer names those that it knows")
            }
            _ => return None,
        };
        Some(Self { status, error })
    }

    /// What a part of the server refused without a word.
    fn of_status(status: StatusCode) -> Self {
        let error = match status {
            StatusCode::FORBIDDEN => {
                Error::new(ErrorKind::Permission, "the request comes from a page of somebody else")
                    .with_help("send the form from the console itself")
            }
            StatusCode::PAYLOAD_TOO_LARGE => Error::invalid("the request is too large"),
            StatusCode::SERVICE_UNAVAILABLE => {
                Error::new(ErrorKind::Timeout, "the answer took too long").with_help("ask for less, or try again later")
            }
            StatusCode::NOT_IMPLEMENTED => Error::unsupported("this server does not do that"),
            status if status.is_client_error() => {
                Error::invalid("the request can't be read").with_help("check the address and its fields")
            }
            _ => Error::internal("the page could not be made").with_help("the log of `connector serve` has the reason"),
        };
        Self { status, error }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match error.kind() {
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Definition | ErrorKind::Invalid | ErrorKind::Unsupported => StatusCode::BAD_REQUEST,
            ErrorKind::AlreadyExists | ErrorKind::Conflict | ErrorKind::Guard => StatusCode::CONFLICT,
            ErrorKind::RateLimited | ErrorKind::Quota => StatusCode::TOO_MANY_REQUESTS,
            ErrorKind::Cancelled => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Permission => StatusCode::FORBIDDEN,
            ErrorKind::Auth | ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Protocol => {
                StatusCode::BAD_GATEWAY
            }
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { status, error }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut answer = self.status.into_response();
        answer.extensions_mut().insert(self);
        answer
    }
}

/// What no route answers.
pub(crate) async fn no_page() -> StatusCode {
    StatusCode::NOT_FOUND
}

#[derive(Template)]
#[template(path = "failure.html")]
struct Page {
    shell: Shell,
    code: u16,
    title: &'static str,
    kind: &'static str,
    /// What the kind of error means; absent where the request itself is wrong, of which no source knows.
    meaning: Option<&'static str>,
    message: Prose,
    help: Option<Prose>,
    /// Whether the page asks for a token.
    signs_in: bool,
}

/// Writes every failure as a page, wherever it comes from.
pub(crate) async fn render(State(state): State<ServerState>, request: Request, next: Next) -> Response {
    let is_head = request.method() == Method::HEAD;
    let path = request.uri().path().to_owned();
    let mut answer = next.run(request).await;
    let status = answer.status();
    // What watches the server reads a word, and is told nothing else.
    if path == "/readyz" && status == StatusCode::SERVICE_UNAVAILABLE {
        return answer;
    }
    if !status.is_client_error() && !status.is_server_error() {
        return answer;
    }
    let is_api = path.starts_with("/api/");
    let said = answer.extensions_mut().remove::<Failure>();
    let Failure { status, error } =
        said.or_else(|| Failure::of_route(status, is_api)).unwrap_or_else(|| Failure::of_status(status));
    if status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED {
        tracing::error!(path, status = status.as_u16(), error = %error, "a page failed");
    }
    if path.starts_with("/scim/") {
        let mut written = crate::scim::fault::as_scim(status, &error);
        if status == StatusCode::UNAUTHORIZED {
            written.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        return keep_headers(&answer, written, is_head);
    }
    if is_api {
        return as_problem(&answer, is_head, status, &error);
    }
    let title = match status {
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::UNAUTHORIZED => "Sign in",
        StatusCode::BAD_REQUEST => "That can't be answered",
        StatusCode::FORBIDDEN | StatusCode::MISDIRECTED_REQUEST => "Refused",
        status if status.is_client_error() => "Refused",
        _ => "Something failed",
    };
    let shell = if status == StatusCode::UNAUTHORIZED || status == StatusCode::MISDIRECTED_REQUEST {
        Shell::outside(title)
    } else {
        Shell::inside(&state, title)
    };
    // What the server itself refuses, no source knows of.
    let own = [
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
        StatusCode::MISDIRECTED_REQUEST,
        StatusCode::METHOD_NOT_ALLOWED,
    ];
    let is_of_source = error.kind() != ErrorKind::Invalid && !own.contains(&status);
    let page = Page {
        shell,
        code: status.as_u16(),
        title,
        kind: error.kind().name(),
        meaning: Some(error.kind().description()).filter(|_| is_of_source),
        message: Prose(error.message().to_owned()),
        help: error.help().map(|help| Prose(help.to_owned())),
        signs_in: status == StatusCode::UNAUTHORIZED,
    };
    keep_headers(&answer, render_page(&page, status), is_head)
}

/// The same for a program (RFC 9457).
fn as_problem(answer: &Response, is_head: bool, status: StatusCode, error: &Error) -> Response {
    let problem = Json(Problem::of(error, status));
    let mut written = (status, problem).into_response();
    written.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if status == StatusCode::UNAUTHORIZED {
        written.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    keep_headers(answer, written, is_head)
}

/// What the answer allows, such as the methods of a page, stays.
fn keep_headers(answer: &Response, mut written: Response, is_head: bool) -> Response {
    for (name, value) in answer.headers() {
        if name != CONTENT_LENGTH && name != CONTENT_TYPE {
            written.headers_mut().append(name, value.clone());
        }
    }
    if is_head {
        *written.body_mut() = axum::body::Body::empty();
    }
    written
}
