//! The dates that Salesforce has announced, in one table.
//!
//! A release reaches orgs over weeks; its date here is the first day of the month in which most of them get it.

use connector_core::jiff::civil::{Date, date};
use connector_core::jiff::{Span, ToSpan};
use std::fmt;
use std::ops::RangeInclusive;

/// A release of Salesforce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) name: &'static str,
    pub(crate) date: Date,
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.date)
    }
}

const fn release(name: &'static str, year: i16, month: i8) -> Release {
    Release { name, date: date(year, month, 1) }
}

/// API versions that end together.
struct Wave {
    versions: RangeInclusive<u32>,
    /// From when on Salesforce helps nobody with them, if it says so.
    unsupported: Option<Release>,
    retired: Release,
}

/// Every announced retirement of API versions (REST, SOAP and Bulk alike), oldest first.
///
/// Sources: <https://help.salesforce.com/s/articleView?id=000354473> for 7.0 to 30.0 and
/// <https://help.salesforce.com/s/articleView?id=005321531> for 31.0 to 40.0; the newest table is in
/// <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/api_rest_eol.htm>.
static WAVES: &[Wave] = &[
    Wave { versions: 7..=20, unsupported: None, retired: release("Summer '22", 2022, 6) },
    Wave { versions: 21..=30, unsupported: None, retired: release("Summer '25", 2025, 6) },
    Wave {
        versions: 31..=40,
        unsupported: Some(release("Summer '27", 2027, 6)),
        retired: release("Summer '28", 2028, 6),
    },
];

/// The release with which the SOAP call `login()` ends in the versions that have it, 31.0 to 64.0.
///
/// Source: <https://help.salesforce.com/s/articleView?id=005132110>.
pub(crate) const SOAP_LOGIN: Release = release("Summer '27", 2027, 6);

/// The release since which orgs make no new connected apps.
///
/// Source: <https://help.salesforce.com/s/articleView?id=005228017>.
pub(crate) const CONNECTED_APPS: Release = release("Spring '26", 2026, 2);

/// A version that is known, and the first day of its month. Three versions come each year, in February, June and October.
const KNOWN: (i32, Date) = (46, date(2019, 6, 1));
const MONTHS_BETWEEN: i32 = 4;

/// How long Salesforce keeps a version in any case. It announces the end a year ahead.
///
/// Source: <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/api_rest_eol.htm>.
const YEARS_KEPT: i32 = 3;

/// How long an API version lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Support {
    /// Calls fail.
    Retired(Release),
    /// The end is announced.
    Ending { retired: Release, unsupported: Option<Release> },
    /// No end is announced, and none can come before this day.
    Kept(Date),
    /// No end is announced. It can be announced since this day.
    Unprotected(Date),
}

/// How long an API version such as `67.0` lasts, as of `today`; `None` if the text is no version.
pub(crate) fn support(version: &str, today: Date) -> Option<Support> {
    let number: u32 = version.strip_suffix(".0")?.parse().ok()?;
    of_wave(WAVES, number, today).or_else(|| {
        let until = kept_until(number)?;
        Some(if until > today { Support::Kept(until) } else { Support::Unprotected(until) })
    })
}

fn of_wave(waves: &[Wave], version: u32, today: Date) -> Option<Support> {
    let Wave { unsupported, retired, .. } = waves.iter().find(|wave| wave.versions.contains(&version))?;
    Some(if retired.date <= today {
        Support::Retired(*retired)
    } else {
        Support::Ending { retired: *retired, unsupported: *unsupported }
    })
}

/// The day until which Salesforce keeps a version in any case.
fn kept_until(version: u32) -> Option<Date> {
    let (known, came) = KNOWN;
    let after = i32::try_from(version).ok()?.checked_sub(known)?;
    let months: Span = after.checked_mul(MONTHS_BETWEEN)?.checked_add(YEARS_KEPT * 12)?.months();
    came.checked_add(months).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_kept_for_three_years_then_unprotected() {
        let (before, on) = (date(2026, 5, 31), date(2026, 6, 1));
        assert_eq!(support("58.0", before), Some(Support::Kept(on)));
        assert_eq!(support("58.0", on), Some(Support::Unprotected(on)));
        // Summer '26.
        assert_eq!(support("67.0", on), Some(Support::Kept(date(2029, 6, 1))));
        for odd in ["soon", "67", "99999999999.0", "4000000000.0"] {
            assert_eq!(support(odd, on), None, "{odd}");
        }
    }

    #[test]
    fn an_announced_end_counts_before_the_three_years() {
        let retired = release("Summer '28", 2028, 6);
        let unsupported = Some(release("Summer '27", 2027, 6));
        for version in ["31.0", "40.0"] {
            assert_eq!(support(version, date(2028, 5, 31)), Some(Support::Ending { retired, unsupported }));
            assert_eq!(support(version, date(2028, 6, 1)), Some(Support::Retired(retired)));
        }
        assert_eq!(support("30.0", date(2026, 1, 1)), Some(Support::Retired(release("Summer '25", 2025, 6))));
        assert!(matches!(support("41.0", date(2028, 6, 1)), Some(Support::Unprotected(_))));
    }

    #[test]
    fn the_waves_are_in_order_without_a_gap() {
        for pair in WAVES.windows(2) {
            assert_eq!(pair[0].versions.end() + 1, *pair[1].versions.start());
            assert!(pair[0].retired.date < pair[1].retired.date);
        }
        for wave in WAVES {
            assert!(wave.unsupported.is_none_or(|unsupported| unsupported.date < wave.retired.date));
        }
    }
}
