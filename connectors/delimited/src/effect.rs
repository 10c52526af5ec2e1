//! What the values of a column decide, and when something ends.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

/// Whether a value is one of the first list; `None` if both lists have values, and neither has this one.
pub(crate) fn chosen(text: &str, is: &[String], is_not: &[String]) -> Option<bool> {
    let has = |list: &[String]| list.iter().any(|value| value == text);
    match (is.is_empty(), is_not.is_empty()) {
        (false, true) => Some(has(is)),
        (true, _) => Some(!has(is_not)),
        _ if has(is) => Some(true),
        _ => has(is_not).then_some(false),
    }
}

/// The end that a text names. A day alone is the last one, in UTC.
pub(crate) fn end(format: Option<&str>, text: &str) -> Option<Timestamp> {
    let day = match format {
        Some(format) => {
            let parsed = BrokenDownTime::parse(format, text).ok()?;
            if parsed.hour().is_some() { None } else { Some(parsed.to_date().ok()?) }
        }
        None => text.parse::<Date>().ok().filter(|day| day.to_string() == text),
    };
    match day {
        Some(day) => Some(day.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp()),
        None => crate::attributes::moment(format, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_the_last_one_and_a_time_is_the_end_itself() {
        for (format, text, wanted) in [
            (None, "2027-01-31", Some("2027-02-01T00:00:00Z")),
            (None, "2027-01-31T08:00:00Z", Some("2027-01-31T08:00:00Z")),
            (None, "2027-01-31 08:00", Some("2027-01-31T08:00:00Z")),
            (Some("%d.%m.%Y"), "31.12.2027", Some("2028-01-01T00:00:00Z")),
            (Some("%d.%m.%Y %H:%M"), "31.12.2027 08:00", Some("2027-12-31T08:00:00Z")),
            (Some("%d.%m.%Y"), "2027-12-31", None),
            (None, "soon", None),
            (None, "", None),
        ] {
            assert_eq!(end(format, text).map(|end| end.to_string()).as_deref(), wanted, "{text}");
        }
    }
}
