//! Looking at the certificate that a source names.

use connector_core::{Context, Error, Result, SigningKey};
use connector_keys::{
    Certificate, CertificateStatus, Chain, RENEW_BEFORE, Signer, Verdict, half_switched, open_signer,
};
use connector_project::source::{Project, Source};
use connector_secrets::read_public_file;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// The certificate of a source, and how it stands.
#[derive(Debug)]
pub struct Watched {
    /// The certificate; absent when it can't be read.
    pub certificate: Option<Certificate>,
    /// Whether it was made for the source's key; absent when that is not known.
    pub fits_key: Option<bool>,
    /// Why the key could not be compared with it, where that was tried.
    pub key_fault: Option<Error>,
    /// How it stands.
    pub verdict: Verdict,
}

impl Watched {
    /// What is wrong and what to do, in a line; `None` when nothing is.
    pub fn warning(&self) -> Option<String> {
        let Verdict { status, detail, help } = &self.verdict;
        let help = help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        (*status != CertificateStatus::Ok).then(|| format!("{detail}{help}"))
    }
}

/// Looks at the certificate of a source and compares it with its key. `None` when the source names no certificate.
///
/// It is warned about when it ends within `window`, or within what the source's `rotation` says when that is `None`.
pub async fn examine(project: &Project, source: &Source, window: Option<Duration>, now: Timestamp) -> Option<Watched> {
    let refs = source.signing_key(project)?;
    let reference = refs.certificate_ref.clone()?;
    let context = Context::new(&source.name, project.folder());
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

/// Looks at the certificate of a source when it is kept in a file; no program is run for it and no key is opened.
pub fn glance(project: &Project, source: &Source, now: Timestamp) -> Option<Watched> {
    let refs = source.signing_key(project)?;
    let reference = refs.certificate_ref.as_ref().filter(|reference| reference.scheme() == "file")?;
    let text = read_public_file(project.folder(), reference);
    Some(match text.and_then(|text| Chain::from_pem(&text)) {
        Ok(chain) => judged(&chain, None, source, window_of(&refs), now),
        Err(error) => unreadable(&error),
    })
}

/// The key that a source signs with, wherever it is kept; `None` when it names none.
pub async fn key_of(project: &Project, source: &Source) -> Option<Result<Arc<dyn Signer>>> {
    let refs = source.signing_key(project)?;
    let context = Context::new(&source.name, project.folder());
    Some(open_signer(&context, &refs.key_ref, refs.password_ref.as_ref()).await)
}

/// A password that can't be had here, as where cron runs, says nothing about the key that it opens.
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
