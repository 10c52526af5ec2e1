//! The client of one source.

use crate::answer::Answer;
use crate::body::Body;
use crate::grants::none::Nothing;
use crate::hosts::{Hosts, host_and_port};
use crate::login::LoginExchange;
use crate::reach::Reach;
use crate::request::Request;
use crate::response::{Reaction, Response};
use crate::session::Session;
use crate::tokens::Tokens;
use crate::transport::Transport;
use bytes::Bytes;
use connector_core::{Context, Error, ErrorKind, Finding, Result, TestReport, Token};
use reqwest::Method;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;
use url::Url;

/// How often a change is tried that others interfere with.
const MOST_TRIES: usize = 3;

/// The authenticated HTTP client of one source. Clones are cheap, and all clones share the credential, the connections
/// and the limits.
///
/// ```no_run
/// # use connector_core::{Context, Result};
/// use connector_http::{Client, Reach};
///
/// # async fn pages(context: &Context, base_url: &url::Url) -> Result<()> {
/// let client = Client::open(context, Reach::base(base_url))?;
/// let people: Vec<String> = client.get("/people").query(&[("limit", "100")]).read().await?;
/// client.put_json("/people/7", &serde_json::json!({"active": false})).send().await?;
/// # drop(people); Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client {
    session: Arc<Session>,
}

impl Client {
    /// Creates the client from the `http:` options and the auth strategy of a source. It sends nothing.
    ///
    /// `reach` sets the base URL of requests and the other hosts that may get the credential. A source without an `auth:`
    /// block sends no credential. Fails with kind `definition` if a URL is not secure, if there is no base URL, or if the
    /// `http:` options are invalid.
    pub fn open(context: &Context, reach: Reach) -> Result<Self> {
        let strategy = match context.strategy() {
            _ if context.http().tape.is_replay() && reach.fixed().is_some() => Arc::new(Nothing),
            Some(strategy) => strategy.clone(),
            None if reach.fixed().is_some() => Arc::new(Nothing),
            None => context.auth()?,
        };
        let hosts = Hosts::new(strategy.token_url(), reach, context.http().allow_insecure_loopback)?;
        let transport = Arc::new(Transport::open(context, hosts)?);
        let tokens = Arc::new(Tokens::new(strategy, LoginExchange::new(transport.clone())));
        let (reaction, refusal) = (Reaction::by_status, |_: &Response| None);
        let session = Session { transport, tokens, nonce: Arc::default(), reaction, refusal, message: None };
        Ok(Self { session: Arc::new(session) })
    }

    /// Sets how to classify a response, for a source that reports errors in the body and not by the status.
    #[must_use]
    pub fn with_reaction(self, reaction: fn(&Response) -> Reaction) -> Self {
        Self { session: Arc::new(Session { reaction, ..(*self.session).clone() }) }
    }

    /// Sets what the source says in its errors, for [`Request::answer`]: `None` leaves it to the status.
    #[must_use]
    pub fn with_refusal(self, refusal: fn(&Response) -> Option<Error>) -> Self {
        Self { session: Arc::new(Session { refusal, ..(*self.session).clone() }) }
    }

    /// Says where the source's own message is in its errors, as JSON pointer. The errors of [`Request::answer`] and
    /// [`Request::read`] repeat it: `POST /people answered 409: This login is taken.`
    ///
    /// ```
    /// # use connector_core::{Context, Result};
    /// # use connector_http::{Client, Reach};
    /// # fn open(context: &Context, base_url: &url::Url) -> Result<Client> {
    /// Ok(Client::open(context, Reach::base(base_url))?.with_message("/error/message"))
    /// # }
    /// ```
    #[must_use]
    pub fn with_message(self, place: &'static str) -> Self {
        Self { session: Arc::new(Session { message: Some(place), ..(*self.session).clone() }) }
    }

    /// Changes an object that others may change at the same time: reads it, and sends all of it back by PUT with its `ETag` as
    /// `If-Match`. If somebody was faster, it reads and changes again, three times in all. `at` is the JSON pointer of the object in
    /// the response, empty for the whole body. `false` if `change` leaves it as it is; then nothing is sent.
    ///
    /// Fails with kind `conflict` if others are always faster, and with kind `protocol` if the response has no `ETag` or no object.
    ///
    /// ```no_run
    /// # async fn rename(client: &connector_http::Client) -> connector_core::Result<()> {
    /// let changed = client.change("/people/7", "/person", |person| _ = person.insert("name".to_owned(), "Ada".into())).await?;
    /// # drop(changed); Ok(()) }
    /// ```
    pub async fn change(&self, path: &str, at: &str, change: impl Fn(&mut Map<String, Value>)) -> Result<bool> {
        let mut tries = 1;
        loop {
            let answer = Answer::to(self.get(path)).await?;
            let version = answer.response.need("ETag").map_err(|error| answer.named(error))?;
            let body: Value = answer.json()?;
            let Some(Value::Object(before)) = body.pointer(at) else {
                return Err(answer.named(Error::protocol(format!("the response has no object at `{at}`"))));
            };
            let mut after = before.clone();
            change(&mut after);
            if after == *before {
                return Ok(false);
            }
            match self.put_json(path, &after).header("If-Match", version).answer().await {
                Err(error) if error.kind() == ErrorKind::Conflict && tries < MOST_TRIES => tries += 1,
                answer => return answer.map(|_| true),
            }
        }
    }

