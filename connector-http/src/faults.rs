//! Explains network errors.

use crate::hosts::host_and_port;
use connector_core::{Error, ErrorKind, Happened, Retry};
use std::error::Error as StdError;
use std::io;
use std::time::Duration;
use url::Url;

/// A temporary fault, worth another try immediately.
pub(crate) const PASSING: Retry = Retry::After(Duration::ZERO);

/// How long a request may take, and what a refused one is worth.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// With its response.
    pub(crate) whole: Duration,
    /// Until it is connected.
    pub(crate) connecting: Duration,
    /// Whether a refused connection is worth another try.
    pub(crate) refusal: Retry,
}

fn shown(limit: Duration) -> String {
    if limit.subsec_millis() == 0 { format!("{} s", limit.as_secs()) } else { format!("{} ms", limit.as_millis()) }
}

/// Turns a fault of the HTTP library into an error with a help. `answering` means that the response had begun.
///
/// `Happened::No` means that the request never reached the server. `Retry::After` means that another try may help.
pub(crate) fn error_of(fault: reqwest::Error, url: &Url, limits: Limits, answering: bool, proxied: bool) -> Error {
    let host = host_and_port(url);
    // The library's text includes the whole URL, and its query may contain private data.
    let fault = fault.without_url();
    let error = if fault.is_connect() {
        not_connected(&fault, &host, limits, proxied)
    } else if fault.is_timeout() {
        too_late(url, limits.whole)
    } else if let Some(refused) = certificate_refused(&root_text(&fault), &host) {
        refused
    } else if answering || fault.is_body() || fault.is_decode() {
        Error::new(ErrorKind::Protocol, format!("the response of `{host}` was cut off or damaged in transit"))
            .with_help("try again; if it fails again, check the proxies between this machine and the server")
            .with_happened(Happened::Unknown)
            .with_retry(PASSING)
    } else if fault.is_builder() {
        Error::new(ErrorKind::Internal, format!("Connector could not build a request to `{host}`"))
    } else {
        Error::new(ErrorKind::Unavailable, format!("the connection to `{host}` broke before a response arrived"))
            .with_help("try again; if it fails again, check the proxies between this machine and the server")
            .with_happened(Happened::Unknown)
            .with_retry(PASSING)
    };
    error.with_cause(fault)
}

/// The error if a response is not complete in time.
pub(crate) fn too_late(url: &Url, limit: Duration) -> Error {
    let (host, limit) = (host_and_port(url), shown(limit));
    Error::new(
        ErrorKind::Timeout,
        format!("`{host}` did not send a complete response within the time limit of {limit}"),
    )
    .with_help("try again later, or raise the limit with `http: {timeout: 120s}`")
    .with_happened(Happened::Unknown)
    .with_retry(PASSING)
}

