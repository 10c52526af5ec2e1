//! How long a certificate is still valid.

use super::ratio;
use crate::text::Tone;
use askama::Template;
use connector_keys::CertificateStatus;
use connector_project::certificate::Watched;
use connector_text::{day, days_until, plural};
use jiff::Timestamp;

/// How long a certificate is still valid: the days, and a bar of its whole life.
#[derive(Template)]
#[template(path = "picture/validity.html")]
pub(crate) struct Validity {
    tone: Tone,
    /// `53 days`.
    words: String,
    exactly: String,
    /// How much of its life is left, in percent.
    left: String,
}

impl Validity {
    /// `None` if the certificate can't be read: a note says so.
    pub(crate) fn of(watched: &Watched, now: Timestamp) -> Option<Self> {
        let certificate = watched.certificate.as_ref()?;
        let (begin, end) = (certificate.not_before(), certificate.not_after());
        let tone = match watched.verdict.status {
            CertificateStatus::Ok => Tone::Good,
            CertificateStatus::Warning => Tone::Warn,
            CertificateStatus::Expired | CertificateStatus::Broken => Tone::Bad,
        };
        let days = days_until(end, now);
        let words = match u64::try_from(days) {
            Ok(days) => plural(days, "day"),
            Err(_) => "expired".to_owned(),
        };
        let seconds = |from: Timestamp| u64::try_from(end.as_second() - from.as_second()).unwrap_or(0);
        let left = (ratio(seconds(now), seconds(begin)) * 100.0).clamp(0.0, 100.0);
        Some(Self { tone, words, exactly: format!("valid until {}", day(end)), left: format!("{left:.1}%") })
    }
}
