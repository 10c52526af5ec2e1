//! Only requests that name this machine are answered: a page of somebody else whose name leads to 127.0.0.1 is not.

use super::Doors;
use crate::failure::Failure;
use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use connector_core::Error;
use std::net::SocketAddr;

pub(crate) async fn require_host(State(doors): State<Doors>, request: Request, next: Next) -> Response {
    let address = doors.inner.address;
    let named = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    // A request with a whole address says the host twice.
    let whole = request.uri().authority().is_none_or(|authority| is_known(address, authority.as_str()));
    if whole && is_known(address, named) {
        return next.run(request).await;
    }
    Failure::misdirected(
        Error::invalid("this server does not answer for that host name").with_help(format!("open http://{address}/")),
    )
    .into_response()
}

/// Whether a host with a port is this server. Clients leave out the port of HTTP.
fn is_known(address: SocketAddr, named: &str) -> bool {
    let port = address.port();
    let port_of = |host: &str| {
        let rest =
            named.get(..host.len()).filter(|begin| begin.eq_ignore_ascii_case(host)).map(|_| &named[host.len()..]);
        rest.is_some_and(|rest| rest == format!(":{port}") || (rest.is_empty() && port == 80))
    };
    let own = match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    };
    ["localhost", "127.0.0.1", "[::1]", &own].into_iter().any(port_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_without_a_port_is_this_server_only_at_the_port_of_http() {
        let known = |address: &str, named: &str| is_known(address.parse().unwrap(), named);
        for named in ["localhost", "127.0.0.1", "[::1]", "LOCALHOST:80", "127.0.0.1:80"] {
            assert!(known("127.0.0.1:80", named), "{named}");
        }
        assert!(known("127.1.2.3:80", "127.1.2.3") && known("127.1.2.3:8080", "127.1.2.3:8080"));
        for named in ["localhost", "127.0.0.1", "", ":80", "localhost:", "localhost:80x", "localhost.evil.example", "é"]
        {
            assert!(!known("127.0.0.1:8080", named), "{named}");
        }
        assert!(!known("127.0.0.1:80", "evil.example") && !known("127.0.0.1:80", "localhost.evil.example"));
    }
}
