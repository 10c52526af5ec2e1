//! Checks the five fields of a cron schedule.

use std::ops::Range;

/// One field of a schedule.
#[derive(Debug)]
struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    /// Names for the values from `least` on.
    names: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", least: 0, most: 59, names: &[] },
    Field { name: "hour", least: 0, most: 23, names: &[] },
    Field { name: "day of the month", least: 1, most: 31, names: &[] },
    Field {
        name: "month",
        least: 1,
        most: 12,
        names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    },
    // Both 0 and 7 are Sunday.
    Field { name: "weekday", least: 0, most: 7, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

/// The days of the longest February and of the other months.
const DAYS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// What is wrong with a schedule of five fields: the marked bytes and the message.
pub(super) fn fault(schedule: &str) -> Option<(Range<usize>, String)> {
    let fields: Vec<_> = schedule.split_whitespace().map(|text| (span_of(schedule, text), text)).collect();
    let mut values = Vec::new();
    for (field, (span, text)) in FIELDS.iter().zip(&fields) {
        match field.values(text) {
            Ok(found) => values.push(found),
            Err(message) => return Some((span.clone(), message)),
        }
    }
    let ([_, _, days, months, _], [_, _, day, month, weekday]) = (&values[..], &fields[..]) else { return None };
    let comes = months.iter().any(|month| days.iter().any(|day| *day <= DAYS[*month as usize - 1]));
    // With a weekday too, cron also runs on that weekday.
    (!comes && weekday.1.starts_with('*'))
        .then(|| (day.0.start..month.0.end, "this day does not exist in this month, so the schedule never runs".into()))
}

/// Where a part of a text begins and ends.
fn span_of(whole: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - whole.as_ptr().addr();
    start..start + part.len()
}

impl Field {
    /// The values that the text of the field stands for, such as `1,3-5` or `*/10`.
    fn values(&self, text: &str) -> Result<Vec<u32>, String> {
        let mut values = Vec::new();
        for item in text.split(',') {
            let (range, step) = match item.split_once('/') {
                Some((range, step)) => {
                    let fault = || format!("`{item}`: the step after `/` must be a number from 1 to {}", self.most);
                    let step = step.parse().ok().filter(|step| (1..=self.most).contains(step)).ok_or_else(fault)?;
                    (range, Some(step))
                }
                None => (item, None),
            };
            let (first, last) = match range.split_once('-') {
                _ if range == "*" => (self.least, self.most),
                Some((first, last)) => (self.number(first)?, self.number(last)?),
                // With a step, cron goes on to the end.
                None => (self.number(range)?, if step.is_some() { self.most } else { self.number(range)? }),
            };
            if first > last {
                return Err(format!("the range `{range}` ends before it begins"));
            }
            values.extend((first..=last).step_by(step.unwrap_or(1) as usize));
        }
        Ok(values)
    }

    fn number(&self, text: &str) -> Result<u32, String> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let number = match named.and_then(|place| u32::try_from(place).ok()) {
            Some(place) => Some(self.least + place),
            None => text.parse().ok(),
        };
        number.filter(|number| (self.least..=self.most).contains(number)).ok_or_else(|| {
            let Self { name, least, most, names } = self;
            let or_names = match (names.first(), names.last()) {
                (Some(first), Some(last)) => format!(" or a name from {first} to {last}"),
                _ => String::new(),
            };
            format!("`{text}` is not a valid {name}: use a number from {least} to {most}{or_names}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_that_cron_runs_pass() {
        for schedule in [
            "0 */4 * * *",
            "*/15 8-18 * * MON-FRI",
            "0 0 29 2 *",
            "0 0 31 2,3 *",
            "5,10,15 0 1 JAN,jul 7",
            " 0  3 * * 0 ",
            "0 0 31 2 MON",
            "10/20 * * * *",
        ] {
            assert_eq!(fault(schedule), None, "{schedule}");
        }
    }

    #[test]
    fn what_cron_refuses_or_never_runs_is_marked() {
        for (schedule, marked) in [
            ("61 * * * *", "61"),
            ("0 24 * * *", "24"),
            ("0 0 0 * *", "0"),
            ("0 0 1 13 *", "13"),
            ("0 0 * * 8", "8"),
            ("0 0 * FOO *", "FOO"),
            ("*/0 * * * *", "*/0"),
            ("30-10 * * * *", "30-10"),
            ("1,,2 * * * *", "1,,2"),
            ("0 0 31 2 *", "31 2"),
            ("0 0 31 4,6,9,11 *", "31 4,6,9,11"),
        ] {
            let (span, message) = fault(schedule).unwrap_or_else(|| panic!("{schedule} passes"));
            assert_eq!(&schedule[span], marked, "{message}");
        }
    }
}
