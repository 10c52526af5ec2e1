//! One request and its tries.

use crate::body::Body;
use crate::hosts::host_and_port;
use crate::pace::{Tries, retry_after};
use crate::parts::Parts;
use crate::redirect;
use crate::response::{Reaction, Response};
use crate::secret_header;
use crate::session::Session;
use crate::tokens::SharedCredential;
use crate::transport::{LARGEST_BODY, Parcel};
use bytes::Bytes;
use connector_core::{Credential, Error, ErrorKind, Happened, ProofRequest, Result, Retry};
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;
use url::Url;

/// The status with which a service refuses a request before it carries out any of it. Status 503 does not say that: a proxy also
/// sends it for a request whose response it lost.
const TOO_MANY_REQUESTS: u16 = 429;

/// A request, created by [`Client`](crate::Client). `Debug` shows the method and the path.
///
/// ```no_run
/// # async fn rename(client: &connector_http::Client) -> connector_core::Result<()> {
/// use connector_http::Method;
///
/// let request = client.request(Method::PUT, "/people/7").json(&serde_json::json!({"name": "Ada"}));
/// let response = request.header("If-Match", "\"3\"").at_most(64 * 1024).repeatable().send().await?;
/// # drop(response); Ok(()) }
/// ```
#[must_use = "a request does nothing until you send it"]
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
    /// An error from building the request. Sending the request returns it.
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
                let error = Error::new(ErrorKind::Internal, "can't serialize a request body as JSON");
                self.fault = Some(error.with_cause(cause));
            }
        }
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=UTF-8"));
        self
    }

    /// Sets a body with any content type.
    pub fn body(self, content_type: &str, body: Bytes) -> Self {
        self.any_body(content_type, Body::Fixed(body))
    }

    pub(crate) fn any_body(mut self, content_type: &str, body: Body) -> Self {
        self.body = Some(body);
        self.header(CONTENT_TYPE.as_str(), content_type)
    }

    /// Adds a query parameter; `None` leaves it out, such as the token of a page for the first one.
    ///
    /// ```no_run
    /// # async fn page(client: &connector_http::Client, token: Option<String>) -> connector_core::Result<Vec<String>> {
    /// client.get("/people").parameter("limit", Some(100)).parameter("token", token).read().await
    /// # }
    /// ```
    pub fn parameter(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.query(&[(name, &value.to_string())]),
            None => self,
        }
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
            _ => self.fault = Some(Error::new(ErrorKind::Internal, format!("the header `{name}` is not valid"))),
        }
        self
    }

    /// Refuses a response with a body of more than `bytes`, after decompression. The default is 256 MiB.
    pub fn at_most(mut self, bytes: usize) -> Self {
        self.most = bytes;
        self
    }

    /// Sends the request without the credential, and without a body that contains the token.
    pub fn anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// Marks the request as safe to send twice, so the client repeats it after a fault. A GET is always repeatable.
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Sends the request and returns the response with any status.
    ///
    /// It signs in if needed, and again after a 401. After a temporary fault, it repeats a request that is safe to repeat. After
    /// status 429, it repeats any request, because the service carried out nothing.
    ///
    /// Fails with kind `unavailable`, `timeout` or `protocol` if no complete response arrives. Fails with kind `auth` if the
    /// sign-in fails, if the service refuses a credential that can't be renewed, or if the URL must not get the credential.
    /// [`Error::happened`] is `Unknown` if the server may have received the request.
    pub async fn send(self) -> Result<Response> {
        self.exchange(false).await.map(|(response, _)| response)
    }

    /// Sends the request like [`Request::send`], but leaves the body of a successful response to [`Parts`], for a body that may
    /// be too large for the memory. The [`Response`] then has an empty body. A response with another status is complete, and
    /// has no parts.
    ///
    /// Fails like [`Request::send`], and with kind `internal` if the request is not a GET: only what a GET returns is data of
    /// its own and can't repeat a secret that was sent.
    pub async fn stream(self) -> Result<(Response, Option<Parts>)> {
        if self.method != Method::GET {
            return Err(Error::internal("only the response to a GET can be read in parts"));
        }
        self.exchange(true).await
    }

    async fn exchange(mut self, streamed: bool) -> Result<(Response, Option<Parts>)> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let mut held = self.credential().await?;
        let mut signed_in_again = false;
        let mut proved_again = false;
        let mut followed = false;
        let mut tries = Tries::of_request();
        loop {
            let nonce = self.session.nonce.get();
            let parcel = self.parcel(held.as_deref(), nonce.as_deref()).await?;
            let url = parcel.url.clone();
            let (result, asked) = match self.session.transport.exchange(parcel, streamed).await {
                Ok((response, parts)) => {
                    let has_nonce = self.note_nonce(&response, nonce.as_deref());
                    if redirect::is_redirect(&response) {
                        held = match held.filter(|_| !followed) {
                            Some(spent) => Some(self.follow(&spent, &response, &url).await?),
                            None => return Err(self.settled(redirect::refused(&response, &url))),
                        };
                        followed = true;
                        self.session.transport.count_retry();
                        continue;
                    }
                    // Whatever the body says, the service only asks for its nonce.
                    if has_nonce && response.status == 401 && held.is_some() && !proved_again {
                        proved_again = true;
                        self.session.transport.count_retry();
                        continue;
                    }
                    // The body of a stream is still to come, so only its status could say that it is no success.
                    let reaction = if parts.is_some() { Reaction::Final } else { (self.session.reaction)(&response) };
                    match (reaction, &held) {
                        (Reaction::SignInAgain, Some(_)) if has_nonce && !proved_again => {
                            proved_again = true;
                            self.session.transport.count_retry();
                            continue;
                        }
                        (Reaction::SignInAgain, Some(spent)) if !self.anonymous && !signed_in_again => {
                            signed_in_again = true;
                            let refused = refused(&spent.credential, &host_and_port(&url), response.status);
                            let renewed = self.session.tokens.renewed(spent, refused).await;
                            held = Some(renewed.map_err(unsent)?);
                            self.session.transport.count_retry();
                            continue;
                        }
                        (Reaction::Retry, _) if self.repeatable || response.status == TOO_MANY_REQUESTS => {
                            let asked = retry_after(&response, self.session.transport.clock.now());
                            (Ok((response, parts)), asked)
                        }
                        _ => return Ok((response, parts)),
                    }
                }
                Err(error) if self.may_repeat(&error) => (Err(error), None),
                Err(error) => return Err(self.settled(error)),
            };
            if !tries.pause(asked).await {
                return result.map_err(|error| self.settled(error.after_tries(tries.count)));
            }
            tracing::debug!(method = %self.method, path = self.path_shown(), "repeating a request after a temporary fault");
            self.session.transport.count_retry();
            // The session can end during the wait, and other requests may have renewed it.
            held = self.credential().await?;
            signed_in_again = false;
        }
    }

    /// After a redirect: a new credential that names another host, because the service has moved its API. Otherwise the redirect
    /// is an error. It is never followed itself.
    async fn follow(&self, spent: &SharedCredential, response: &Response, url: &Url) -> Result<Arc<SharedCredential>> {
        let redirected = || self.settled(redirect::refused(response, url));
        let hosts = &self.session.transport.hosts;
        if hosts.fixed_base().is_some() || spent.token().is_none() {
            return Err(redirected());
        }
        let renewed = self.session.tokens.renewed(spent, redirected()).await.map_err(unsent)?;
        let is_same = hosts.base(spent.token()).ok() == Some(hosts.base(renewed.token()).map_err(unsent)?);
        if is_same { Err(redirected()) } else { Ok(renewed) }
    }

    /// The credential to send; `None` if the request is anonymous and its URL is known without a token.
    async fn credential(&self) -> Result<Option<Arc<SharedCredential>>> {
        if self.anonymous && self.session.transport.hosts.fixed_base().is_some() {
            return Ok(None);
        }
        self.session.tokens.current().await.map(Some).map_err(unsent)
    }

    /// Stores the nonce of a response. Returns whether it differs from the nonce that was `sent`.
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

    /// The error for the caller: it must not be retried again, and a failed GET has changed nothing.
    fn settled(&self, error: Error) -> Error {
        let error = if matches!(error.retry(), Retry::After(_)) { error.with_retry(Retry::No) } else { error };
        if self.method == Method::GET { error.with_happened(Happened::No) } else { error }
    }

    /// Whether the source can do something because of it.
    pub(crate) fn is_change(&self) -> bool {
        self.method != Method::GET
    }

    /// The request for people: its method, and the path without the query and without secrets.
    pub(crate) fn what(&self) -> String {
        let path = self.session.transport.redactor.blank(self.path_shown()).into_owned();
        format!("{} {path}", self.method)
    }

    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// The path without its query.
    fn path_shown(&self) -> &str {
        self.path.split_once('?').map_or(self.path.as_str(), |(path, _)| path)
    }

    async fn parcel(&self, held: Option<&SharedCredential>, nonce: Option<&str>) -> Result<Parcel> {
        // First check that the URL may get the credential.
        let url = self.url(held)?;
        let mut headers = self.headers.clone();
        let credential = held.filter(|_| !self.anonymous);
        let proofs = match credential {
            Some(held) => self.proofs(held, &url, nonce).await?,
            None => Vec::new(),
        };
        let proof = proofs.iter().find(|(name, _)| !name.eq_ignore_ascii_case(AUTHORIZATION.as_str()));
        let proof = proof.map(|(_, proof)| proof.clone());
        let body = match (&self.body, credential) {
            (Some(Body::OfToken(write)), Some(held)) => {
                let token = held.token().ok_or_else(|| {
                    Error::new(
                        ErrorKind::Unsupported,
                        "this request needs a token, but the source signs in without one",
                    )
                })?;
                Some(write(&token.access_token, proof.as_ref()))
            }
            (None | Some(Body::OfToken(_)), _) => None,
            (Some(Body::Fixed(bytes)), _) => Some(bytes.clone()),
        };
        // A proof counts once: what is in the body is not in the headers, too.
        let is_in_body = proof.is_some() && matches!(self.body, Some(Body::OfToken(_)));
        if let Some(held) = credential.filter(|_| !is_in_body) {
            held.apply(&mut headers)?;
            for (name, value) in &proofs {
                secret_header::insert(&mut headers, name, value)?;
            }
        }
        let (method, keeps_success) = (self.method.clone(), self.method == Method::GET);
        Ok(Parcel { method, url, headers, body, most: self.most, keeps_success, proof })
    }

    /// The headers that prove the right of this request to use the credential.
    async fn proofs(
        &self,
        held: &SharedCredential,
        url: &Url,
        nonce: Option<&str>,
    ) -> Result<Vec<(String, SecretString)>> {
        let Some(proof) = self.session.tokens.strategy.proof() else { return Ok(Vec::new()) };
        let token = held.token().map(|token| &token.access_token);
        proof.headers(&ProofRequest::new(self.method.as_str(), url).with_token(token).with_nonce(nonce)).await
    }

    /// A path is appended to the base URL, so it can't name another host. A complete URL must be allowed.
    fn url(&self, held: Option<&SharedCredential>) -> Result<Url> {
        let hosts = &self.session.transport.hosts;
        let base = hosts.base(held.and_then(SharedCredential::token))?;
        let text = if self.path.starts_with('/') {
            format!("{}{}", base.as_str().trim_end_matches('/'), self.path)
        } else {
            self.path.clone()
        };
        let mut url = Url::parse(&text).map_err(|cause| {
            Error::new(ErrorKind::Protocol, "the source returned a link that is not a URL").with_cause(cause)
        })?;
        hosts.permit(&url)?;
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }
}

/// After a failed login, the request was not sent.
fn unsent(error: Error) -> Error {
    error.with_happened(Happened::No)
}

/// The error if the service refuses a credential that can't be renewed.
fn refused(credential: &Credential, host: &str, status: u16) -> Error {
    if matches!(credential, Credential::None) {
        return Error::new(
            ErrorKind::Auth,
            format!("`{host}` requires credentials, but the source sends none (status {status})"),
        )
        .with_help("set another `grant_type` under `auth:` in the source file");
    }
    Error::new(ErrorKind::Auth, format!("`{host}` refused the credentials of the source (status {status})")).with_help(
        "check that the secret that `auth:` references is current and belongs to this service, and that its account is active",
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
