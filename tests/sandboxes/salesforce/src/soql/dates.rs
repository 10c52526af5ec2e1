//! Date literals such as `TODAY` and `LAST_N_DAYS:30`, as spans of time in UTC.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

/// The span that a literal names: its first millisecond, and the first after it.
pub(crate) fn span(word: &str, count: Option<u64>, now: i64) -> Option<(i64, i64)> {
    let today = Timestamp::from_millisecond(now).ok()?.to_zoned(TimeZone::UTC).date();
    let month = today.first_of_month();
    let year = today.first_of_year();
    let week = today.checked_sub(i64::from(today.weekday().to_sunday_zero_offset()).days()).ok()?;
    let many = match count {
        Some(count) => Some(i64::try_from(count).ok().filter(|count| *count < 100_000)?),
        None => None,
    };
    let between = |from: Date, length: Span| Some((start(from)?, start(from.checked_add(length).ok()?)?));
    match (word.to_ascii_uppercase().as_str(), many) {
        ("TODAY", None) => between(today, 1.day()),
        ("YESTERDAY", None) => between(today.yesterday().ok()?, 1.day()),
        ("TOMORROW", None) => between(today.tomorrow().ok()?, 1.day()),
        ("THIS_WEEK", None) => between(week, 1.week()),
        ("LAST_WEEK", None) => between(week.checked_sub(1.week()).ok()?, 1.week()),
        ("THIS_MONTH", None) => between(month, 1.month()),
        ("LAST_MONTH", None) => between(month.checked_sub(1.month()).ok()?, 1.month()),
        ("THIS_YEAR", None) => between(year, 1.year()),
        ("LAST_YEAR", None) => between(year.checked_sub(1.year()).ok()?, 1.year()),
        ("LAST_90_DAYS", None) => since(today, 90),
        ("NEXT_90_DAYS", None) => between(today.tomorrow().ok()?, 90.days()),
        ("LAST_N_DAYS", Some(days)) => since(today, days),
        ("NEXT_N_DAYS", Some(days)) => between(today.tomorrow().ok()?, days.days()),
        ("N_DAYS_AGO", Some(days)) => between(today.checked_sub(days.days()).ok()?, 1.day()),
        _ => None,
    }
}

/// The last N days, including today.
fn since(today: Date, days: i64) -> Option<(i64, i64)> {
    Some((start(today.checked_sub(days.days()).ok()?)?, start(today.tomorrow().ok()?)?))
}

fn start(date: Date) -> Option<i64> {
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}
