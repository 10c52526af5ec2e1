//! Complete answers.

use bytes::Bytes;
use connector_core::{Error, ErrorKind, Result};
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use std::fmt;

/// A complete answer, whatever its status. `Debug` shows no body.
#[derive(Clone)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body: complete and decompressed.
    pub body: Bytes,
}

/// What a connector says about an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The answer counts.
    Final,
    /// The trouble is temporary: ask again, where that is safe.
    Retry,
    /// The session is over: sign in once and ask again.
    SignInAgain,
}

impl Verdict {
    /// What the status alone says: 401 needs a new session; 408, 429 and most of 5xx are temporary.
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

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body read as JSON. Fails with kind `protocol` and the place in the body, never with its content.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|cause| {
            let what = if self.body.is_empty() {
                "the answer is empty where JSON is due".to_owned()
            } else if self.body.trim_ascii_start().starts_with(b"<") {
                "the answer is a web page where JSON is due".to_owned()
            } else if cause.is_eof() {
                format!("the answer ends in the middle of its JSON, after {} bytes", self.body.len())
            } else {
                format!("the answer is not the JSON that is due (line {}, column {})", cause.line(), cause.column())
            };
            Error::new(ErrorKind::Protocol, what).with_help(
                "try again in some minutes; if it stays so, look at what answers in place of the service: a maintenance or login page, a proxy",
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
