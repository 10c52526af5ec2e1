//! Signs in with a signed assertion (RFC 7523): as a grant, or as the authentication of the client.

use crate::grants::app_key::AppKey;
use crate::grants::assertion::{self, Claims};
use crate::grants::dpop::{Answered, Dpop};
use crate::grants::token_response::TokenResponse;
use async_trait::async_trait;
use connector_core::{
    AuthStrategy, Credential, ErrorKind, Exchange, Finding, RequestProof, Result, SigningKey, TestReport, Token,
};
use connector_keys::Signer;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::sync::Arc;
use url::Url;

/// The grant type in which the assertion is the grant (section 2.1).
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The type of an assertion that authenticates the client (section 2.2).
const CLIENT_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The use of the signed assertion.
pub(crate) enum Use {
    /// It is exchanged for a token for its subject.
    Grant,
    /// It authenticates the client, which requests a token for itself.
    Client { scope: Option<String> },
}

/// A strategy that signs an assertion.
pub(crate) struct SignedLogin {
    pub(crate) grant_type: &'static str,
    pub(crate) token_url: Url,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) audience: String,
    pub(crate) key_id: Option<String>,
    pub(crate) used_as: Use,
    pub(crate) key: Arc<AppKey>,
    /// Binds tokens to the key, if the source says so.
    pub(crate) dpop: Option<Arc<Dpop>>,
}

impl SignedLogin {
    fn claims(&self) -> Claims<'_> {
        let Self { issuer, subject, audience, .. } = self;
        Claims { issuer, subject, audience, key_id: self.key_id.as_deref() }
    }

    async fn ask(&self, via: &dyn Exchange, key: &dyn Signer) -> Result<Token> {
        let (Answered { reply, asks_again }, assertion) = self.post(via, key).await?;
        // The second attempt has the nonce.
        let (reply, assertion) = if asks_again {
            let (answered, assertion) = self.post(via, key).await?;
            (answered.reply, assertion)
        } else {
            (reply, assertion)
        };
        let context = &self.key.context;
        let answer = TokenResponse {
            reply: &reply,
            url: &self.token_url,
            now: context.clock().now(),
            provider: context.token_errors(),
            is_bound: self.dpop.is_some(),
        };
        answer.read(&assertion)
    }

    /// Posts a new assertion, because a server may refuse one that it has seen.
    async fn post(&self, via: &dyn Exchange, key: &dyn Signer) -> Result<(Answered, SecretString)> {
        let context = &self.key.context;
        let assertion = assertion::sign(self.claims(), key, context.clock().now()).await?;
        let signed = assertion.expose_secret();
        let form = match &self.used_as {
            Use::Grant => vec![("grant_type", JWT_BEARER), ("assertion", signed)],
            Use::Client { scope } => {
                let mut form = vec![
                    ("grant_type", "client_credentials"),
                    ("client_id", self.issuer.as_str()),
                    ("client_assertion_type", CLIENT_ASSERTION),
                    ("client_assertion", signed),
                ];
                form.extend(scope.as_deref().map(|scope| ("scope", scope)));
                form
            }
        };
        let answered = match &self.dpop {
            Some(dpop) => dpop.post(via, &self.token_url, key, &form).await?,
            None => Answered { reply: via.post_form(&self.token_url, &form).await?, asks_again: false },
        };
        Ok((answered, assertion))
    }

    async fn check_assertion(&self) -> Result<Finding> {
        let key = self.key.current().await?;
        assertion::sign(self.claims(), key.as_ref(), self.key.context.clock().now()).await?;
        let Self { issuer, subject, audience, .. } = self;
        let (issuer, subject) = match self.used_as {
            Use::Grant => (shortened(issuer), subject.clone()),
            Use::Client { .. } => (shortened(issuer), shortened(subject)),
        };
        Ok(Finding::passed(format!(
            "signed with {}: iss {issuer}, sub {subject}, aud {audience}, expires in {} s, jti{}",
            key.algorithm(),
            assertion::LIFE,
            if self.dpop.is_some() { "; tokens are bound to this key (DPoP)" } else { "" }
        )))
    }
}

#[async_trait]
impl AuthStrategy for SignedLogin {
    async fn credential(&self, via: &dyn Exchange) -> Result<Credential> {
        let key = self.key.current().await?;
        let refused = match self.ask(via, key.as_ref()).await {
            Err(refused) if refused.kind() == ErrorKind::Auth => refused,
            answered => return answered.map(Credential::Bearer),
        };
        let mut tried = vec![key];
        while let Some(newer) = self.key.newer(&tried).await {
            if let Ok(token) = self.ask(via, newer.as_ref()).await {
                tracing::info!("signed in with a newer key, because the certificate was replaced during the job");
                self.key.replace(newer).await;
                return Ok(Credential::Bearer(token));
            }
            tried.push(newer);
        }
        Err(self.key.explained(refused).await)
    }

    async fn check(&self, report: &mut TestReport) {
        self.key.check(report).await;
        report.step("assertion", self.check_assertion()).await;
    }

    fn token_url(&self) -> Option<&Url> {
        Some(&self.token_url)
    }

    fn audience(&self) -> Option<&str> {
        Some(&self.audience)
    }

    fn proof(&self) -> Option<Arc<dyn RequestProof>> {
        self.dpop.clone().map(|dpop| dpop as Arc<dyn RequestProof>)
    }

    fn signing_key(&self) -> Option<SigningKey> {
        Some(self.key.refs())
    }
}

impl fmt::Debug for SignedLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedLogin")
            .field("grant_type", &self.grant_type)
            .field("token_url", &self.token_url.as_str())
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// Shortens a client id, which is not a secret, but long.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 12;
    let head: String = text.chars().take(SHOWN).collect();
    if head.len() == text.len() { head } else { format!("{head}…") }
}
