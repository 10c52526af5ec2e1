//! Reads the response of a token endpoint.

use crate::clock_skew;
use crate::grants::dpop::DPOP;
use crate::grants::token_errors;
use crate::hosts::host_and_port;
use connector_core::{Error, ErrorKind, Reply, Result, Retry, Token, TokenErrorRow};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use std::time::Duration;
use url::Url;

/// A temporary fault, worth another try immediately.
const PASSING: Retry = Retry::After(Duration::ZERO);

/// The wait for a service that is down, which is longer than a program should wait.
const MINUTES: Retry = Retry::After(Duration::from_mins(5));

/// Login limits apply for an hour, and another try makes it worse.
const AN_HOUR: Retry = Retry::After(Duration::from_hours(1));

/// A field whose name contains such a word is a secret, or helps to create one.
const SECRET_WORDS: [&str; 8] = ["token", "secret", "password", "signature", "assertion", "sid", "cookie", "session"];

/// The response of the token endpoint at `url`. No error quotes its body.
#[derive(Clone, Copy)]
pub(crate) struct TokenResponse<'a> {
    pub(crate) reply: &'a Reply,
    pub(crate) url: &'a Url,
    pub(crate) now: Timestamp,
    /// The errors that the provider's connector explains.
    pub(crate) provider: &'static [TokenErrorRow],
    /// Whether the token must be bound to a key (RFC 9449): the request had a proof.
    pub(crate) is_bound: bool,
}

impl TokenResponse<'_> {
    /// The token in it, or an error that says what the endpoint sent instead. `sent` is the secret that was sent. If the
    /// server quotes it, it is blanked out.
    pub(crate) fn read(&self, sent: &SecretString) -> Result<Token> {
        let Ok(Value::Object(members)) = serde_json::from_slice(&self.reply.body) else {
            return Err(self.no_answer());
        };
        if let Some(code) = text(&members, "error") {
            let blank = |text: &str| text.replace(sent.expose_secret(), "…");
            let description = text(&members, "error_description").unwrap_or_default();
            return Err(self.refusal(&clean(&blank(code), 60), &clean(&blank(description), 300)));
        }
        if !(200..300).contains(&self.reply.status) {
            return Err(self.no_answer());
        }
        self.token(members)
    }

    fn token(&self, members: Map<String, Value>) -> Result<Token> {
        let host = host_and_port(self.url);
        let Some(access_token) = text(&members, "access_token").filter(|text| !text.is_empty()) else {
            return Err(Error::new(ErrorKind::Protocol, format!("`{host}` responded without an access token"))
                .with_help("check that `token_url` is the token endpoint; it often ends in `/oauth2/token`"));
        };
        let token_type = text(&members, "token_type").unwrap_or("none");
        if !token_type.eq_ignore_ascii_case(if self.is_bound { DPOP } else { "Bearer" }) {
            return Err(self.wrong_type(&clean(token_type, 20)));
        }
        let mut token = Token::new(SecretString::from(access_token));
        token.expires_in = members.get("expires_in").and_then(seconds);
        Ok(token.with_members(public(members)))
    }

    /// The error for a token that can't be used as the source says.
    fn wrong_type(&self, token_type: &str) -> Error {
        let host = host_and_port(self.url);
        let of = |what: &str, help: &str| {
            let message = format!("`{host}` returned a token of type `{token_type}`, {what}");
            Error::new(ErrorKind::Protocol, message).with_help(help)
        };
        if self.is_bound {
            of(
                "which is not bound to the key",
                "allow or require DPoP in the settings of the app; if the service does not know DPoP, remove `dpop` (or `dpop_key_ref`) from `auth:`",
            )
        } else if token_type.eq_ignore_ascii_case(DPOP) {
            of(
                "which needs a proof in each request",
                "set `dpop: true` under `auth:` (or `dpop_key_ref`, with a client secret)",
            )
        } else {
            of("but Connector can use only `Bearer` and `DPoP`", "configure the app to issue bearer tokens")
        }
    }

    fn refusal(&self, code: &str, description: &str) -> Error {
        let known = token_errors::knowledge(self.provider, code, description);
        let mut message = if description.is_empty() { code.to_owned() } else { format!("{code}: {description}") };
        let mut help = known.map_or(token_errors::UNKNOWN_CURE, |row| row.cure).to_owned();
        if let Some(row) = known {
            message = format!("{message} ({})", row.cause);
        }
        if code == "invalid_grant"
            && let Some(hint) = clock_skew::hint(self.reply.date.as_deref(), self.now)
        {
            help = format!("{hint}. If that is not the cause: {help}");
        }
        let out_of_service = self.reply.status >= 500;
        let kind = match known {
            Some(row) => row.kind,
            None if out_of_service => ErrorKind::Unavailable,
            None => ErrorKind::Auth,
        };
        let retry = match kind {
            ErrorKind::RateLimited => AN_HOUR,
            ErrorKind::Unavailable => PASSING,
            _ => Retry::No,
        };
        Error::new(kind, message).with_help(help).with_retry(retry)
    }

    /// The error for a response that is neither a token nor an OAuth error.
    fn no_answer(&self) -> Error {
        let Reply { status, content_type, body, .. } = self.reply;
        let host = host_and_port(self.url);
        let page = content_type.to_ascii_lowercase().contains("html") || body.trim_ascii_start().starts_with(b"<");
        let of = |kind: ErrorKind, message: String| Error::new(kind, format!("{message} (status {status})"));
        match status {
            404 | 405 => of(ErrorKind::Protocol, format!("`{host}{}` is not a token endpoint", self.url.path()))
                .with_help("check `token_url`; the path often ends in `/oauth2/token`"),
            429 => of(ErrorKind::RateLimited, format!("`{host}` currently refuses more logins"))
                .with_help("wait before the next try, and check whether other programs sign in too often")
                .with_retry(MINUTES),
            _ if page => of(ErrorKind::Unavailable, format!("`{host}` responded with a web page instead of a token"))
                .with_help(
                    "the service may be in maintenance: try again in a few minutes; \
                     otherwise check that `token_url` is the token endpoint",
                )
                .with_retry(MINUTES),
            500.. => of(ErrorKind::Unavailable, format!("the token endpoint of `{host}` is unavailable"))
                .with_help("try again in a few minutes")
                .with_retry(PASSING),
            _ => {
                let what = if body.is_empty() { "an empty body" } else { "a body that is not the JSON of a token" };
                of(ErrorKind::Protocol, format!("`{host}` responded with {what}"))
                    .with_help("check that `token_url` is the token endpoint")
            }
        }
    }
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str)
}

