//! Complete responses.

use bytes::Bytes;
use connector_core::{Error, ErrorKind, Result, Retry};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// The wait after status 429 if the source does not say how long.
const USUAL_WAIT: Duration = Duration::from_secs(5);

/// The longest part of a source's own message to show.
const LONGEST_MESSAGE: usize = 300;

/// A complete response with any status. `Debug` does not show the body.
///
/// ```
/// use connector_http::{Reaction, Response, header::HeaderMap};
///
/// let response = Response { status: 200, headers: HeaderMap::new(), body: r#"{"id": "0042"}"#.into() };
/// assert!(response.is_success());
/// assert_eq!(response.json::<serde_json::Value>()?["id"], "0042");
/// assert_eq!(Reaction::by_status(&response), Reaction::Final);
/// # Ok::<(), connector_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The complete, decompressed body.
    pub body: Bytes,
}

/// How the client reacts to a response. A connector whose source uses other statuses gives a rule of its own to
/// [`Client::with_reaction`](crate::Client::with_reaction).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// The response is final.
    Final,
    /// The fault is temporary: repeat the request if that is safe.
    Retry,
    /// The session has ended: sign in once and repeat the request.
    SignInAgain,
}

impl Reaction {
    /// The reaction by status: 401 needs a new session; 408, 429 and most of 5xx are temporary.
    pub fn by_status(response: &Response) -> Self {
        match response.status {
            401 => Self::SignInAgain,
            501 | 505 => Self::Final,
            408 | 429 | 500..=599 => Self::Retry,
            _ => Self::Final,
        }
    }
}

impl Response {
    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The response if its status is 2xx. Any other status is an error of the kind that the status stands for in most APIs. A connector
    /// whose source says more in its errors reads them first.
    ///
    /// ```
    /// # use connector_http::{Response, header::HeaderMap};
    /// let response = Response { status: 404, headers: HeaderMap::new(), body: "".into() };
    /// assert_eq!(response.success().unwrap_err().kind(), connector_core::ErrorKind::NotFound);
    /// ```
    pub fn success(self) -> Result<Self> {
        if self.is_success() {
            return Ok(self);
        }
        let (kind, help) = match self.status {
            400 | 422 => (ErrorKind::Invalid, "check the values that the request sends"),
            401 => (ErrorKind::Auth, "check the credentials of the source, and that they have not expired"),
            403 => (ErrorKind::Permission, "give the service account the permission for this request"),
            404 | 410 => (
                ErrorKind::NotFound,
                "check the URL of the source and the id, and that the service account may see the object",
            ),
            408 => (ErrorKind::Timeout, "try again in a few minutes"),
            409 | 412 => (ErrorKind::Conflict, "read the object again, and repeat the change"),
            428 => (
                ErrorKind::Invalid,
                "read the object first, and send its `ETag` as `If-Match`, as `Client::change` does",
            ),
            429 => {
                (ErrorKind::RateLimited, "try again later, or set `http: {requests_per_second: …}` in the source file")
            }
            500..=599 => (ErrorKind::Unavailable, "try again in a few minutes; check the status page of the service"),
            _ => (ErrorKind::Protocol, "check the URL of the source: another service may answer there"),
        };
        let error = Error::new(kind, format!("the source answered with status {}", self.status)).with_help(help);
        Err(match kind {
            // The client has waited and asked again as often as it may.
            ErrorKind::Unavailable | ErrorKind::Timeout => error.with_retry(Retry::Exhausted),
            ErrorKind::RateLimited => {
                let seconds = self.header("retry-after").and_then(|text| text.trim().parse().ok());
                error.with_retry(Retry::After(seconds.map_or(USUAL_WAIT, Duration::from_secs)))
            }
            _ => error,
        })
    }

