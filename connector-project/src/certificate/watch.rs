//! Checks the certificate that a source names.

use crate::source::{Project, Source};
use connector_core::{Context, Error, Result, SigningKey};
use connector_keys::{
    Certificate, CertificateStatus, Chain, RENEW_BEFORE, Signer, Verdict, half_switched, open_signer,
};
use connector_secrets::read_public_file;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// The certificate of a source and its status.
#[derive(Debug)]
pub struct Watched {
    /// The certificate; absent if it can't be read.
    pub certificate: Option<Certificate>,
    /// Whether it matches the source's key; absent if that is unknown.
    pub fits_key: Option<bool>,
    /// Why the comparison with the key failed, if there was one.
    pub key_fault: Option<Error>,
    /// The status.
    pub verdict: Verdict,
}

impl Watched {
    /// What is wrong and what to do, in one line; `None` if nothing is wrong.
    pub fn warning(&self) -> Option<String> {
        let Verdict { status, detail, help } = &self.verdict;
        let help = help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        (*status != CertificateStatus::Ok).then(|| format!("{detail}{help}"))
    }
}

/// Checks the certificate of a source and compares it with the key. `None` if the source names no certificate.
///
/// Warns if it expires within `window`. If `window` is `None`, the source's `rotation` sets the window.
pub async fn examine(project: &Project, source: &Source, window: Option<Duration>, now: Timestamp) -> Option<Watched> {
    let refs = source.signing_key(project)?;
    let reference = refs.certificate_ref.clone()?;
    let context = source.context(project);
    let chain = match context.public_text(&reference).await.and_then(|text| Chain::from_pem(&text)) {
        Ok(chain) => chain,
        Err(error) => return Some(unreadable(&error)),
    };
    let key = key_of(project, source).await;
    let window = window.unwrap_or_else(|| window_of(&refs));
    let (key, key_fault) = match key {
        Some(Ok(key)) => (Some(key), None),
        Some(Err(error)) => (None, Some(error)),
        None => (None, None),
    };
    let mut watched = judged(&chain, key.as_deref(), source, window, now);
    if let Some(fault) = &key_fault
        && password_is_at_hand(&context, &refs).await
    {
        watched.verdict = broken(fault);
    }
    if let Some(key) = &key
        && let Some(verdict) = half_switched(&context, &reference, key.as_ref()).await
    {
        watched.verdict = verdict;
    }
    watched.key_fault = key_fault;
    Some(watched)
}

/// Checks the certificate of a source if it is in a file. Runs no program and opens no key.
pub fn glance(project: &Project, source: &Source, now: Timestamp) -> Option<Watched> {
    let refs = source.signing_key(project)?;
    let reference = refs.certificate_ref.as_ref().filter(|reference| reference.scheme() == "file")?;
    let text = read_public_file(project.folder(), reference);
    Some(match text.and_then(|text| Chain::from_pem(&text)) {
        Ok(chain) => judged(&chain, None, source, window_of(&refs), now),
        Err(error) => unreadable(&error),
    })
}

/// The key that a source signs with, wherever it is stored; `None` if it names no key.
pub async fn key_of(project: &Project, source: &Source) -> Option<Result<Arc<dyn Signer>>> {
    let refs = source.signing_key(project)?;
    let context = source.context(project);
    Some(open_signer(&context, &refs.key_ref, refs.password_ref.as_ref()).await)
}

/// A password that is unavailable here, for example under cron, says nothing about the key.
async fn password_is_at_hand(context: &Context, refs: &SigningKey) -> bool {
    match &refs.password_ref {
        Some(password) => context.secret(password).await.is_ok(),
        None => true,
    }
}

fn window_of(refs: &SigningKey) -> Duration {
    refs.renew_before.unwrap_or(RENEW_BEFORE)
}

fn judged(chain: &Chain, key: Option<&dyn Signer>, source: &Source, window: Duration, now: Timestamp) -> Watched {
    Watched {
        certificate: Some(chain.leaf().clone()),
        fits_key: key.map(|key| chain.leaf().fits(key)),
        key_fault: None,
        verdict: chain.judge(key, now, window, &source.name),
    }
}

fn unreadable(error: &Error) -> Watched {
    Watched { certificate: None, fits_key: None, key_fault: None, verdict: broken(error) }
}

fn broken(error: &Error) -> Verdict {
    Verdict {
        status: CertificateStatus::Broken,
        detail: error.message().to_owned(),
        help: error.help().map(str::to_owned),
    }
}
