//! Whether a certificate works now and in the near future.

use crate::certificate::day;
use crate::chain::Chain;
use crate::signer::Signer;
use connector_core::{Context, SecretRef};
use jiff::Timestamp;
use std::time::Duration;
use strum::IntoStaticStr;

/// How long before it expires a certificate should be renewed, by default.
pub const RENEW_BEFORE: Duration = Duration::from_hours(30 * 24);

/// The status of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum CertificateStatus {
    /// Nothing to do.
    Ok,
    /// It works, but needs attention, usually because it expires soon.
    Warning,
    /// It has expired.
    Expired,
    /// It can't be read, does not match the key, or is not valid yet.
    Broken,
}

impl CertificateStatus {
    /// The name in machine output.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The status of a certificate, the reason, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The status.
    pub status: CertificateStatus,
    /// The reason, for people.
    pub detail: String,
    /// What to do, if anything.
    pub help: Option<String>,
}

impl Chain {
    /// Judges the certificate at the time `now`: it should match `key`, if that is known, and not expire within
    /// `window`. `source` is the name of its source.
    pub fn judge(&self, key: Option<&dyn Signer>, now: Timestamp, window: Duration, source: &str) -> Verdict {
        let verdict = |status, detail: String, help: &str| Verdict { status, detail, help: Some(help.to_owned()) };
        let leaf = self.leaf();
        let last_day = day(leaf.not_after());
        if key.is_some_and(|key| !leaf.fits(key)) {
            let detail = format!("the certificate ({}) does not match the private key", leaf.subject());
            let help =
                "set `certificate_ref` and `key_ref` to files of the same pair, and upload that certificate to the app";
            return verdict(CertificateStatus::Broken, detail, help);
        }
        if leaf.not_after() < now {
            let detail = format!("the certificate expired on {last_day}");
            return verdict(CertificateStatus::Expired, detail, &renew(source, now));
        }
        if leaf.not_before() > now {
            let detail = format!("the certificate is not valid before {}", day(leaf.not_before()));
            return verdict(CertificateStatus::Broken, detail, "check the clock of this machine, or wait for that day");
        }
        let seconds = leaf.not_after().as_second() - now.as_second();
        if u64::try_from(seconds).is_ok_and(|seconds| seconds <= window.as_secs()) {
            let left = match seconds / 86_400 {
                0 => "in less than a day".to_owned(),
                1 => "in 1 day".to_owned(),
                days => format!("in {days} days"),
            };
            let detail = format!("expires {left} ({last_day})");
            return verdict(CertificateStatus::Warning, detail, &renew(source, now));
        }
        if let Some(flaw) = self.flaws(now).into_iter().next() {
            let help = "keep only the certificate of the key in the file; sign-in does not need the issuers";
            return verdict(CertificateStatus::Warning, flaw, help);
        }
        let fits = if key.is_some() { ", matches the key" } else { "" };
        let detail = format!("{}, valid until {last_day}{fits}", leaf.subject());
        Verdict { status: CertificateStatus::Ok, detail, help: None }
    }
}

/// The verdict if the certificate that `reference` names does not match the key, but the one in `PATH.next` does: a
/// rotation stopped after it replaced the key and before it replaced the certificate. `None` otherwise.
pub async fn half_switched(context: &Context, reference: &SecretRef, key: &dyn Signer) -> Option<Verdict> {
    let next = reference.successor()?;
    let in_place = Chain::from_pem(&context.public_text(reference).await.ok()?).ok()?;
    let waiting = Chain::from_pem(&context.public_text(&next).await.ok()?).ok()?;
    (!in_place.leaf().fits(key) && waiting.leaf().fits(key)).then(|| Verdict {
        status: CertificateStatus::Warning,
        detail: format!("the key is already the new one, but its certificate is still in {next}"),
        help: Some(format!("run `connector cert rotate {}` to finish the interrupted rotation", context.source())),
    })
}

fn renew(source: &str, now: Timestamp) -> String {
    format!(
        "run `connector cert rotate {source}`. To renew it by hand, create a new pair with `connector cert new {source}-{}`, \
         upload its certificate to the app, and set `key_ref` and `certificate_ref`",
        now.strftime("%Y")
    )
}
