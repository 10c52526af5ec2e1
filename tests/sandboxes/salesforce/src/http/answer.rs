//! Requests and responses of the resources.

use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::HeaderValue;
use hyper::{HeaderMap, Method};
use serde_json::{Value as Json, json};

use crate::soql::SoqlError;

/// A request, read whole.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// The query part, decoded.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Bytes of the request target.
    pub(crate) target_length: usize,
}

impl Ask {
    /// The first value of a query parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The effective method: clients that can't send PATCH name it in a POST.
    pub(crate) fn meant(&self) -> Method {
        let named = self.parameter("_HttpMethod").filter(|_| self.method == Method::POST);
        named.and_then(|name| name.parse().ok()).unwrap_or_else(|| self.method.clone())
    }

    /// A request that is part of this one.
    pub(crate) fn part(&self, method: Method, target: &str, body: Bytes) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = self.headers.clone();
        headers.remove("content-encoding");
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        Self {
            method,
            path: path.to_owned(),
            query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers,
            body,
            target_length: target.len(),
        }
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A response before it is sent.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// The kind of the request in the request log.
    pub(crate) kind: String,
    pub(crate) noted: Noted,
    /// The connection breaks in the middle of the body.
    pub(crate) cut: bool,
    /// Whether the resource carried out or refused a write.
    pub(crate) wrote: bool,
    /// The connection is closed without the response.
    pub(crate) lost: bool,
}

/// The detail in the request log.
#[derive(Debug, Default)]
pub(crate) enum Noted {
    #[default]
    Nothing,
    /// The statement of a query.
    Soql(Box<str>),
    /// The kinds of the requests within the request.
    Parts(Vec<String>),
}

const JSON: &str = "application/json;charset=UTF-8";

impl Answer {
    pub(crate) fn new(status: u16, content_type: &'static str, body: Vec<u8>) -> Self {
        Self {
            status,
            content_type,
            headers: Vec::new(),
            body,
            kind: String::new(),
            noted: Noted::Nothing,
            cut: false,
            wrote: false,
            lost: false,
        }
    }

    pub(crate) fn json(status: u16, json: &Json) -> Self {
        Self::new(status, JSON, json.to_string().into_bytes())
    }

    pub(crate) fn page(body: Vec<u8>) -> Self {
        Self::new(200, JSON, body)
    }

    /// A success without a body.
    pub(crate) fn no_content() -> Self {
        Self::new(204, JSON, Vec::new())
    }

    /// The error array of the data resources.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, &json!([{"message": message, "errorCode": code}]))
    }

    pub(crate) fn not_found() -> Self {
        Self::error(404, "NOT_FOUND", "The requested resource does not exist")
    }

    pub(crate) fn not_allowed(method: &Method, allowed: &str) -> Self {
        let message = format!("HTTP Method '{method}' not allowed. Allowed are {allowed}");
        Self::error(405, "METHOD_NOT_ALLOWED", &message)
    }

    /// The error object of the token endpoint.
    pub(crate) fn refused(error: &str, description: &str) -> Self {
        Self::json(400, &json!({"error": error, "error_description": description}))
            .with("Cache-Control", "no-store")
            .with("Pragma", "no-cache")
    }

    pub(crate) fn html(status: u16, title: &str) -> Self {
        let body = format!(
            "<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1>\
             <p>The data you were trying to access could not be found. It may be due to maintenance.</p></body></html>\n"
        );
        Self::new(status, "text/html; charset=UTF-8", body.into_bytes())
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = kind.into();
        self
    }
}

impl From<SoqlError> for Answer {
    fn from(error: SoqlError) -> Self {
        Self::error(400, error.code, &error.message)
    }
}

/// Compresses a body. Speed matters more than size on loopback.
pub(crate) fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    written.expect("writing to memory can't fail")
}

/// The body of a response: complete, or cut in the middle.
#[derive(Debug)]
pub(crate) struct Payload {
    pending: Option<Bytes>,
    length: u64,
    cut: bool,
}

impl Payload {
    pub(crate) fn new(body: Vec<u8>, cut: bool) -> Self {
        let length = body.len() as u64;
        let mut pending = Bytes::from(body);
        if cut {
            pending.truncate(pending.len() / 2);
        }
        Self { pending: Some(pending).filter(|bytes| !bytes.is_empty()), length, cut }
    }
}

/// The connection was closed on purpose.
#[derive(Debug)]
pub(crate) struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection was closed on purpose")
    }
}

impl std::error::Error for Broken {}

impl Body for Payload {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match self.pending.take() {
            Some(bytes) => {
                // Lets the first half reach the wire before the connection breaks.
                context.waker().wake_by_ref();
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            None if self.cut => Poll::Ready(Some(Err(Broken))),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.pending.is_none() && !self.cut
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
