//! Redirects, which the client does not follow: the source file does not name their targets.

use crate::hosts::host_and_port;
use crate::response::Response;
use connector_core::{Error, ErrorKind};
use url::Url;

pub(crate) fn is_redirect(response: &Response) -> bool {
    [301, 302, 303, 307, 308].contains(&response.status)
}

/// The error for a redirect of a request to `url`.
pub(crate) fn refused(response: &Response, url: &Url) -> Error {
    let target = response.header("location").and_then(|place| url.join(place).ok());
    let target = target.map_or_else(|| "an unknown host".to_owned(), |place| format!("`{}`", host_and_port(&place)));
    Error::new(
        ErrorKind::Protocol,
        format!("`{}` redirects to {target}, and Connector does not follow redirects", host_and_port(url)),
    )
    .with_help(
        "write the final host in the source file, and check whether a login page is answering instead of the service",
    )
}
