//! Field values.

use std::borrow::Cow;
use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::id::Id;

/// The value of one field of one record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(Cow<'static, str>),
    Id(Id),
    /// Days since 1970-01-01.
    Date(i32),
    /// Milliseconds since 1970-01-01 UTC.
    DateTime(i64),
    /// A compound value, as JSON text.
    Compound(String),
}

impl Value {
    /// The value as text, if it is text or an id.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Id(id) => Some(id.as_str()),
            _ => None,
        }
    }

    /// The id, if it is one.
    pub(crate) fn id(&self) -> Option<Id> {
        match self {
            Self::Id(id) => Some(*id),
            _ => None,
        }
    }

    /// Orders values of one field, nulls first, text without regard to case.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Null, _) => Ordering::Less,
            (_, Self::Null) => Ordering::Greater,
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Id(a), Self::Id(b)) => a.cmp(b),
            (Self::Date(a), Self::Date(b)) => a.cmp(b),
            (Self::DateTime(a), Self::DateTime(b)) | (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => caseless(a, b),
            _ => match (self.number(), other.number()) {
                (Some(a), Some(b)) => a.total_cmp(&b),
                _ => Ordering::Equal,
            },
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "numbers of the simulated org are small")]
    fn number(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Double(number) => Some(*number),
            _ => None,
        }
    }

    /// Appends the value as JSON.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Int(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Self::Double(number) => out.extend_from_slice(format!("{number:?}").as_bytes()),
            Self::Text(text) => write_text(text, out),
            Self::Id(id) => {
                out.push(b'"');
                out.extend_from_slice(id.as_str().as_bytes());
                out.push(b'"');
            }
            Self::Date(days) => {
                out.push(b'"');
                write_date(i64::from(*days), out);
                out.push(b'"');
            }
            Self::DateTime(ms) => {
                out.push(b'"');
                write_datetime(*ms, out);
                out.push(b'"');
            }
            Self::Compound(json) => out.extend_from_slice(json.as_bytes()),
        }
    }
}

impl Value {
    /// Appends the value as the content of a quoted cell of CSV.
    pub(crate) fn write_cell(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => {}
            Self::Text(text) => write_quoted(text, out),
            Self::Compound(json) => write_quoted(json, out),
            Self::Id(id) => out.extend_from_slice(id.as_str().as_bytes()),
            Self::Date(days) => write_date(i64::from(*days), out),
            Self::DateTime(ms) => {
                write_datetime(*ms, out);
                // Jobs write `Z` where all other resources write an offset.
                out.truncate(out.len() - b"+0000".len());
                out.push(b'Z');
            }
            Self::Bool(_) | Self::Int(_) | Self::Double(_) => self.write(out),
        }
    }
}

/// Appends text with its quotes doubled.
fn write_quoted(text: &str, out: &mut Vec<u8>) {
    for (at, part) in text.split('"').enumerate() {
        if at > 0 {
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(part.as_bytes());
    }
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Bool(yes)
    }
}

impl From<Id> for Value {
    fn from(id: Id) -> Self {
        Self::Id(id)
    }
}

impl From<Option<Id>> for Value {
    fn from(id: Option<Id>) -> Self {
        id.map_or(Self::Null, Self::Id)
    }
}

fn caseless(a: &str, b: &str) -> Ordering {
    a.chars().flat_map(char::to_lowercase).cmp(b.chars().flat_map(char::to_lowercase))
}

/// Appends `text` as a JSON string.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let mut from = 0;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..0x20 => b"",
            _ => continue,
        };
        out.extend_from_slice(&bytes[from..at]);
        if escape.is_empty() {
            out.extend_from_slice(b"\\u00");
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 15)]);
        } else {
            out.extend_from_slice(escape);
        }
        from = at + 1;
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}

/// Year, month and day of a day number since 1970-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn write_digits(number: i64, width: usize, out: &mut Vec<u8>) {
    let mut divisor = 10_i64.pow(u32::try_from(width - 1).expect("widths are below 5"));
    while divisor > 0 {
        out.push(b'0' + u8::try_from((number / divisor) % 10).unwrap_or(0));
        divisor /= 10;
    }
}

