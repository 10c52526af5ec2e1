//! One answer of a recording.

use super::scrub::{is_secret, scrub, scrub_text};
use crate::redactor::Redactor;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// One answer of a source and the request for it: a file of a recording.
///
/// ```
/// use connector_core::{RecordedAnswer, Redactor};
///
/// let answer = RecordedAnswer::new("GET", "https://acme.example", "/people?page=1", 200)
///     .with_header("etag", "\"7\"")
///     .with_body(br#"{"people": [{"id": 1, "password": "hunter22"}]}"#);
/// let answer = answer.without_secrets(&Redactor::default());
/// assert_eq!(answer.body["people"][0], serde_json::json!({"id": 1, "password": "(removed)"}));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecordedAnswer {
    /// The method of the request.
    pub method: String,
    /// The URL of the source without a path, such as `https://acme.example`. Empty if it is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub origin: String,
    /// The path and the query of the request.
    pub target: String,
    /// The body of the request: JSON, or else the text. `None` if it had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Value>,
    /// The status of the answer.
    pub status: u16,
    /// The headers of the answer, by their names in lower case.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body of the answer: JSON, or else the text.
    #[serde(default)]
    pub body: Value,
}

impl RecordedAnswer {
    /// An answer without headers and body.
    pub fn new(method: impl Into<String>, origin: impl Into<String>, target: impl Into<String>, status: u16) -> Self {
        Self {
            method: method.into(),
            origin: origin.into(),
            target: target.into(),
            sent: None,
            status,
            headers: BTreeMap::new(),
            body: Value::Null,
        }
    }

    /// Adds the body of the request.
    #[must_use]
    pub fn with_sent(mut self, body: &[u8]) -> Self {
        self.sent = (!body.is_empty()).then(|| read(body));
        self
    }

    /// Adds a header of the answer.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.insert(name.to_ascii_lowercase(), value.into());
        self
    }

    /// Adds the body of the answer.
    #[must_use]
    pub fn with_body(mut self, body: &[u8]) -> Self {
        self.body = read(body);
        self
    }

    /// The answer without secrets: headers whose names say that they are secret; in the rest, those that the redactor knows in any spelling, values whose names say that they are secret, also
    /// in a URL, and what looks like a token, an assertion or a private key.
    #[must_use]
    pub fn without_secrets(mut self, redactor: &Redactor) -> Self {
        self.target = scrub_text(&redactor.blank(&self.target));
        self.headers.retain(|name, _| !is_secret(name));
        for value in self.headers.values_mut() {
            *value = scrub_text(&redactor.blank(value));
        }
        self.body = scrub(self.body, redactor);
        self.sent = self.sent.map(|sent| scrub(sent, redactor));
        self
    }

    /// The bytes of the body.
    pub fn body_text(&self) -> String {
        match &self.body {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            body => body.to_string(),
        }
    }

    /// Whether it answers a request, both without secrets.
    pub(super) fn answers(&self, asked: &Self) -> bool {
        self.method == asked.method
            && self.target == asked.target
            && (self.sent.is_none() || asked.sent.is_none() || self.sent == asked.sent)
    }
}

/// JSON, or else the text.
fn read(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned()))
}
