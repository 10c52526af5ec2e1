//! Parts of a list that is too long for the API: the accounts of a time.

use super::position::Spot;
use crate::expression::Vars;
use crate::settings::TimeFormat;
use crate::system::List;
use jiff::Timestamp;
use serde_json::Value;

/// How far behind now a list reaches, in seconds: the clock of the API may be ahead.
const AHEAD: i64 = 24 * 60 * 60;

/// All times that an account can have.
pub(super) fn whole() -> (i64, i64) {
    (0, Timestamp::now().as_second() + AHEAD)
}

/// Adds `from` and `to` of the part at a position, for a list that is read in parts.
pub(super) fn with_part<'a>(list: &List, spot: &Spot, vars: Vars<'a>) -> Vars<'a> {
    let Some(format) = list.split else { return vars };
    let (from, to) = spot.part.unwrap_or_else(whole);
    let value = |second| Value::from(written(format, Timestamp::from_second(second).unwrap_or_default()));
    vars.with_own("from", value(from)).with_own("to", value(to))
}

/// A time as the API wants it.
pub(super) fn written(format: TimeFormat, time: Timestamp) -> String {
    match format {
        TimeFormat::Rfc3339 => time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        TimeFormat::Unix => time.as_second().to_string(),
        TimeFormat::UnixMs => time.as_millisecond().to_string(),
    }
}