    /// The current access token, or a new one. Fails with kind `unsupported` if the source signs in without a token.
    pub async fn token(&self) -> Result<Token> {
        let held = self.session.tokens.current().await?;
        held.token().cloned().ok_or_else(|| Error::new(ErrorKind::Unsupported, "this source signs in without a token"))
    }

    /// The URL that paths are relative to. Signs in first if only the token names it.
    ///
    /// Fails with kind `auth` if the token's `instance_url` names a host that must not get the credentials.
    pub async fn base_url(&self) -> Result<Url> {
        let hosts = &self.session.transport.hosts;
        if let Some(base) = hosts.fixed_base() {
            return Ok(base.clone());
        }
        hosts.base(self.session.tokens.current().await?.token())
    }

    /// A request with any method to `path`, relative to [`Client::base_url`], or to a complete URL on a host that may get the
    /// credential. If the server may have carried it out, the client repeats only a GET, or a request that is marked
    /// [repeatable](Request::repeatable). After status 429, it repeats any request.
    pub fn request(&self, method: Method, path: &str) -> Request {
        Request::new(self.session.clone(), method, path)
    }

    /// A GET of `path`, relative to [`Client::base_url`], or of a complete URL on a host that may get the credential. An id in it
    /// must be encoded, see [`path`](crate::path()).
    pub fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    /// A POST with a JSON body. If the server may have carried it out, the client repeats it only if it is marked
    /// [repeatable](Request::repeatable).
    pub fn post_json(&self, path: &str, body: &impl Serialize) -> Request {
        self.request(Method::POST, path).json(body)
    }

    /// A POST with another type of body. It is repeated like a POST with JSON.
    pub fn post(&self, path: &str, content_type: &str, body: Bytes) -> Request {
        self.request(Method::POST, path).body(content_type, body)
    }

    /// A POST with the access token in its body, as SOAP requires. `write` builds the body for every attempt, after the client
    /// has checked that the URL may get the token. It also gets the proof of the attempt if the sign-in binds its tokens
    /// ([`RequestProof`](connector_core::RequestProof)); then the headers have neither of them.
    pub fn post_with_token(
        &self,
        path: &str,
        content_type: &str,
        write: impl Fn(&SecretString, Option<&SecretString>) -> Bytes + Send + Sync + 'static,
    ) -> Request {
        self.request(Method::POST, path).any_body(content_type, Body::OfToken(Box::new(write)))
    }

    /// A PUT with a JSON body. It is repeated like a POST: mark it [repeatable](Request::repeatable) if sending it twice has
    /// the same effect as sending it once.
    pub fn put_json(&self, path: &str, body: &impl Serialize) -> Request {
        self.request(Method::PUT, path).json(body)
    }

    /// A PATCH with a JSON body. It is repeated like a POST.
    pub fn patch_json(&self, path: &str, body: &impl Serialize) -> Request {
        self.request(Method::PATCH, path).json(body)
    }

    /// A DELETE. It is repeated like a POST.
    pub fn delete(&self, path: &str) -> Request {
        self.request(Method::DELETE, path)
    }

    /// Adds the steps of the sign-in to a connection test: what the auth strategy checks offline, such as its key, and then
    /// [`Client::test_access_token`]. A connector begins its own test with them.
    pub async fn test_sign_in(&self, report: &mut TestReport) {
        self.session.tokens.strategy.check(report).await;
        self.test_access_token(report).await;
    }

    /// Adds the step `access_token` to a connection test: the token endpoint responds with a token and the host of the API. If
    /// the source signs in without a token request, the step is `credential`. If the source has a client certificate, the
    /// step `client_certificate` comes before.
    pub async fn test_access_token(&self, report: &mut TestReport) {
        let hosts = &self.session.transport.hosts;
        if let Some(certificate) = &self.session.transport.certificate {
            certificate.check(report).await;
        }
        let Some(token_url) = hosts.token_url() else {
            report
                .step("credential", async {
                    self.session.tokens.current().await?;
                    Ok(Finding::passed(format!("ready for {}", host_and_port(hosts.home()))))
                })
                .await;
            return;
        };
        report
            .step("access_token", async {
                // Requested even if the base URL is known without it.
                self.session.tokens.current().await?;
                let base = self.base_url().await?;
                let detail = format!("received from {}; API host: {}", host_and_port(token_url), host_and_port(&base));
                Ok(match self.session.tokens.exchange.clock_hint() {
                    Some(hint) => Finding::warning(format!("{detail}, but the clocks differ"), hint),
                    None => Finding::passed(detail),
                })
            })
            .await;
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("host", &host_and_port(self.session.transport.hosts.home()))
            .finish_non_exhaustive()
    }
}