fn public(mut members: Map<String, Value>) -> Map<String, Value> {
    members.retain(|name, _| {
        let name = name.to_ascii_lowercase();
        name == "token_type" || name == "token_format" || !SECRET_WORDS.iter().any(|word| name.contains(word))
    });
    members
}

/// Some servers send the number as text.
fn seconds(value: &Value) -> Option<Duration> {
    let number = value.as_u64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))?;
    Some(Duration::from_secs(number))
}

/// A text from a server, made safe to show: without control characters, and at most `most` characters long.
fn clean(text: &str, most: usize) -> String {
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, content_type: &str, body: &str) -> Result<Token> {
        let reply = Reply::new(status, body).with_content_type(content_type);
        let url = Url::parse("https://acme.example/oauth2/token").unwrap();
        TokenResponse { reply: &reply, url: &url, now: Timestamp::UNIX_EPOCH, provider: &[], is_bound: false }
            .read(&SecretString::from("sent-secret"))
    }

    #[test]
    fn secret_fields_of_a_token_response_are_dropped() {
        let token = read(
            200,
            "application/json",
            r#"{"access_token":"x","token_type":"Bearer","refresh_token":"x","id_token":"x","signature":"x",
                "browser_sid":"x","csrf_token":"x","scope":"api","instance_url":"https://a.example","expires_in":"60"}"#,
        )
        .unwrap();
        let names: Vec<_> = token.members.keys().map(String::as_str).collect();
        assert_eq!(names, ["token_type", "scope", "instance_url", "expires_in"]);
        assert_eq!(token.expires_in, Some(Duration::from_mins(1)));
    }

    #[test]
    fn each_unexpected_response_has_its_own_message() {
        let rows = [
            (200, "text/html", "<html>Data Not Available</html>", ErrorKind::Unavailable, "web page"),
            (503, "text/html", "<html></html>", ErrorKind::Unavailable, "web page"),
            (503, "text/plain", "down", ErrorKind::Unavailable, "is unavailable"),
            (200, "", "", ErrorKind::Protocol, "with an empty body"),
            (200, "application/json", "[1]", ErrorKind::Protocol, "not the JSON of a token"),
            (200, "application/json", r#"{"access_token":"#, ErrorKind::Protocol, "not the JSON of a token"),
            (200, "application/json", "{}", ErrorKind::Protocol, "without an access token"),
            (200, "application/json", r#"{"access_token":""}"#, ErrorKind::Protocol, "without an access token"),
            (200, "application/json", r#"{"access_token":"x","token_type":"mac"}"#, ErrorKind::Protocol, "type `mac`"),
            (
                404,
                "text/html",
                "<html></html>",
                ErrorKind::Protocol,
                "`acme.example/oauth2/token` is not a token endpoint",
            ),
            (429, "", "", ErrorKind::RateLimited, "refuses more logins"),
            (400, "application/json", r#"{"error":"odd_code"}"#, ErrorKind::Auth, "odd_code"),
            (500, "application/json", r#"{"error":"odd_code"}"#, ErrorKind::Unavailable, "odd_code"),
        ];
        for (status, content_type, body, kind, part) in rows {
            let error = read(status, content_type, body).unwrap_err();
            assert_eq!(error.kind(), kind, "{status} {body}");
            assert!(error.message().contains(part), "{status} {body}: {error}");
            assert!(error.help().is_some(), "{status} {body}");
        }
    }

    #[test]
    fn a_token_must_be_bound_if_and_only_if_the_request_had_a_proof() {
        let url = Url::parse("https://acme.example/oauth2/token").unwrap();
        let read = |kind: &str, is_bound| {
            let reply = Reply::new(200, format!(r#"{{"access_token":"x","token_type":"{kind}"}}"#));
            TokenResponse { reply: &reply, url: &url, now: Timestamp::UNIX_EPOCH, provider: &[], is_bound }
                .read(&SecretString::from("s"))
                .map_err(|error| format!("{} ({})", error.message(), error.help().unwrap_or_default()))
        };
        assert!(read("bearer", false).is_ok() && read("dpop", true).is_ok());
        let unbound = read("Bearer", true).unwrap_err();
        assert!(unbound.contains("not bound to the key") && unbound.contains("DPoP"), "{unbound}");
        let unproved = read("DPoP", false).unwrap_err();
        assert!(unproved.contains("`dpop: true`"), "{unproved}");
    }

    #[test]
    fn a_secret_that_the_server_quotes_is_not_shown() {
        let body = r#"{"error":"invalid_grant","error_description":"bad value sent-secret\u0007 here"}"#;
        let error = read(400, "application/json", body).unwrap_err();
        assert!(error.message().starts_with("invalid_grant: bad value …  here"), "{error}");
        assert!(!format!("{error:?}").contains("sent-secret"));
    }

    #[test]
    fn a_wrong_clock_is_named_in_an_invalid_grant() {
        let body = br#"{"error":"invalid_grant","error_description":"expired authorization code"}"#;
        let reply = Reply::new(400, body).with_date("Thu, 01 Jan 1970 00:05:00 GMT");
        let url = Url::parse("https://acme.example/").unwrap();
        let answer = |now| {
            TokenResponse { reply: &reply, url: &url, now, provider: &[], is_bound: false }
                .read(&SecretString::from("x"))
                .unwrap_err()
        };
        let off = answer(Timestamp::UNIX_EPOCH);
        assert!(off.help().unwrap().starts_with("the clock of this machine is 300 seconds behind"), "{off:?}");
        let right = answer(Timestamp::from_second(290).unwrap());
        assert!(!right.help().unwrap().contains("seconds behind"), "{right:?}");
    }
}
