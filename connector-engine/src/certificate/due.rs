//! Whether a timer is to replace the certificate of a source.

use super::watch::glance;
use connector_core::{Error, ErrorKind, Result};
use connector_project::source::{Project, Source};
use jiff::Timestamp;
use std::time::Duration;

const DAY: u64 = 24 * 60 * 60;

/// Whether the certificate of a source ends within what its `auth.rotation` says. Without such a policy it is never due.
///
/// Fails where the policy can't be followed: with kind `definition` when the next certificate, which lives as long as this
/// one, would be due from its first day on; with kind `unsupported` when the certificate is not kept in a file; with kind
/// `secret` when it can't be read.
pub fn is_due(project: &Project, source: &Source, now: Timestamp) -> Result<bool> {
    let Some(window) = source.signing_key(project).and_then(|key| key.renew_before) else { return Ok(false) };
    let name = &source.name;
    let Some(watched) = glance(project, source, now) else {
        let message = format!("`{name}` has a rotation policy, but no certificate in a file that could be replaced");
        return Err(Error::new(ErrorKind::Unsupported, message)
            .with_help("name one by `certificate_ref: file:…`, or remove `rotation` and renew it where it is kept"));
    };
    let Some(certificate) = watched.certificate else {
        let message = format!("the certificate of `{name}` can't be looked at: {}", watched.verdict.detail);
        return Err(Error::new(ErrorKind::Secret, message).with_help(watched.verdict.help.unwrap_or_default()));
    };
    let left = Duration::try_from(certificate.not_after().duration_since(now)).unwrap_or_default();
    if left > window {
        return Ok(false);
    }
    let (days, before) = (u64::from(certificate.renewal().days), window.as_secs() / DAY);
    if window >= Duration::from_secs(days * DAY) {
        let message = format!(
            "`{name}` renews its certificate {before} days before it ends, but the next one, like this one, lives {days} days: it would be renewed at each run"
        );
        return Err(Error::new(ErrorKind::Definition, message).with_help(format!(
            "make `auth.rotation.before_expiry` much shorter than {days} days, or begin with a certificate that lives longer: `connector cert new --days N`"
        )));
    }
    Ok(true)
}
