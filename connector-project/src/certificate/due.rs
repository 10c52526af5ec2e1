//! Whether a timer should replace the certificate of a source.

use super::watch::glance;
use crate::source::{Project, Source};
use connector_core::{Error, ErrorKind, Result};
use jiff::Timestamp;
use std::time::Duration;

const DAY: u64 = 24 * 60 * 60;

/// Whether the certificate of a source is inside its rotation window (`auth.rotation`). Without a policy, it is never due.
///
/// Fails if the policy can't be followed: with kind `definition` if the next certificate, which is valid as long as this one,
/// would be due from its first day; with kind `unsupported` if the certificate is not in a file; with kind `secret` if it
/// can't be read.
pub fn is_due(project: &Project, source: &Source, now: Timestamp) -> Result<bool> {
    let Some(window) = source.signing_key(project).and_then(|key| key.renew_before) else { return Ok(false) };
    let name = &source.name;
    let Some(watched) = glance(project, source, now) else {
        let message = format!("`{name}` has a rotation policy, but no certificate in a file");
        return Err(Error::new(ErrorKind::Unsupported, message).with_help(
            "set `certificate_ref: file:…`, or remove `rotation` and renew the certificate where it is stored",
        ));
    };
    let Some(certificate) = watched.certificate else {
        let message = format!("the certificate of `{name}` can't be checked: {}", watched.verdict.detail);
        return Err(Error::new(ErrorKind::Secret, message).with_help(watched.verdict.help.unwrap_or_default()));
    };
    let left = Duration::try_from(certificate.not_after().duration_since(now)).unwrap_or_default();
    if left > window {
        return Ok(false);
    }
    let (days, before) = (u64::from(certificate.renewal().days), window.as_secs() / DAY);
    if window >= Duration::from_secs(days * DAY) {
        let message = format!(
            "`{name}` renews its certificate {before} days before it expires, but the next one, like this one, is valid for {days} days: every run would renew it"
        );
        return Err(Error::new(ErrorKind::Definition, message).with_help(format!(
            "set `auth.rotation.before_expiry` much shorter than {days} days, or start with a certificate that is valid longer: `connector cert new --days N`"
        )));
    }
    Ok(true)
}
