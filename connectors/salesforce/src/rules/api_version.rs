//! API versions that Salesforce retires.

use crate::platform::{Release, Support, support};
use connector_core::jiff::civil::Date;
use connector_core::jiff::tz::TimeZone;
use connector_core::{AuditedSource, Check, Hit, Rule, Severity, register_rule};

register_rule! {
    Rule::new("salesforce_api_version", "API versions that are or can be retired", Severity::Low, Check::Source(check))
        .because("calls of a retired version fail; Salesforce keeps a version for three years, and announces its end a year ahead")
        .cured_by("write a newer `api_version` in the source's file, or omit it for the newest")
        .only_for("salesforce")
}

/// The end is urgent within this many days.
const URGENT: i32 = 90;
/// Salesforce announces an end this many days ahead.
const A_YEAR: i32 = 366;

fn check(audited: &AuditedSource<'_>, hits: &mut Vec<Hit>) {
    let Some(version) = audited.settings["api_version"].as_str() else { return };
    let today = audited.criteria.now.to_zoned(TimeZone::UTC).date();
    let hit = match support(version, today) {
        Some(Support::Retired(release)) => {
            Hit::new(format!("it uses API version {version}, which Salesforce retired with {release}"))
                .with_severity(Severity::Critical)
        }
        Some(Support::Ending { retired, .. }) => {
            Hit::new(format!("it uses API version {version}, which Salesforce retires with {retired}"))
                .with_severity(severity(retired, today))
        }
        Some(Support::Unprotected(since)) => {
            Hit::new(format!("it uses API version {version}, which Salesforce can retire since {since}"))
        }
        Some(Support::Kept(_)) | None => return,
    };
    hits.push(hit);
}

/// The nearer the end, the worse.
fn severity(retired: Release, today: Date) -> Severity {
    let days = today.until(retired.date).map_or(0, |left| left.get_days());
    if days <= URGENT {
        Severity::High
    } else if days <= A_YEAR {
        Severity::Medium
    } else {
        Severity::Low
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use connector_core::Criteria;
    use serde_json::json;

    fn found(version: Option<&str>, now: &str) -> Vec<(Severity, String)> {
        let (settings, mut hits) = (json!({"api_version": version}), Vec::new());
        let now = format!("{now}T00:00:00Z").parse().unwrap();
        check(&AuditedSource::new("salesforce", &settings, Criteria::at(now)), &mut hits);
        hits.into_iter().map(|hit| (hit.severity.unwrap_or(Severity::Low), hit.detail)).collect()
    }

    #[test]
    fn a_version_is_found_from_three_years_after_its_release_on() {
        assert_eq!(found(Some("58.0"), "2026-05-31"), []);
        let hits = found(Some("58.0"), "2026-06-01");
        assert!(hits[0].1.contains("58.0") && hits[0].1.contains("can retire since 2026-06-01"), "{hits:?}");
        assert_eq!(found(None, "2040-01-01"), []);
    }

    #[test]
    fn the_nearer_an_announced_end_is_the_worse() {
        for (now, severity, says) in [
            ("2026-12-01", Severity::Low, "retires with Summer '28 (2028-06-01)"),
            ("2027-06-01", Severity::Medium, "retires with"),
            ("2028-03-03", Severity::High, "retires with"),
            ("2028-06-01", Severity::Critical, "retired with Summer '28 (2028-06-01)"),
        ] {
            let hits = found(Some("35.0"), now);
            assert!(hits.len() == 1 && hits[0].0 == severity && hits[0].1.contains(says), "{now}: {hits:?}");
        }
    }
}
