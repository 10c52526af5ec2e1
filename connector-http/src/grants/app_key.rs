//! The private key that an app uses to sign in, and its certificate.

use connector_core::{Context, Error, ErrorKind, Finding, Result, SecretRef, SigningKey, TestReport, TimeSpan};
use connector_keys::{CertificateStatus, Chain, RENEW_BEFORE, Signer, Verdict, half_switched, key_store, open_signer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::RwLock;

/// When to renew the certificate.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(inline)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Rotation {
    /// When to rotate the certificate, and when to start warning before it expires.
    before_expiry: TimeSpan,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { before_expiry: TimeSpan::from_secs(RENEW_BEFORE.as_secs()) }
    }
}

/// The key of one source.
pub(crate) struct AppKey {
    pub(crate) context: Context,
    refs: SigningKey,
    rotation: Option<Rotation>,
    /// Opened at its first use, and replaced after a certificate rotation.
    key: RwLock<Option<Arc<dyn Signer>>>,
}

impl AppKey {
    pub(crate) fn new(context: &Context, refs: SigningKey, rotation: Option<Rotation>) -> Self {
        Self { context: context.clone(), refs, rotation, key: RwLock::new(None) }
    }

    /// The refs to the key and the certificate.
    pub(crate) fn refs(&self) -> SigningKey {
        self.refs.clone().with_renewal(self.rotation.map(|rotation| rotation.before_expiry.duration()))
    }

    pub(crate) async fn current(&self) -> Result<Arc<dyn Signer>> {
        if let Some(key) = &*self.key.read().await {
            return Ok(key.clone());
        }
        let mut held = self.key.write().await;
        if let Some(key) = &*held {
            return Ok(key.clone());
        }
        let key = self.open(&self.refs.key_ref).await?;
        *held = Some(key.clone());
        Ok(key)
    }

    /// Replaces the signing key.
    pub(crate) async fn replace(&self, key: Arc<dyn Signer>) {
        *self.key.write().await = Some(key);
    }

    /// A key that was not tried yet. During a rotation, the source may expect the key that is now at the same place, or the
    /// key that will be there next. A job that began with the old key must not fail because of that.
    pub(crate) async fn newer(&self, tried: &[Arc<dyn Signer>]) -> Option<Arc<dyn Signer>> {
        let key_ref = &self.refs.key_ref;
        // A key in a key store is never replaced at the same place, and each wrong PIN counts there.
        if key_store(key_ref.scheme()).is_some() {
            return None;
        }
        for place in [Some(key_ref.clone()), key_ref.successor()].into_iter().flatten() {
            let Ok(key) = self.open(&place).await else { continue };
            if !tried.iter().any(|tried| is_same(tried.as_ref(), key.as_ref())) {
                return Some(key);
            }
        }
        None
    }

    /// Adds the step `private_key` and, if the source names a certificate, the step `certificate`.
    pub(crate) async fn check(&self, report: &mut TestReport) {
        report.step("private_key", self.check_key()).await;
        if let Some(reference) = &self.refs.certificate_ref {
            report.step("certificate", self.check_certificate(reference)).await;
        }
    }

    /// Adds to a refused sign-in that the certificate has expired, if it has.
    pub(crate) async fn explained(&self, refused: Error) -> Error {
        const A_DAY: i64 = 24 * 60 * 60;
        let Some(reference) = &self.refs.certificate_ref else { return refused };
        let Ok(chain) = self.context.public_text(reference).await.and_then(|text| Chain::from_pem(&text)) else {
            return refused;
        };
        let verdict = chain.judge(None, self.context.clock().now(), RENEW_BEFORE, self.context.source());
        if verdict.status != CertificateStatus::Expired {
            return refused;
        }
        let past = self.context.clock().now().as_second() - chain.leaf().not_after().as_second();
        let since = match past / A_DAY {
            0 => "less than a day ago".to_owned(),
            1 => "1 day ago".to_owned(),
            days => format!("{days} days ago"),
        };
        let help = verdict.help.into_iter().chain(refused.help().map(str::to_owned)).collect::<Vec<_>>().join("; or ");
        let message = format!("{}; {}, {since}", refused.message(), verdict.detail);
        Error::new(refused.kind(), message).with_help(help).with_retry(refused.retry()).with_cause(refused)
    }

    async fn open(&self, key: &SecretRef) -> Result<Arc<dyn Signer>> {
        open_signer(&self.context, key, self.refs.password_ref.as_ref())
            .await
            .map_err(|error| error.with_context("key_ref", key.to_string()))
    }

    /// Says which key it is and where it is kept.
    pub(crate) async fn check_key(&self) -> Result<Finding> {
        let key = self.current().await?;
        Ok(Finding::passed(format!("{}, from {}", key.describe(), self.refs.key_ref)))
    }

    async fn check_certificate(&self, reference: &SecretRef) -> Result<Finding> {
        let chain = Chain::from_pem(&self.context.public_text(reference).await?)?;
        let window = self.rotation.unwrap_or_default().before_expiry.duration();
        let key = self.current().await?;
        match half_switched(&self.context, reference, key.as_ref()).await {
            Some(verdict) => finding(verdict),
            None => finding(chain.judge(Some(key.as_ref()), self.context.clock().now(), window, self.context.source())),
        }
    }
}

/// Whether two keys are the same. Keys that can't be compared count as different, which costs only one more request.
fn is_same(one: &dyn Signer, other: &dyn Signer) -> bool {
    let der = |key: &dyn Signer| key.public_key().and_then(|key| key.to_der());
    matches!((der(one), der(other)), (Ok(one), Ok(other)) if one == other)
}

/// A certificate that expires soon or has expired is a warning: some sources still accept its key. One for another key fails
/// the test.
fn finding(verdict: Verdict) -> Result<Finding> {
    let Verdict { status, detail, help } = verdict;
    let help = help.unwrap_or_default();
    match status {
        CertificateStatus::Ok => Ok(Finding::passed(detail)),
        CertificateStatus::Warning | CertificateStatus::Expired => Ok(Finding::warning(detail, help)),
        CertificateStatus::Broken => Err(Error::new(ErrorKind::Secret, detail).with_help(help)),
    }
}
