//! API versions that can be retired.

use connector_core::jiff::civil::{Date, date};
use connector_core::jiff::tz::TimeZone;
use connector_core::jiff::{Span, ToSpan};
use connector_core::{AuditedSource, Check, Hit, Rule, Severity, register_rule};

register_rule! {
    Rule::new("salesforce_api_version", "API versions that can be retired", Severity::Low, Check::Source(check))
        .because("Salesforce keeps a version for three years; after that it announces the retirement a year ahead")
        .cured_by("write a newer `api_version` in the source's file, or omit it for the newest")
        .only_for("salesforce")
}

/// A version that is known, and the first day of its month. Three versions come each year, in February, June and October.
const KNOWN: (i32, Date) = (46, date(2019, 6, 1));
const MONTHS_BETWEEN: i32 = 4;
const YEARS_KEPT: i32 = 3;

fn check(audited: &AuditedSource<'_>, hits: &mut Vec<Hit>) {
    let Some(version) = audited.settings["api_version"].as_str() else { return };
    let today = audited.criteria.now.to_zoned(TimeZone::UTC).date();
    if let Some(since) = kept_until(version).filter(|until| *until <= today) {
        hits.push(Hit::new(format!("it uses API version {version}, which Salesforce can retire since {since}")));
    }
}

/// The day until which Salesforce keeps a version in any case.
fn kept_until(version: &str) -> Option<Date> {
    let number: i32 = version.strip_suffix(".0")?.parse().ok()?;
    let (known, came) = KNOWN;
    let months: Span = number.checked_sub(known)?.checked_mul(MONTHS_BETWEEN)?.checked_add(YEARS_KEPT * 12)?.months();
    came.checked_add(months).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use connector_core::Criteria;
    use serde_json::json;

    fn found(version: Option<&str>, now: &str) -> Vec<Hit> {
        let (settings, mut hits) = (json!({"api_version": version}), Vec::new());
        check(&AuditedSource::new("salesforce", &settings, Criteria::at(now.parse().unwrap())), &mut hits);
        hits
    }

    #[test]
    fn a_version_is_found_from_three_years_after_its_release_on() {
        // Summer '26.
        assert_eq!(kept_until("67.0"), Some(date(2029, 6, 1)));
        assert_eq!(found(Some("58.0"), "2026-05-31T00:00:00Z"), []);
        let hits = found(Some("58.0"), "2026-06-01T00:00:00Z");
        assert!(hits[0].detail.contains("58.0") && hits[0].detail.contains("2026-06-01"), "{hits:?}");
        assert_eq!(found(None, "2040-01-01T00:00:00Z"), []);
        assert_eq!(kept_until("soon"), None);
        assert_eq!(kept_until("99999999999.0"), None);
    }
}
