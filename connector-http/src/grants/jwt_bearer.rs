//! The JWT bearer grant (RFC 7523): a statement signed with a private key is exchanged for a token.

use crate::grants::assertion::{self, Claims};
use crate::grants::token_answer::Answer;
use async_trait::async_trait;
use connector_core::{
    AuthSettings, AuthStrategy, Context, Error, ErrorKind, Exchange, Finding, Result, SecretRef, TestReport, TimeSpan,
    Token,
};
use connector_keys::{CertificateStatus, Chain, RENEW_BEFORE, Signer, Verdict, half_switched, key_store, open_signer};
use schemars::JsonSchema;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use tokio::sync::RwLock;
use url::Url;

/// The grant type on the wire.
const URN: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The `auth:` block of the grant type `jwt_bearer`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(
    title = "jwt_bearer",
    description = "Signs in with a private key: the app at the source holds the certificate"
)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The token endpoint. The signed statement goes to this host and no other.
    #[schemars(with = "String", extend("format" = "uri"))]
    token_url: Url,
    /// The OAuth client id of the app, which some services call the consumer key.
    #[schemars(length(min = 1))]
    issuer: String,
    /// The user to act as: the username of the service account.
    #[schemars(length(min = 1))]
    subject: String,
    /// The authorization server that the statement is meant for, as the service documents it; often its own URL, without
    /// a slash at the end.
    #[schemars(length(min = 1))]
    audience: String,
    /// Where the private key (RSA) is kept: as PEM, for example `file:secrets/acme.key`, or in a token or HSM that
    /// signs with it, `pkcs11:token=NAME;object=LABEL?module-path=PATH`.
    key_ref: SecretRef,
    /// Where the password of the private key is kept; only for an encrypted key. For a key in a token: its PIN.
    #[serde(default)]
    key_password_ref: Option<SecretRef>,
    /// Where the certificate (PEM) of the key is kept. Optional: with it the tool checks that it fits the key and
    /// watches its last day.
    #[serde(default)]
    certificate_ref: Option<SecretRef>,
    /// When the certificate is to be renewed.
    #[serde(default)]
    rotation: Rotation,
}

/// When the certificate is to be renewed.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(inline)]
#[serde(deny_unknown_fields, default)]
struct Rotation {
    /// How long before its last day the certificate is warned about.
    before_expiry: TimeSpan,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { before_expiry: TimeSpan::from_secs(RENEW_BEFORE.as_secs()) }
    }
}

connector_core::register_auth_strategy! {
    grant_type: "jwt_bearer",
    aliases: ["urn:ietf:params:oauth:grant-type:jwt-bearer", "JWT"],
    title: "OAuth 2.0 JWT bearer",
    description: "Signs a short-lived statement with a private key and exchanges it for an access token",
    settings: Settings,
    example: "\
auth:
  grant_type: jwt_bearer
  token_url: https://login.acme.example/oauth2/token
  issuer: CLIENT_ID_OF_THE_APP
  subject: iga@acme.example   # the service account's username
  audience: https://login.acme.example
  key_ref: file:secrets/acme.key
  # key_password_ref: env:ACME_KEY_PASSWORD
  certificate_ref: file:secrets/acme.crt
",
}

impl AuthSettings for Settings {
    fn open(self, context: &Context) -> Result<Arc<dyn AuthStrategy>> {
        Ok(Arc::new(JwtBearer { settings: self, context: context.clone(), key: RwLock::new(None) }))
    }
}

struct JwtBearer {
    settings: Settings,
    context: Context,
    /// Opened when it is needed for the first time; another one when a certificate was replaced meanwhile.
    key: RwLock<Option<Arc<dyn Signer>>>,
}

impl JwtBearer {
    async fn key(&self) -> Result<Arc<dyn Signer>> {
        if let Some(key) = &*self.key.read().await {
            return Ok(key.clone());
        }
        let mut held = self.key.write().await;
        if let Some(key) = &*held {
            return Ok(key.clone());
        }
        let key = self.open(&self.settings.key_ref).await?;
        *held = Some(key.clone());
        Ok(key)
    }

    async fn open(&self, key: &SecretRef) -> Result<Arc<dyn Signer>> {
        open_signer(&self.context, key, self.settings.key_password_ref.as_ref())
            .await
            .map_err(|error| error.with_context("key_ref", key.to_string()))
    }

