//! How a source proves who it is.

use crate::credential::{Credential, SigningKey};
use crate::error::Result;
use crate::request_proof::RequestProof;
use crate::test_report::TestReport;
use async_trait::async_trait;
use secrecy::SecretString;
use std::fmt;
use std::sync::Arc;
use url::Url;

/// Signs in to a source in one way: gives the [`Credential`] that requests carry.
///
/// A strategy never touches the network itself: it hands a form to the [`Exchange`], so it can be tried without a server.
/// Opening one is offline and reads no secret; keys and secrets are read when they are needed.
///
/// A sign-in with a fixed secret is short:
///
/// ```
/// use connector_core::{AuthStrategy, Context, Credential, Exchange, Finding, Result, SecretRef, TestReport};
///
/// #[derive(Debug)]
/// struct TeamKey {
///     key_ref: SecretRef,
///     context: Context,
/// }
///
/// #[async_trait::async_trait]
/// impl AuthStrategy for TeamKey {
///     async fn credential(&self, _: &dyn Exchange) -> Result<Credential> {
///         Ok(Credential::header("X-Team-Key", self.context.secret(&self.key_ref).await?))
///     }
///
///     async fn check(&self, report: &mut TestReport) {
///         report
///             .step("team_key", async {
///                 self.context.secret(&self.key_ref).await?;
///                 Ok(Finding::passed(format!("from {}", self.key_ref)))
///             })
///             .await;
///     }
/// }
/// ```
#[async_trait]
pub trait AuthStrategy: fmt::Debug + Send + Sync {
    /// Gives the credential to send. Fails with kind `auth` when the service refuses to sign the source in, with cause
    /// and cure.
    async fn credential(&self, via: &dyn Exchange) -> Result<Credential>;

    /// Adds the steps that can be checked offline, such as `private_key`, `certificate` and `assertion`.
    async fn check(&self, report: &mut TestReport);

    /// Where the strategy asks for tokens, when it does. What it posts goes to this address and no other.
    ///
    /// A strategy without one gives a fixed credential: when the service refuses it, nobody signs in again.
    fn token_url(&self) -> Option<&Url> {
        None
    }

    /// Whom the strategy's assertions are meant for, when it signs some. Whoever gets an assertion can use it there, so a
    /// connector refuses a token URL that doesn't belong to its audience.
    fn audience(&self) -> Option<&str> {
        None
    }

    /// The key that the strategy signs with, when it does. Certificates are watched and replaced by it.
    fn signing_key(&self) -> Option<SigningKey> {
        None
    }

    /// What proves for each request that the sender may use the credential, when the credential alone is not enough.
    fn proof(&self) -> Option<Arc<dyn RequestProof>> {
        None
    }
}

/// Carries a token request to the token endpoint.
#[async_trait]
pub trait Exchange: Send + Sync {
    /// Posts a form and gives back the answer, whatever its status.
    ///
    /// Fails only when no answer came: kinds `unavailable`, `timeout` or `protocol`.
    async fn post_form(&self, url: &Url, form: &[(&str, &str)]) -> Result<Reply> {
        self.post(&TokenRequest::new(url, form)).await
    }

    /// Posts a form with headers of its own, such as a proof or the client's password, and gives back the answer,
    /// whatever its status.
    ///
    /// Fails only when no answer came: kinds `unavailable`, `timeout` or `protocol`.
    async fn post(&self, request: &TokenRequest<'_>) -> Result<Reply>;
}

/// What a strategy posts to the token endpoint. `Debug` shows the address and no value.
#[non_exhaustive]
pub struct TokenRequest<'a> {
    /// The token endpoint.
    pub url: &'a Url,
    /// The members of the form.
    pub form: &'a [(&'a str, &'a str)],
    /// Headers besides those that every token request has.
    pub headers: Vec<(String, SecretString)>,
}

impl<'a> TokenRequest<'a> {
    /// A request without headers of its own.
    pub fn new(url: &'a Url, form: &'a [(&'a str, &'a str)]) -> Self {
        Self { url, form, headers: Vec::new() }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: SecretString) -> Self {
        self.headers.push((name.into(), value));
        self
    }
}

impl fmt::Debug for TokenRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

/// The answer of a token endpoint. `Debug` shows no body, because it may hold a token.
#[non_exhaustive]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The value of the `Content-Type` header, empty when absent.
    pub content_type: String,
    /// The value of the `Date` header, if there is one. It shows whether a clock is wrong.
    pub date: Option<String>,
    /// The value of the `DPoP-Nonce` header, if there is one: the next proof must repeat it (RFC 9449).
    pub nonce: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// An answer without headers.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, content_type: String::new(), date: None, nonce: None, body: body.into() }
    }

    /// Sets the value of the `Content-Type` header.
    #[must_use]
    pub fn with_content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = content_type.into();
        self
    }

    /// Sets the value of the `Date` header.
    #[must_use]
    pub fn with_date(mut self, date: impl Into<String>) -> Self {
        self.date = Some(date.into());
        self
    }

    /// Sets the value of the `DPoP-Nonce` header.
    #[must_use]
    pub fn with_nonce(mut self, nonce: impl Into<String>) -> Self {
        self.nonce = Some(nonce.into());
        self
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