fn write_date(days: i64, out: &mut Vec<u8>) {
    let (year, month, day) = civil(days);
    write_digits(year, 4, out);
    out.push(b'-');
    write_digits(month, 2, out);
    out.push(b'-');
    write_digits(day, 2, out);
}

fn write_datetime(ms: i64, out: &mut Vec<u8>) {
    let seconds = ms.div_euclid(1_000);
    write_date(seconds.div_euclid(86_400), out);
    let of_day = seconds.rem_euclid(86_400);
    for (mark, number) in [(b'T', of_day / 3_600), (b':', of_day / 60 % 60), (b':', of_day % 60)] {
        out.push(mark);
        write_digits(number, 2, out);
    }
    out.push(b'.');
    write_digits(ms.rem_euclid(1_000), 3, out);
    out.extend_from_slice(b"+0000");
}

/// Reads a date-time with an offset: `2026-11-23T10:00:00Z`, `…+01:00`, `…+0100`.
pub(crate) fn parse_datetime(text: &str) -> Option<i64> {
    let colons = text.len().checked_sub(5).filter(|at| {
        text.is_char_boundary(*at)
            && matches!(text.as_bytes()[*at], b'+' | b'-')
            && text.as_bytes()[at + 1..].iter().all(u8::is_ascii_digit)
    });
    let spelled = match colons {
        Some(at) if at > 10 => Cow::Owned(format!("{}:{}", &text[..at + 3], &text[at + 3..])),
        _ => Cow::Borrowed(text),
    };
    spelled.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

/// Reads a date as days since 1970-01-01.
pub(crate) fn parse_date(text: &str) -> Option<i32> {
    if text.len() != 10 {
        return None;
    }
    let ms = format!("{text}T00:00:00Z").parse::<Timestamp>().ok()?.as_millisecond();
    i32::try_from(ms.div_euclid(86_400_000)).ok()
}

/// The value of a field of `kind` from JSON; `None` where the JSON type does not fit.
pub(crate) fn from_json(json: &Json, kind: super::field::Kind) -> Option<Value> {
    use super::field::Kind;
    Some(match (json, kind) {
        (Json::Null, _) => Value::Null,
        (Json::Bool(yes), Kind::Boolean) => Value::Bool(*yes),
        (Json::Number(number), Kind::Int) => Value::Int(number.as_i64()?),
        (Json::Number(number), Kind::Double) => Value::Double(number.as_f64()?),
        (Json::String(text), Kind::Id | Kind::Reference) => Value::Id(Id::parse(text)?),
        (Json::String(text), Kind::DateTime) => Value::DateTime(parse_datetime(text)?),
        (Json::String(text), Kind::Date) => Value::Date(parse_date(text)?),
        (Json::String(text), Kind::Address) => Value::Compound(text.clone()),
        (Json::String(_), Kind::Boolean | Kind::Int | Kind::Double) => return None,
        (Json::String(text), _) => Value::from(text.clone()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(value: &Value) -> String {
        let mut out = Vec::new();
        value.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn date_times_are_written_with_a_plain_offset() {
        let at = parse_datetime("2026-11-23T10:19:37Z").unwrap();
        assert_eq!(json(&Value::DateTime(at)), "\"2026-11-23T10:19:37.000+0000\"");
        assert_eq!(parse_datetime("2026-11-23T11:19:37.000+0100"), Some(at));
        assert_eq!(json(&Value::DateTime(-1)), "\"1969-12-31T23:59:59.999+0000\"");
        assert_eq!(json(&Value::Date(parse_date("2024-02-29").unwrap())), "\"2024-02-29\"");
        assert_eq!(parse_date("2023-02-29"), None);
    }

    #[test]
    fn text_is_escaped_as_json() {
        let text = "a\"b\\c\nd\u{1}é渡";
        assert_eq!(serde_json::from_str::<String>(&json(&Value::from(text))).unwrap(), text);
    }
}
