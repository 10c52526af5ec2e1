//! Numbers, times and sizes for people.

use jiff::{Timestamp, tz::TimeZone};
use std::time::Duration;

/// `1234567` as `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 account`, `1,200 accounts`.
pub fn plural(number: u64, thing: &str) -> String {
    let many = match thing.strip_suffix('y') {
        Some(stem) if number != 1 && !stem.ends_with(['a', 'e', 'o']) => format!("{stem}ies"),
        _ if number != 1 => format!("{thing}s"),
        _ => thing.to_owned(),
    };
    format!("{} {many}", count(number))
}

/// `only the first 5 accounts are shown`.
pub fn only_first(number: u64, thing: &str) -> String {
    match number {
        1 => format!("only the first {thing} is shown"),
        _ => format!("only the first {} are shown", plural(number, thing)),
    }
}

/// `412 ms`, `5.2 s`, `3 min 20 s`, `2 h 5 min`.
pub fn duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{millis} ms"),
        1..60 => format!("{}.{} s", seconds, duration.subsec_millis() / 100),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// `0:05`, `12:40`, `1:02:40`, for a time that still runs.
pub fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    match minutes {
        0..60 => format!("{minutes}:{seconds:02}"),
        _ => format!("{}:{:02}:{seconds:02}", minutes / 60, minutes % 60),
    }
}

/// `999 B`, `12.3 kB`, `120 MB`: decimal units, three digits at most.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub fn bytes(number: u64) -> String {
    if number < 1_000 {
        return format!("{number} B");
    }
    let mut size = number as f64;
    let mut unit = "B";
    for next in ["kB", "MB", "GB", "TB"] {
        size /= 1_000.0;
        unit = next;
        if size < 999.5 {
            break;
        }
    }
    if size < 99.95 { format!("{size:.1} {unit}") } else { format!("{size:.0} {unit}") }
}

/// A moment in the system's time zone, to the second.
pub fn moment(timestamp: Timestamp) -> String {
    timestamp.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A moment for a list: with `now`, how long ago it was.
pub fn time(timestamp: Timestamp, now: Option<Timestamp>) -> String {
    now.map_or_else(|| moment(timestamp), |now| relative(timestamp, now))
}

/// `just now`, `5 min ago`, `3 h ago`, `12 days ago`, `in 2 h`; the day if it is more than 30 days away.
pub fn relative(timestamp: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - timestamp.as_second();
    let span = match seconds.unsigned_abs() {
        0..10 => return "just now".to_owned(),
        seconds @ 10..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds @ 3_600..86_400 => format!("{} h", seconds / 3_600),
        seconds @ 86_400..2_592_000 => plural(seconds / 86_400, "day"),
        _ => return timestamp.to_zoned(TimeZone::system()).strftime("%Y-%m-%d").to_string(),
    };
    if seconds < 0 { format!("in {span}") } else { format!("{span} ago") }
}

/// A moment with its time zone, and how long ago it was.
pub fn exactly(timestamp: Timestamp) -> String {
    let zoned = timestamp.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string();
    format!("{zoned} ({})", relative(timestamp, Timestamp::now()))
}

/// The day of a moment in UTC.
pub fn day(timestamp: Timestamp) -> String {
    timestamp.strftime("%Y-%m-%d").to_string()
}

/// Whole days from `now` until `then`; negative when that has passed.
pub fn days_until(then: Timestamp, now: Timestamp) -> i64 {
    (then.as_second() - now.as_second()).div_euclid(86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_well_at_every_size() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([1, 2].map(|n| plural(n, "entry")), ["1 entry", "2 entries"]);
        assert_eq!(
            [999, 1_000, 12_345, 999_600, 120_000_000].map(bytes),
            ["999 B", "1.0 kB", "12.3 kB", "1.0 MB", "120 MB"]
        );
        assert_eq!([5, 760, 3_760].map(|s| clock(Duration::from_secs(s))), ["0:05", "12:40", "1:02:40"]);
        assert_eq!(only_first(1, "account"), "only the first account is shown");
        assert_eq!(only_first(1_000, "entry"), "only the first 1,000 entries are shown");
        let seconds = [0, 5, 200, 7_500].map(|s| duration(Duration::from_secs(s)));
        assert_eq!(seconds, ["0 ms", "5.0 s", "3 min 20 s", "2 h 5 min"]);
    }

    #[test]
    fn a_time_in_a_list_says_how_long_ago_it_was() {
        let now = Timestamp::from_second(10_000_000).unwrap();
        let shown = [0, 45, 125, 7_300, 86_400, 1_000_000, -7_300]
            .map(|ago| relative(Timestamp::from_second(10_000_000 - ago).unwrap(), now));
        assert_eq!(shown, ["just now", "45 s ago", "2 min ago", "2 h ago", "1 day ago", "11 days ago", "in 2 h"]);
        assert_eq!(relative(Timestamp::from_second(0).unwrap(), now).len(), "1970-01-01".len());
    }

    #[test]
    fn a_certificate_that_expired_an_hour_ago_has_less_than_no_days_left() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let then = Timestamp::from_second(1_000_000 - 3_600).unwrap();
        assert_eq!(days_until(then, now), -1);
    }
}
