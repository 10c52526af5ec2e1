//! What can go wrong on the way, in words.

use crate::hosts::host_and_port;
use connector_core::{Error, ErrorKind, Happened, Retry};
use std::error::Error as StdError;
use std::io;
use std::time::Duration;
use url::Url;

/// A fault that may pass: worth another try at once.
const PASSING: Retry = Retry::After(Duration::ZERO);

/// Turns a fault of the HTTP library into an error with a cure. `answering` says that the answer had begun.
///
/// `Happened::No` means that the request never reached the server; `Retry::After` that another try may help.
pub(crate) fn error_of(fault: reqwest::Error, url: &Url, answering: bool, proxied: bool) -> Error {
    let host = host_and_port(url);
    // The library's text names the whole URL, and a query may hold what is nobody's business.
    let fault = fault.without_url();
    let error = if fault.is_connect() {
        not_connected(&fault, &host, proxied)
    } else if fault.is_timeout() {
        Error::new(ErrorKind::Timeout, format!("`{host}` did not answer in full within the time limit"))
            .with_help("try again later, or allow more time with `http: {timeout: 120s}`")
            .with_happened(Happened::Unknown)
            .with_retry(PASSING)
    } else if answering || fault.is_body() || fault.is_decode() {
        Error::new(ErrorKind::Protocol, format!("the answer of `{host}` was cut or damaged on the way"))
            .with_help("try again; if it stays so, look at the proxies between here and there")
            .with_happened(Happened::Unknown)
            .with_retry(PASSING)
    } else if fault.is_builder() {
        Error::new(ErrorKind::Internal, format!("a request to `{host}` could not be put together"))
    } else {
        Error::new(ErrorKind::Unavailable, format!("the connection to `{host}` broke before an answer came"))
            .with_help("try again; if it stays so, look at the proxies between here and there")
            .with_happened(Happened::Unknown)
            .with_retry(PASSING)
    };
    error.with_cause(fault)
}

fn not_connected(fault: &reqwest::Error, host: &str, proxied: bool) -> Error {
    let unavailable = |message: String| Error::new(ErrorKind::Unavailable, message);
    let text = root_text(fault);
    let lower = text.to_lowercase();
    let says = |part: &str| lower.contains(part);
    if fault.is_dns() {
        let error = unavailable(format!("the host `{host}` is not known (DNS)"))
            .with_help("check the spelling of the host; behind a proxy, set `http: {proxy: …}`");
        return if says("temporary failure") || says("try again") { error.with_retry(PASSING) } else { error };
    }
    if says("certificate verify failed") || says("certificate") && says("ssl") {
        return distrusted(&lower, host);
    }
    if says("wrong version number") || says("http request") || says("packet length too long") {
        return unavailable(format!("`{host}` does not speak TLS on this port"))
            .with_help("check the port, and whether the URL should begin with `http://` (this machine only)");
    }
    if says("ssl") || says("tls") {
        return unavailable(format!("no TLS connection to `{host}`: {text}"))
            .with_help("check the TLS settings of the server and of the proxies between here and there");
    }
    if fault.is_timeout() {
        return Error::new(ErrorKind::Timeout, format!("no connection to `{host}` within the time limit"))
            .with_help("check the host, the network and whether a proxy is needed (`http: {proxy: …}`)")
            .with_retry(PASSING);
    }
    if says("tunnel") || says("proxy") {
        return unavailable(format!("the proxy does not let through to `{host}`: {text}"))
            .with_help("check `http: {proxy: …}` and what the proxy allows");
    }
    if is_refused(fault) {
        let whose = if proxied { "or the proxy in front of it " } else { "" };
        return unavailable(format!("`{host}` {whose}refused the connection"))
            .with_help("check host and port, and whether the server is running")
            .with_retry(PASSING);
    }
    unavailable(format!("no connection to `{host}`: {text}"))
        .with_help("check the network between here and there")
        .with_retry(PASSING)
}

fn distrusted(text: &str, host: &str) -> Error {
    let (why, help) = if text.contains("expired") {
        ("has expired", "whoever runs the server must renew it; check also the clock of this machine")
    } else if text.contains("not yet valid") {
        ("is not valid yet", "check the clock of this machine")
    } else if text.contains("hostname mismatch") || text.contains("address mismatch") {
        ("was made for another host name", "write the host name that the certificate names")
    } else if text.contains("self-signed") || text.contains("self signed") || text.contains("local issuer") {
        (
            "comes from an authority that is not trusted here",
            "name the authority's certificate (PEM) with `http: {ca_file: …}`",
        )
    } else {
        ("is not accepted", "name the authority's certificate (PEM) with `http: {ca_file: …}`, or have it renewed")
    };
    Error::new(ErrorKind::Unavailable, format!("the TLS certificate of `{host}` {why}")).with_help(help)
}

fn chain(fault: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(fault.source(), |&error| error.source())
}

fn is_refused(fault: &reqwest::Error) -> bool {
    chain(fault)
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// The texts below the library's own, which say what really happened.
fn root_text(fault: &reqwest::Error) -> String {
    let mut text = String::new();
    for error in chain(fault) {
        let line = error.to_string();
        if !text.contains(&line) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&line);
        }
    }
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}