fn not_connected(fault: &reqwest::Error, host: &str, limits: Limits, proxied: bool) -> Error {
    let unavailable = |message: String| Error::new(ErrorKind::Unavailable, message);
    let text = root_text(fault);
    let lower = text.to_lowercase();
    let says = |part: &str| lower.contains(part);
    if fault.is_dns() {
        let error = unavailable(format!("the host `{host}` was not found (DNS)"))
            .with_help("check the spelling of the host; behind a proxy, set `http: {proxy: …}`");
        return if says("temporary failure") || says("try again") { error.with_retry(PASSING) } else { error };
    }
    if let Some(refused) = certificate_refused(&text, host) {
        return refused;
    }
    if says("certificate verify failed") || says("certificate") && says("ssl") {
        return distrusted(&lower, host);
    }
    if says("wrong version number") || says("http request") || says("packet length too long") {
        return unavailable(format!("`{host}` does not use TLS on this port"))
            .with_help("check the port, and whether the URL must begin with `http://` (only for this machine)");
    }
    if says("ssl") || says("tls") {
        let help = if says("alert handshake failure") {
            "if the server requires a client certificate, set `client_certificate_ref` and `client_key_ref` under `http:`"
        } else {
            "check the TLS settings of the server and of the proxies between this machine and the server"
        };
        return unavailable(format!("no TLS connection to `{host}`: {text}")).with_help(help);
    }
    if fault.is_timeout() {
        let limit = shown(limits.connecting);
        return Error::new(ErrorKind::Timeout, format!("no connection to `{host}` within the time limit of {limit}"))
            .with_help("check the host and the network, and whether you need a proxy (`http: {proxy: …}`)")
            .with_retry(PASSING);
    }
    if says("proxy authorization required") {
        let whose = if proxied { "`http: {proxy: …}`" } else { "the environment variable HTTPS_PROXY or ALL_PROXY" };
        return unavailable(format!("the proxy in {whose} requires a user name and a password to connect to `{host}`"))
            .with_help(
                "use a proxy that lets this machine through, or set HTTPS_PROXY to a URL with user name and password",
            );
    }
    if says("tunnel") || says("proxy") {
        let whose = if proxied { "`http: {proxy: …}`" } else { "the environment variable HTTPS_PROXY or ALL_PROXY" };
        return unavailable(format!("the proxy refused to connect to `{host}`: {text}"))
            .with_help(format!("check {whose}, and the rules of the proxy"));
    }
    if is_refused(fault) {
        let whose = if proxied { "or its proxy " } else { "" };
        return unavailable(format!("`{host}` {whose}refused the connection"))
            .with_help("check the host and port, and whether the server is running")
            .with_retry(limits.refusal);
    }
    unavailable(format!("no connection to `{host}`: {text}"))
        .with_help("check the network between this machine and the server")
        .with_retry(PASSING)
}

/// The error if the server ended the handshake because of the certificate of this client. It did not read the request.
fn certificate_refused(text: &str, host: &str) -> Option<Error> {
    const REASONS: &[(&str, &str)] = &[
        ("unknown ca", "it does not trust the issuer"),
        ("certificate expired", "it has expired"),
        ("certificate revoked", "it was revoked"),
        ("unsupported certificate", "it is of the wrong kind"),
        ("bad certificate", "it is not valid there"),
        ("certificate unknown", "it is not valid there"),
        ("access denied", "it has no access"),
    ];
    let text = text.to_lowercase();
    let (_, alert) = text.split_once(" alert ")?;
    let error = |message: String| Error::new(ErrorKind::Auth, message).with_happened(Happened::No);
    if alert.starts_with("certificate required") {
        let help = "set `client_certificate_ref` and `client_key_ref` under `http:`";
        return Some(error(format!("`{host}` requires a client certificate (mutual TLS)")).with_help(help));
    }
    let (_, why) = REASONS.iter().find(|(reason, _)| alert.starts_with(reason))?;
    Some(error(format!("`{host}` refused the client certificate: {why}")).with_help(
        "check `client_certificate_ref` under `http:`, and ask the owner of the server which certificates it accepts",
    ))
}

fn distrusted(text: &str, host: &str) -> Error {
    let (why, help) = if text.contains("expired") {
        ("has expired", "ask the owner of the server to renew it; also check the clock of this machine")
    } else if text.contains("not yet valid") {
        ("is not valid yet", "check the clock of this machine")
    } else if text.contains("hostname mismatch") || text.contains("address mismatch") {
        ("was issued for another host name", "use the host name in the certificate")
    } else if text.contains("self-signed") || text.contains("self signed") || text.contains("local issuer") {
        (
            "was issued by an authority that this machine does not trust",
            "set `http: {ca_file: …}` to the certificate (PEM) of the authority",
        )
    } else {
        (
            "is not valid",
            "set `http: {ca_file: …}` to the certificate (PEM) of the authority, or ask its owner to renew it",
        )
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

/// The messages of the causes, which say what really happened.
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
