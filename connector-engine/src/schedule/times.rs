//! The moments of a schedule.

use connector_core::{Error, Result};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The moments of a cron schedule in a time zone.
///
/// Where a clock is put forward, a moment that does not exist comes right after the gap. Where it is put back, a moment with a fixed
/// hour comes once.
///
/// ```
/// use connector_engine::schedule::Times;
/// use jiff::tz::TimeZone;
///
/// let times = Times::parse("30 2 * * *", TimeZone::get("Europe/Rome").unwrap())?;
/// let next = times.next("2026-11-30T12:00:00Z".parse().unwrap()).unwrap();
/// assert_eq!(next.to_string(), "2026-12-01T01:30:00Z");
/// # Ok::<(), connector_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Times {
    cron: Cron,
    zone: TimeZone,
}

impl Times {
    /// Reads the five fields of a schedule. Fails with kind `definition`.
    pub fn parse(schedule: &str, zone: TimeZone) -> Result<Self> {
        // `10/20` goes on to the end, as in most programs called cron.
        let parser =
            CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).sloppy_ranges(true).build();
        let cron = parser.parse(schedule).map_err(|cause| {
            Error::definition(format!("`{schedule}` is not a valid cron schedule: {cause}"))
                .with_help("write minute, hour, day of the month, month and weekday, for example `0 */4 * * *`")
        })?;
        Ok(Self { cron, zone })
    }

    /// The first moment after another; `None` if none comes.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let after = after.to_zoned(self.zone.clone());
        self.cron.find_next_occurrence(&after, false).ok().map(|next| next.timestamp())
    }

    /// The last moment up to another, which may be that one; `None` if there was none.
    pub fn last(&self, until: Timestamp) -> Option<Timestamp> {
        let until = until.to_zoned(self.zone.clone());
        self.cron.find_previous_occurrence(&until, true).ok().map(|last| last.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moments(schedule: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let times = Times::parse(schedule, TimeZone::get(zone).unwrap()).unwrap();
        let mut at = from.parse().unwrap();
        let mut next = || {
            at = times.next(at)?;
            Some(at.to_string())
        };
        std::iter::from_fn(&mut next).take(count).collect()
    }

    #[test]
    fn a_day_with_a_gap_and_a_day_with_an_hour_twice_have_one_moment_each() {
        let spring = moments("30 2 * * *", "Europe/Rome", "2026-03-28T00:00:00Z", 3);
        assert_eq!(spring, ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
        let autumn = moments("30 2 * * *", "Europe/Rome", "2026-10-24T00:00:00Z", 3);
        assert_eq!(autumn, ["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    }

    #[test]
    fn a_day_of_the_month_and_a_weekday_count_each_for_itself() {
        let next = moments("0 0 31 * MON", "UTC", "2026-11-29T00:00:00Z", 6);
        let days: Vec<_> = next.iter().map(|moment| &moment[5..10]).collect();
        assert_eq!(days, ["11-30", "12-07", "12-14", "12-21", "12-28", "12-31"]);
    }

    #[test]
    fn every_schedule_that_a_source_file_may_have_is_read() {
        for schedule in [
            "0 */4 * * *",
            "*/15 8-18 * * MON-FRI",
            "0 0 29 2 *",
            "5,10,15 0 1 JAN,jul 7",
            " 0  3 * * 0 ",
            "10/20 * * * *",
        ] {
            let times = Times::parse(schedule, TimeZone::UTC).unwrap_or_else(|error| panic!("{schedule}: {error}"));
            assert!(times.next(Timestamp::UNIX_EPOCH).is_some(), "{schedule}");
        }
        for schedule in ["", "* * * *", "61 * * * *", "* * * * * * * *"] {
            assert_eq!(
                Times::parse(schedule, TimeZone::UTC).unwrap_err().kind(),
                connector_core::ErrorKind::Definition
            );
        }
    }

    proptest! {
        #[test]
        fn the_last_moment_before_the_next_one_is_not_after_now(
            minute in 0..60_u8, hour in 0..24_u8, now in 1_500_000_000..2_000_000_000_i64,
            zone in prop::sample::select(vec!["UTC", "Europe/Rome", "America/St_Johns", "Australia/Lord_Howe"]),
        ) {
            let times = Times::parse(&format!("{minute} {hour} * * *"), TimeZone::get(zone).unwrap()).unwrap();
            let now = Timestamp::from_second(now).unwrap();
            let (last, next) = (times.last(now).unwrap(), times.next(now).unwrap());
            prop_assert!(last <= now && now < next, "{last} {now} {next}");
            prop_assert!(next.as_second() - last.as_second() <= 49 * 3600);
        }
    }
}
