//! Reads the answer of a token endpoint.

use crate::clock_skew;
use crate::grants::token_errors::{self, Knowledge};
use crate::hosts::host_and_port;
use connector_core::{Error, ErrorKind, Reply, Result, Retry, Token};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Map, Value};
use std::time::Duration;
use url::Url;

/// How long to wait for a service that says it is down.
const LATER: Duration = Duration::from_millis(500);

/// Members that are secrets or help to make one.
const SECRET_MEMBERS: [&str; 6] =
    ["access_token", "refresh_token", "id_token", "signature", "client_secret", "assertion"];

/// The token in an answer; otherwise an error that says what came instead. No error repeats a body.
pub(crate) fn read(reply: &Reply, url: &Url, now: Timestamp) -> Result<Token> {
    let host = host_and_port(url);
    let members = match serde_json::from_slice::<Value>(&reply.body) {
        Ok(Value::Object(members)) => members,
        _ => return Err(not_an_answer(reply, url)),
    };
    if let Some(code) = members.get("error").and_then(Value::as_str) {
        let description = members.get("error_description").and_then(Value::as_str).unwrap_or_default();
        return Err(refusal(code, description, reply, now));
    }
    if !(200..300).contains(&reply.status) {
        return Err(not_an_answer(reply, url));
    }
    let Some(access_token) = members.get("access_token").and_then(Value::as_str).filter(|text| !text.is_empty()) else {
        return Err(Error::new(ErrorKind::Protocol, format!("`{host}` answered without an access token")).with_help(
            "check that `token_url` is the address of the token endpoint, often ending in `/oauth2/token`",
        ));
    };
    let token_type = members.get("token_type").and_then(Value::as_str).unwrap_or("none");
    if !token_type.eq_ignore_ascii_case("bearer") {
        let shown = clean(token_type, 40);
        return Err(Error::new(
            ErrorKind::Protocol,
            format!("`{host}` gave a token of type `{shown}`, only `Bearer` can be used"),
        ));
    }
    Ok(Token {
        access_token: SecretString::from(access_token),
        expires_in: members.get("expires_in").and_then(seconds),
        members: public(members.clone()),
    })
}

fn public(mut members: Map<String, Value>) -> Map<String, Value> {
    members.retain(|name, _| !SECRET_MEMBERS.contains(&name.to_ascii_lowercase().as_str()));
    members
}

/// Some servers write the number as text.
fn seconds(value: &Value) -> Option<Duration> {
    let number = value.as_u64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))?;
    Some(Duration::from_secs(number))
}

fn refusal(code: &str, description: &str, reply: &Reply, now: Timestamp) -> Error {
    let (code, description) = (clean(code, 60), clean(description, 300));
    let Knowledge { kind, cause, cure, temporary, .. } = *token_errors::knowledge(&code, &description);
    let said = if description.is_empty() { code.clone() } else { format!("{code}: {description}") };
    let message = if cause.is_empty() { said } else { format!("{said} ({cause})") };
    let mut help = cure.to_owned();
    if code == "invalid_grant"
        && let Some(hint) = clock_skew::hint(reply.date.as_deref(), now)
    {
        help = format!("{hint}. If that is not it: {help}");
    }
    let error = Error::new(kind, message).with_help(help);
    if temporary || (reply.status >= 500 && cause.is_empty()) {
        // A login limit counts for an hour, so asking again at once makes it worse.
        let retry =
            if kind == ErrorKind::RateLimited { Retry::After(Duration::from_secs(3600)) } else { Retry::After(LATER) };
        return error.with_retry(retry);
    }
    error
}

fn not_an_answer(reply: &Reply, url: &Url) -> Error {
    let host = host_and_port(url);
    let page =
        reply.content_type.to_ascii_lowercase().contains("html") || reply.body.trim_ascii_start().starts_with(b"<");
    let status = reply.status;
    if page && (status >= 500 || status < 400) {
        return Error::new(
            ErrorKind::Unavailable,
            format!("`{host}` answered with a web page instead of a token (status {status})"),
        )
        .with_help(
            "the service may be in maintenance: try again in some minutes; otherwise check that `token_url` \
             is the address of the token endpoint",
        )
        .with_retry(Retry::After(Duration::from_secs(300)));
    }
    if status >= 500 {
        return Error::new(
            ErrorKind::Unavailable,
            format!("the token endpoint of `{host}` is out of service (status {status})"),
        )
        .with_help("try again in some minutes")
        .with_retry(Retry::After(LATER));
    }
    if status == 429 {
        return Error::new(ErrorKind::RateLimited, format!("`{host}` refuses more logins for now (status 429)"))
            .with_help("wait before the next try; keep other programs from signing in all the time")
            .with_retry(Retry::After(Duration::from_secs(300)));
    }
    if status == 404 || status == 405 || page {
        return Error::new(
            ErrorKind::Protocol,
            format!("there is no token endpoint at `{host}{}` (status {status})", url.path()),
        )
        .with_help("check `token_url`; the path often ends in `/oauth2/token`");
    }
    let what = if reply.body.is_empty() { "nothing" } else { "something that is not the JSON of a token" };
    Error::new(ErrorKind::Protocol, format!("`{host}` answered with {what} (status {status})"))
        .with_help("check that `token_url` is the address of the token endpoint")
}

/// Text of a server made fit to be shown: no control characters, no more than `most` characters.
fn clean(text: &str, most: usize) -> String {
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(most).collect()
}
