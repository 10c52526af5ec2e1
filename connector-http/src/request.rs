//! One request, and how often it is sent.

use crate::body::Body;
use crate::pace::{Tries, retry_after};
use crate::response::{Response, Verdict};
use crate::session::Session;
use crate::tokens::Held;
use crate::transport::Parcel;
use bytes::Bytes;
use connector_core::{Error, ErrorKind, Happened, Result, Retry};
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use std::fmt;
use std::sync::Arc;
use url::Url;

/// A request to be sent. Made by [`Client`](crate::Client). `Debug` shows method and path.
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    session: Arc<Session>,
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Option<Body>,
    anonymous: bool,
    repeatable: bool,
    /// What went wrong while it was put together; told when it is sent.
    fault: Option<Error>,
}

impl Request {
    pub(crate) fn new(session: Arc<Session>, method: Method, path: &str) -> Self {
        let repeatable = method == Method::GET;
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        Self {
            session,
            method,
            path: path.to_owned(),
            query: Vec::new(),
            headers,
            body: None,
            anonymous: false,
            repeatable,
            fault: None,
        }
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(bytes) => self.body = Some(Body::Fixed(Bytes::from(bytes))),
            Err(cause) => {
                let error = Error::new(ErrorKind::Internal, "a request body could not be written as JSON");
                self.fault = Some(error.with_cause(cause));
            }
        }
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=UTF-8"));
        self
    }

    pub(crate) fn body(mut self, content_type: &str, body: Body) -> Self {
        self.body = Some(body);
        self.header(CONTENT_TYPE.as_str(), content_type)
    }

    /// Adds query parameters.
    pub fn query(mut self, parameters: &[(&str, &str)]) -> Self {
        self.query.extend(parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self
    }

    /// Sets a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            (Ok(name), Ok(value)) if name != AUTHORIZATION => {
                self.headers.insert(name, value);
            }
            _ => self.fault = Some(Error::new(ErrorKind::Internal, format!("the header `{name}` can't be sent"))),
        }
        self
    }

    /// Sends it without the token; a body that holds the token is left out with it.
    pub fn anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// Says that sending it twice does no more than sending it once, so that it may be repeated after a fault.
    /// Reading is so by itself.
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Sends it and gives back the answer, whatever its status.
    ///
    /// Signs in when needed, once more after a 401; repeats it after passing faults where that is safe. Fails with the
    /// kinds `unavailable`, `timeout` and `protocol` when no complete answer came, with `auth` when signing in failed
    /// or the address must not get the credentials. [`Error::happened`] is `Unknown` when the request may have been
    /// received.
    pub async fn send(mut self) -> Result<Response> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        // A login that failed says nothing about this request: it was not sent.
        let unsent = |error: Error| error.with_happened(Happened::No);
        let mut held = self.session.tokens.current().await.map_err(unsent)?;
        let mut signed_in_again = false;
        let mut tries = Tries::of_request();
        loop {
            let sent = self.session.transport.send(self.parcel(&held)?).await;
            let (result, asked) = match sent {
                Ok(response) => match (self.session.verdict)(&response) {
                    Verdict::SignInAgain if !self.anonymous && !signed_in_again => {
                        signed_in_again = true;
                        held = self.session.tokens.renewed(&held).await.map_err(unsent)?;
                        self.session.transport.count_retry();
                        continue;
                    }
                    Verdict::Retry if self.repeatable => {
                        let asked = retry_after(&response, self.session.transport.clock.now());
                        (Ok(response), asked)
                    }
                    _ => return Ok(response),
                },
                Err(error) if self.may_repeat(&error) => (Err(error), None),
                Err(error) => return Err(self.settled(error)),
            };
            if !tries.pause(asked).await {
                return result.map_err(|error| self.settled(error.with_retry(Retry::Exhausted)));
            }
            tracing::debug!(method = %self.method, path = self.path_shown(), "asking again after a passing fault");
            self.session.transport.count_retry();
            // A session may well end while one waits, and others may have renewed it.
            held = self.session.tokens.current().await?;
            signed_in_again = false;
        }
    }

    fn may_repeat(&self, error: &Error) -> bool {
        matches!(error.retry(), Retry::After(_)) && (self.repeatable || error.happened() == Happened::No)
    }

    /// What the caller may know of an error: repeating is decided, and reading changes nothing.
    fn settled(&self, error: Error) -> Error {
        let error = if matches!(error.retry(), Retry::After(_)) { error.with_retry(Retry::No) } else { error };
        if self.method == Method::GET { error.with_happened(Happened::No) } else { error }
    }

    /// The path without its query.
    fn path_shown(&self) -> &str {
        self.path.split_once('?').map_or(self.path.as_str(), |(path, _)| path)
    }

    fn parcel(&self, held: &Held) -> Result<Parcel> {
        // First of all, whether the address may get what follows.
        let url = self.url(held)?;
        let mut headers = self.headers.clone();
        if !self.anonymous {
            headers.insert(AUTHORIZATION, held.bearer()?);
        }
        let body = match &self.body {
            None => None,
            Some(Body::Fixed(bytes)) => Some(bytes.clone()),
            Some(Body::OfToken(_)) if self.anonymous => None,
            Some(Body::OfToken(write)) => Some(write(&held.token.access_token)),
        };
        Ok(Parcel { method: self.method.clone(), url, headers, body })
    }

    /// A path is put after the base, so nothing in it can name another host; a whole URL must be permitted.
    fn url(&self, held: &Held) -> Result<Url> {
        let hosts = &self.session.transport.hosts;
        let base = hosts.base(&held.token)?;
        let text = if self.path.starts_with('/') {
            format!("{}{}", base.as_str().trim_end_matches('/'), self.path)
        } else {
            self.path.clone()
        };
        let mut url = Url::parse(&text).map_err(|cause| {
            Error::new(ErrorKind::Protocol, "the source gave a link that is no URL").with_cause(cause)
        })?;
        hosts.permit(&url)?;
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path_shown())
            .finish_non_exhaustive()
    }
}