    /// The error for what the source itself says in an answer without success: a code at a place of the body, and the kind and the help
    /// for each code that is known. `None` for a success, and for another code: then the status says what is wrong. For
    /// [`Client::with_refusal`](crate::Client::with_refusal).
    ///
    /// ```
    /// # use connector_http::{Response, header::HeaderMap};
    /// use connector_core::ErrorKind;
    ///
    /// let response = Response { status: 400, headers: HeaderMap::new(), body: r#"{"code": "taken"}"#.into() };
    /// let error = response.refusal("/code", &[("taken", ErrorKind::AlreadyExists, "choose another name")]).unwrap();
    /// assert_eq!((error.kind(), error.message()), (ErrorKind::AlreadyExists, "the source answered `taken`"));
    /// ```
    pub fn refusal(&self, place: &str, known: &[(&str, ErrorKind, &str)]) -> Option<Error> {
        let body: Value = serde_json::from_slice(&self.body).ok().filter(|_| !self.is_success())?;
        let code = body.pointer(place)?.as_str()?;
        let (_, kind, help) = known.iter().find(|(known, ..)| *known == code)?;
        Some(Error::new(*kind, format!("the source answered `{code}`")).with_help(*help))
    }

    /// What the source itself says at a place of the body, a JSON pointer, in one line of at most 300 characters. `None` if nothing
    /// is there, and for a success.
    ///
    /// ```
    /// # use connector_http::{Response, header::HeaderMap};
    /// let response = Response { status: 409, headers: HeaderMap::new(), body: r#"{"message": "This login\nis taken."}"#.into() };
    /// assert_eq!(response.message("/message").as_deref(), Some("This login is taken."));
    /// ```
    pub fn message(&self, place: &str) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok().filter(|_| !self.is_success())?;
        let line = body.pointer(place)?.as_str()?.chars().map(|c| if c.is_control() { ' ' } else { c });
        let line: String = line.take(LONGEST_MESSAGE).collect();
        Some(line.trim().to_owned()).filter(|line| !line.is_empty())
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A header that must be there. Fails with kind `protocol`.
    pub fn need(&self, name: &str) -> Result<&str> {
        self.header(name).ok_or_else(|| {
            Error::protocol(format!("the response has no header `{name}`"))
                .with_help("check whether a proxy between Connector and the source removes headers")
        })
    }

    /// A header that must be there and hold a whole number, such as a total. Fails with kind `protocol`.
    pub fn number(&self, name: &str) -> Result<u64> {
        let text = self.need(name)?;
        text.trim()
            .parse()
            .map_err(|_| Error::protocol(format!("the header `{name}` of the response is no whole number")))
    }

    /// When the source answered, by its own clock. Fails with kind `protocol`.
    ///
    /// ```
    /// # use connector_http::{Response, header::HeaderMap};
    /// let headers = HeaderMap::from_iter([("date".parse()?, "Tue, 01 Dec 2026 08:00:00 GMT".parse()?)]);
    /// let response = Response { status: 200, headers, body: "".into() };
    /// assert_eq!(response.time()?.to_string(), "2026-12-01T08:00:00Z");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn time(&self) -> Result<Timestamp> {
        let parsed = rfc2822::parse(self.need("Date")?);
        parsed.map(|date| date.timestamp()).map_err(|_| Error::protocol("the header `Date` of the response is no time"))
    }

    /// Parses the body as JSON. Fails with kind `protocol`. The error shows the position in the body, never its content.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|cause| {
            let what = if self.body.is_empty() {
                "the response is empty, but Connector expected JSON".to_owned()
            } else if self.body.trim_ascii_start().starts_with(b"<") {
                "the response is a web page, but Connector expected JSON".to_owned()
            } else if cause.is_eof() {
                format!("the JSON in the response is cut off after {} bytes", self.body.len())
            } else {
                format!("the response is not the expected JSON (line {}, column {})", cause.line(), cause.column())
            };
            Error::new(ErrorKind::Protocol, what).with_help(
                "try again in a few minutes; if it fails again, check whether a proxy, login page or maintenance page is answering instead of the service",
            )
        })
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
