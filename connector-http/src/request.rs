//! One request, and how often it is sent.

use crate::body::Body;
use crate::hosts::host_and_port;
use crate::pace::{Tries, retry_after};
use crate::response::{Response, Verdict};
use crate::session::Session;
use crate::tokens::{self, Held};
use crate::transport::{LARGEST_BODY, Parcel};
use bytes::Bytes;
use connector_core::{Credential, Error, ErrorKind, Happened, ProofRequest, Result, Retry};
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use std::fmt;
use std::sync::Arc;
use url::Url;

/// A request to be sent. Made by [`Client`](crate::Client). `Debug` shows method and path.
///
/// ```no_run
/// # async fn rename(client: &connector_http::Client) -> connector_core::Result<()> {
/// use connector_http::Method;
///
/// let request = client.request(Method::PUT, "/people/7").json(&serde_json::json!({"name": "Ada"}));
/// let response = request.header("If-Match", "\"3\"").at_most(64 * 1024).repeatable().send().await?;
/// # drop(response); Ok(()) }
/// ```
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
    most: usize,
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
            most: LARGEST_BODY,
            fault: None,
        }
    }

    /// Sets the body as JSON.
    pub fn json(mut self, body: &impl Serialize) -> Self {
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

    /// Sets a body of any type.
    pub fn body(self, content_type: &str, body: Bytes) -> Self {
        self.any_body(content_type, Body::Fixed(body))
    }

    pub(crate) fn any_body(mut self, content_type: &str, body: Body) -> Self {
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

    /// Refuses an answer with a body of more than `bytes`, after decompression. Without it the limit is 256 MiB.
    pub fn at_most(mut self, bytes: usize) -> Self {
        self.most = bytes;
        self
    }

    /// Sends it without the credential; a body that holds the token is left out with it.
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
    /// kinds `unavailable`, `timeout` and `protocol` when no complete answer came, with `auth` when signing in failed, when
    /// the service refused a credential that can't be renewed, or when the address must not get the credential.
    /// [`Error::happened`] is `Unknown` when the request may have been received.
    pub async fn send(mut self) -> Result<Response> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let mut held = self.credential().await?;
        let mut signed_in_again = false;
        let mut proved_again = false;
        let mut tries = Tries::of_request();
        loop {
            let nonce = self.session.nonce.get();
            let parcel = self.parcel(held.as_deref(), nonce.as_deref()).await?;
            let host = host_and_port(&parcel.url);
            let (result, asked) = match self.session.transport.send(parcel).await {
                Ok(response) => {
                    let has_nonce = self.note_nonce(&response, nonce.as_deref());
                    match ((self.session.verdict)(&response), &held) {
                        (Verdict::SignInAgain, Some(_)) if has_nonce && !proved_again => {
                            proved_again = true;
                            self.session.transport.count_retry();
                            continue;
                        }
                        (Verdict::SignInAgain, Some(spent)) if !self.anonymous && !signed_in_again => {
                            signed_in_again = true;
                            let refused = refused(&spent.credential, &host, response.status);
                            let renewed = self.session.tokens.renewed(spent, refused).await;
                            held = Some(renewed.map_err(unsent)?);
                            self.session.transport.count_retry();
                            continue;
                        }
                        (Verdict::Retry, _) if self.repeatable => {
                            let asked = retry_after(&response, self.session.transport.clock.now());
                            (Ok(response), asked)
                        }
                        _ => return Ok(response),
                    }
                }
                Err(error) if self.may_repeat(&error) => (Err(error), None),
                Err(error) => return Err(self.settled(error)),
            };
            if !tries.pause(asked).await {
                return result.map_err(|error| self.settled(error.with_retry(Retry::Exhausted)));
            }
            tracing::debug!(method = %self.method, path = self.path_shown(), "asking again after a passing fault");
            self.session.transport.count_retry();
            // A session may well end while one waits, and others may have renewed it.
            held = self.credential().await?;
            signed_in_again = false;
        }
    }

    /// The credential to send; none where the request carries none and its address is known without one.
    async fn credential(&self) -> Result<Option<Arc<Held>>> {
        if self.anonymous && self.session.transport.hosts.fixed_base().is_some() {
            return Ok(None);
        }
        self.session.tokens.current().await.map(Some).map_err(unsent)
    }

    /// Keeps the nonce that an answer names; says whether it is another one than was `sent`.
    fn note_nonce(&self, response: &Response, sent: Option<&str>) -> bool {
        let proof = self.session.tokens.strategy.proof();
        let named = proof.as_ref().and_then(|proof| response.header(proof.nonce_header()?));
        let Some(nonce) = named.filter(|nonce| Some(*nonce) != sent) else { return false };
        self.session.nonce.set(nonce);
        true
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

    async fn parcel(&self, held: Option<&Held>, nonce: Option<&str>) -> Result<Parcel> {
        // First of all, whether the address may get what follows.
        let url = self.url(held)?;
        let mut headers = self.headers.clone();
        let credential = held.filter(|_| !self.anonymous);
        if let Some(held) = credential {
            held.apply(&mut headers)?;
            self.prove(held, &url, nonce, &mut headers).await?;
        }
        let body = match (&self.body, credential) {
            (None, _) | (Some(Body::OfToken(_)), None) => None,
            (Some(Body::Fixed(bytes)), _) => Some(bytes.clone()),
            (Some(Body::OfToken(write)), Some(held)) => {
                let token = held.token().ok_or_else(|| {
                    Error::new(
                        ErrorKind::Unsupported,
                        "this request needs a token, and the source signs in without one",
                    )
                })?;
                Some(write(&token.access_token))
            }
        };
        Ok(Parcel { method: self.method.clone(), url, headers, body, most: self.most })
    }

    /// Adds the headers that prove that this request may use the credential.
    async fn prove(&self, held: &Held, url: &Url, nonce: Option<&str>, headers: &mut HeaderMap) -> Result<()> {
        let Some(proof) = self.session.tokens.strategy.proof() else { return Ok(()) };
        let token = held.token().map(|token| &token.access_token);
        let request = ProofRequest::new(self.method.as_str(), url).with_token(token).with_nonce(nonce);
        for (name, value) in proof.headers(&request).await? {
            tokens::insert(headers, &name, &value)?;
        }
        Ok(())
    }

    /// A path is put after the base, so nothing in it can name another host; a whole URL must be permitted.
    fn url(&self, held: Option<&Held>) -> Result<Url> {
        let hosts = &self.session.transport.hosts;
        let base = hosts.base(held.and_then(Held::token))?;
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

/// A login that failed says nothing about the request: it was not sent.
fn unsent(error: Error) -> Error {
    error.with_happened(Happened::No)
}

/// What to say when the service refuses a credential that nobody can renew.
fn refused(credential: &Credential, host: &str, status: u16) -> Error {
    if matches!(credential, Credential::None) {
        return Error::new(
            ErrorKind::Auth,
            format!("`{host}` asks for credentials, and the source sends none (status {status})"),
        )
        .with_help("write another `grant_type` under `auth:` in the source file");
    }
    Error::new(ErrorKind::Auth, format!("`{host}` refused the credentials of the source (status {status})")).with_help(
        "check that the secret that `auth:` points at is current and belongs to this service, and that its account is active",
    )
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path_shown())
            .finish_non_exhaustive()
    }
}
