//! Only requests that name this machine are answered: a page of somebody else whose name leads to 127.0.0.1 is not.

use super::Doors;
use crate::failure::Failure;
use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use connector_core::Error;

pub(crate) async fn require_host(State(doors): State<Doors>, request: Request, next: Next) -> Response {
    let address = doors.inner.address;
    let named = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let port = address.port();
    let known =
        [address.to_string(), format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("[::1]:{port}")];
    // A request with a whole address says the host twice.
    let whole = request.uri().authority().is_none_or(|authority| known.iter().any(|one| authority.as_str() == one));
    if whole && known.iter().any(|one| one.eq_ignore_ascii_case(named)) {
        return next.run(request).await;
    }
    Failure::misdirected(
        Error::invalid("this server does not answer for that host name").with_help(format!("open http://{address}/")),
    )
    .into_response()
}
