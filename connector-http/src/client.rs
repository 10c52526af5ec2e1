//! The client of one source.

use crate::body::Body;
use crate::hosts::{AllowedHosts, Hosts, host_and_port};
use crate::login::LoginExchange;
use crate::request::Request;
use crate::response::{Response, Verdict};
use crate::session::Session;
use crate::tokens::Tokens;
use crate::transport::Transport;
use bytes::Bytes;
use connector_core::{Context, Finding, Result, TestReport, Token};
use reqwest::Method;
use secrecy::SecretString;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;
use url::Url;

/// The authenticated HTTP client of one source. Cheap to clone; all clones share token, connections and limits.
#[derive(Clone)]
pub struct Client {
    session: Arc<Session>,
}

impl Client {
    /// Makes the client from the `http:` options and the auth strategy of a source. Sends nothing.
    ///
    /// `allowed` says which hosts besides the token URL's own may get the token. Fails with kind `definition` when the
    /// source has no `auth:` block, the token URL is not secure, or `http.ca_file` can't be used.
    pub fn open(context: &Context, allowed: AllowedHosts) -> Result<Self> {
        let strategy = context.auth()?;
        let hosts = Hosts::new(strategy.token_url(), allowed, context.http().allow_insecure_loopback)?;
        let transport = Arc::new(Transport::open(context, hosts)?);
        let tokens = Arc::new(Tokens::new(strategy, LoginExchange::new(transport.clone())));
        Ok(Self { session: Arc::new(Session { transport, tokens, verdict: Verdict::by_status }) })
    }

    /// Sets how an answer is judged, for a source that says in the body what the status doesn't.
    #[must_use]
    pub fn with_verdict(self, verdict: fn(&Response) -> Verdict) -> Self {
        let session =
            Session { transport: self.session.transport.clone(), tokens: self.session.tokens.clone(), verdict };
        Self { session: Arc::new(session) }
    }

    /// The access token: the one that is held, or a new one.
    pub async fn token(&self) -> Result<Token> {
        self.session.tokens.current().await.map(|held| held.token.clone())
    }

    /// The address that paths are relative to. Signs in if needed.
    ///
    /// Fails with kind `auth` when the token's `instance_url` names a host that must not get the credentials.
    pub async fn base_url(&self) -> Result<Url> {
        let held = self.session.tokens.current().await?;
        self.session.transport.hosts.base(&held.token)
    }

    /// A read of `path`, relative to [`Client::base_url`], or of a whole URL on a host that may get the token.
    pub fn get(&self, path: &str) -> Request {
        Request::new(self.session.clone(), Method::GET, path)
    }

    /// A POST with a JSON body. Not repeated once it may have been received, unless it says that it is
    /// [repeatable](Request::repeatable).
    pub fn post_json(&self, path: &str, body: &impl Serialize) -> Request {
        Request::new(self.session.clone(), Method::POST, path).json(body)
    }

    /// A POST with a body of another type, repeated like one with JSON.
    pub fn post(&self, path: &str, content_type: &str, body: Bytes) -> Request {
        Request::new(self.session.clone(), Method::POST, path).body(content_type, Body::Fixed(body))
    }

    /// A POST whose body holds the access token, as SOAP wants it. `write` makes the body each time that it is sent, once
    /// it is certain that the address may get the token.
    pub fn post_with_token(
        &self,
        path: &str,
        content_type: &str,
        write: impl Fn(&SecretString) -> Bytes + Send + Sync + 'static,
    ) -> Request {
        Request::new(self.session.clone(), Method::POST, path).body(content_type, Body::OfToken(Box::new(write)))
    }

    /// A PATCH with a JSON body, repeated like a POST.
    pub fn patch_json(&self, path: &str, body: &impl Serialize) -> Request {
        Request::new(self.session.clone(), Method::PATCH, path).json(body)
    }

    /// A DELETE, repeated like a POST.
    pub fn delete(&self, path: &str) -> Request {
        Request::new(self.session.clone(), Method::DELETE, path)
    }

    /// Adds the step `access_token` of a connection test: the host answers, gives a token, and names where to go on.
    pub async fn test_access_token(&self, report: &mut TestReport) {
        report
            .step("access_token", async {
                let base = self.base_url().await?;
                let detail = format!(
                    "given by {} for {}",
                    host_and_port(self.session.transport.hosts.token_url()),
                    host_and_port(&base)
                );
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
            .field("host", &host_and_port(self.session.transport.hosts.token_url()))
            .finish_non_exhaustive()
    }
}
