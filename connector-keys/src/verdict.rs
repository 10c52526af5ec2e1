//! Whether a certificate can be relied on for the time to come.

use crate::certificate::day;
use crate::chain::Chain;
use crate::signer::Signer;
use connector_core::{Context, SecretRef};
use jiff::Timestamp;
use std::time::Duration;
use strum::IntoStaticStr;

/// How long before its end a certificate should be renewed, for those who say nothing else.
pub const RENEW_BEFORE: Duration = Duration::from_hours(30 * 24);

/// How a certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum CertificateStatus {
    /// Nothing is to do.
    Ok,
    /// It works, but something should be done, most often because it ends soon.
    Warning,
    /// Its last day has passed.
    Expired,
    /// It can't be read, does not belong to the key, or is not valid yet.
    Broken,
}

impl CertificateStatus {
    /// The name in machine output.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// How a certificate stands, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How it stands.
    pub status: CertificateStatus,
    /// What was found.
    pub detail: String,
    /// What to do; absent when nothing is.
    pub help: Option<String>,
}

impl Chain {
    /// Judges the certificate at the moment `now`: it should belong to `key`, where that is known, and not end within
    /// `window`. `source` is the name of the source it is for.
    pub fn judge(&self, key: Option<&dyn Signer>, now: Timestamp, window: Duration, source: &str) -> Verdict {
        let verdict = |status, detail: String, help: &str| Verdict { status, detail, help: Some(help.to_owned()) };
        let leaf = self.leaf();
        let last_day = day(leaf.not_after());
        if key.is_some_and(|key| !leaf.fits(key)) {
            let detail = format!("the certificate ({}) does not belong to the private key", leaf.subject());
            let help =
                "point `certificate_ref` and `key_ref` at files of the same pair; the app needs that certificate too";
            return verdict(CertificateStatus::Broken, detail, help);
        }
        if leaf.not_after() < now {
            let detail = format!("the certificate expired on {last_day}");
            return verdict(CertificateStatus::Expired, detail, &renew(source, now));
        }
        if leaf.not_before() > now {
            let detail = format!("the certificate is valid only from {} on", day(leaf.not_before()));
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
            let help = "keep the certificate of the key alone in the file: its issuers are not needed for sign-in";
            return verdict(CertificateStatus::Warning, flaw, help);
        }
        let fits = if key.is_some() { ", fits the key" } else { "" };
        let detail = format!("{}, valid until {last_day}{fits}", leaf.subject());
        Verdict { status: CertificateStatus::Ok, detail, help: None }
    }
}

/// How the certificate that `reference` names stands when it does not belong to the key, but the one beside it in
/// `PATH.next` does: a rotation was stopped after the new key took its place and before the certificate did. `None` when
/// that is not so.
pub async fn half_switched(context: &Context, reference: &SecretRef, key: &dyn Signer) -> Option<Verdict> {
    let next = reference.successor()?;
    let in_place = Chain::from_pem(&context.public_text(reference).await.ok()?).ok()?;
    let waiting = Chain::from_pem(&context.public_text(&next).await.ok()?).ok()?;
    (!in_place.leaf().fits(key) && waiting.leaf().fits(key)).then(|| Verdict {
        status: CertificateStatus::Warning,
        detail: format!("the key is the new one already, and its certificate still waits in {next}"),
        help: Some(format!(
            "`connector cert rotate {}` ends the rotation that was stopped in between",
            context.source()
        )),
    })
}

fn renew(source: &str, now: Timestamp) -> String {
    format!(
        "run `connector cert rotate {source}`; or by hand: make a new pair with `connector cert new {source}-{}`, upload its \
         certificate to the app, and name both in `key_ref` and `certificate_ref`",
        now.strftime("%Y")
    )
}