    async fn ask(&self, via: &dyn Exchange, key: &dyn Signer) -> Result<Token> {
        let now = self.context.clock().now();
        let assertion = assertion::sign(self.claims(), key, now).await?;
        let form = [("grant_type", URN), ("assertion", assertion.expose_secret())];
        let reply = via.post_form(&self.settings.token_url, &form).await?;
        let answer = Answer {
            reply: &reply,
            url: &self.settings.token_url,
            now: self.context.clock().now(),
            provider: self.context.token_errors(),
        };
        answer.read(&assertion)
    }

    /// While a certificate is replaced, the source may know the key that now stands at the same place, or the one that is
    /// to stand there next: a job that began with the old one must not fail for that.
    async fn ask_with_newer(&self, via: &dyn Exchange, refused: Arc<dyn Signer>) -> Option<Token> {
        let key_ref = &self.settings.key_ref;
        // A key that never leaves its store is not replaced at the same place, and each wrong PIN counts there.
        if key_store(key_ref.scheme()).is_some() {
            return None;
        }
        let mut tried = vec![refused];
        for place in [Some(key_ref.clone()), key_ref.successor()].into_iter().flatten() {
            let Ok(key) = self.open(&place).await else { continue };
            if tried.iter().any(|tried| is_same(tried.as_ref(), key.as_ref())) {
                continue;
            }
            if let Ok(token) = self.ask(via, key.as_ref()).await {
                tracing::info!("signed in with a newer key: the certificate was replaced meanwhile");
                *self.key.write().await = Some(key);
                return Some(token);
            }
            tried.push(key);
        }
        None
    }

    fn claims(&self) -> Claims<'_> {
        let Settings { issuer, subject, audience, .. } = &self.settings;
        Claims { issuer, subject, audience }
    }

    async fn check_key(&self) -> Result<Finding> {
        let key = self.key().await?;
        Ok(Finding::passed(format!("{}, from {}", key.describe(), self.settings.key_ref)))
    }

    async fn check_certificate(&self, reference: &SecretRef) -> Result<Finding> {
        let chain = Chain::from_pem(&self.context.public_text(reference).await?)?;
        let window = self.settings.rotation.before_expiry.duration();
        let key = self.key().await?;
        match half_switched(&self.context, reference, key.as_ref()).await {
            Some(verdict) => finding(verdict),
            None => finding(chain.judge(Some(key.as_ref()), self.context.clock().now(), window, self.context.source())),
        }
    }

    async fn check_assertion(&self) -> Result<Finding> {
        assertion::sign(self.claims(), self.key().await?.as_ref(), self.context.clock().now()).await?;
        let Settings { issuer, subject, audience, .. } = &self.settings;
        let issuer = shortened(issuer);
        Ok(Finding::passed(format!(
            "signed with RS256: iss {issuer}, sub {subject}, aud {audience}, exp in {} s, jti",
            assertion::LIFE
        )))
    }
}

#[async_trait]
impl AuthStrategy for JwtBearer {
    async fn token(&self, via: &dyn Exchange) -> Result<Token> {
        let key = self.key().await?;
        match self.ask(via, key.as_ref()).await {
            Err(refused) if refused.kind() == ErrorKind::Auth => self.ask_with_newer(via, key).await.ok_or(refused),
            answered => answered,
        }
    }

    async fn check(&self, report: &mut TestReport) {
        report.step("private_key", self.check_key()).await;
        if let Some(reference) = &self.settings.certificate_ref {
            report.step("certificate", self.check_certificate(reference)).await;
        }
        report.step("assertion", self.check_assertion()).await;
    }

    fn token_url(&self) -> &Url {
        &self.settings.token_url
    }
}

impl fmt::Debug for JwtBearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtBearer").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Whether two keys are one. Keys that can't be compared count as different: trying one more costs a request.
fn is_same(one: &dyn Signer, other: &dyn Signer) -> bool {
    let der = |key: &dyn Signer| key.public_key().and_then(|key| key.to_der());
    matches!((der(one), der(other)), (Ok(one), Ok(other)) if one == other)
}

/// A certificate that ends soon is a warning; one that has ended, or is that of another key, ends the test.
fn finding(verdict: Verdict) -> Result<Finding> {
    let Verdict { status, detail, help } = verdict;
    let help = help.unwrap_or_default();
    match status {
        CertificateStatus::Ok => Ok(Finding::passed(detail)),
        CertificateStatus::Warning => Ok(Finding::warning(detail, help)),
        CertificateStatus::Expired | CertificateStatus::Broken => {
            Err(Error::new(ErrorKind::Secret, detail).with_help(help))
        }
    }
}

/// A client id is no secret, but long and of no use to read in full.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 12;
    let head: String = text.chars().take(SHOWN).collect();
    if head.len() == text.len() { head } else { format!("{head}…") }
}
