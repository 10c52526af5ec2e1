//! From when to when a certificate is valid, on a line from a year ago to two years ahead.

use crate::text::Tone;
use askama::Template;
use connector_keys::CertificateStatus;
use connector_project::certificate::Watched;
use connector_text::day;
use jiff::Timestamp;

const YEAR: i64 = 365 * 86_400;

/// The line begins a year ago and is three years long.
const LENGTH: i64 = 3 * YEAR;

/// A bar from the beginning to the end of a certificate.
#[derive(Template)]
#[template(path = "picture/span.html")]
pub(crate) struct Span {
    tone: Tone,
    x: String,
    width: String,
    now: String,
    label: String,
}

/// Where a moment is on the line, in percent; what is outside is at its ends.
fn place(moment: Timestamp, now: Timestamp) -> f64 {
    let from_start = (moment.as_second() - (now.as_second() - YEAR)).clamp(0, LENGTH);
    f64::from(u32::try_from(from_start).unwrap_or(0)) / f64::from(u32::try_from(LENGTH).unwrap_or(1)) * 100.0
}

impl Span {
    /// `None` if the certificate can't be read.
    pub(crate) fn of(watched: &Watched, now: Timestamp) -> Option<Self> {
        let certificate = watched.certificate.as_ref()?;
        let (begin, end) = (certificate.not_before(), certificate.not_after());
        let (from, to) = (place(begin, now), place(end, now));
        let tone = match watched.verdict.status {
            CertificateStatus::Ok => Tone::Good,
            CertificateStatus::Warning => Tone::Warn,
            CertificateStatus::Expired | CertificateStatus::Broken => Tone::Bad,
        };
        Some(Self {
            tone,
            x: format!("{from:.2}%"),
            width: format!("{:.2}%", (to - from).max(0.4)),
            now: format!("{:.2}%", place(now, now)),
            label: format!("valid from {} to {}", day(begin), day(end)),
        })
    }

    /// The beginnings of years on the line, each with its place.
    pub(crate) fn years(now: Timestamp) -> Vec<(String, String)> {
        let this = i64::from(now.to_zoned(jiff::tz::TimeZone::UTC).year());
        let years = (this - 1..=this + 3).filter_map(|year| {
            let begins: Timestamp = format!("{year:04}-01-01T00:00:00Z").parse().ok()?;
            let at = place(begins, now);
            (at > 0.0 && at < 96.0).then(|| (format!("{at:.2}%"), year.to_string()))
        });
        years.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_moment_has_a_place_on_the_line() {
        let now: Timestamp = "2026-11-30T00:00:00Z".parse().unwrap();
        let at = |text: &str| place(text.parse().unwrap(), now);
        assert!(at("1970-01-01T00:00:00Z") < 0.01 && at("2100-01-01T00:00:00Z") > 99.99);
        assert!((at("2026-11-30T00:00:00Z") - 33.3).abs() < 0.1);
        assert_eq!(
            Span::years(now).iter().map(|(_, year)| year.as_str()).collect::<Vec<_>>(),
            ["2026", "2027", "2028"]
        );
    }
}
