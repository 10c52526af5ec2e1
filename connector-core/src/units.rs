//! Quantities as users write them: `30s`, `10%`.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A length of time, written as a whole number with a unit: `500ms`, `30s`, `5m`, `12h`, `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeSpan(Duration);

/// Zero is not a useful time limit or interval.
const TIME_SPAN_PATTERN: &str = "^0*[1-9][0-9]*(ms|s|m|h|d)$";

/// A hundred years. Moments this far from now are still dates.
const LONGEST_DAYS: u64 = 36_500;

impl TimeSpan {
    /// A time span of whole seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// The time span as a standard duration.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for TimeSpan {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fault =
            || format!("`{text}` is not a time span: write a whole number and ms, s, m, h or d, for example 30s");
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(fault)?;
        let number: u64 = text[..digits].parse().map_err(|_| fault())?;
        let millis = match &text[digits..] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(fault()),
        };
        let total = number.checked_mul(millis).filter(|total| *total <= LONGEST_DAYS * 86_400_000);
        let too_long = || format!("`{text}` is too long: the longest time span is {LONGEST_DAYS}d");
        total.map(|total| Self(Duration::from_millis(total))).ok_or_else(too_long)
    }
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)] {
            if millis != 0 && millis.is_multiple_of(size) {
                return write!(f, "{}{unit}", millis / size);
            }
        }
        write!(f, "{millis}ms")
    }
}

/// A share of a whole, written as `10%` or `0.5%`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Percentage(f64);

const PERCENTAGE_PATTERN: &str = r"^([0-9]{1,2}(\.[0-9]+)?|100(\.0+)?)%$";

impl Percentage {
    /// A percentage between 0 and 100; values outside are clamped.
    pub const fn new(percent: f64) -> Self {
        Self(percent.clamp(0.0, 100.0))
    }

    /// The number before the percent sign.
    pub const fn percent(self) -> f64 {
        self.0
    }

    /// Whether `part` is a larger share of `whole` than this.
    #[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub fn is_exceeded_by(self, part: u64, whole: u64) -> bool {
        part as f64 * 100.0 > self.0 * whole as f64
    }
}

impl FromStr for Percentage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_suffix('%')
            .and_then(|number| number.parse().ok())
            .filter(|percent| (0.0..=100.0).contains(percent))
            .map(Self)
            .ok_or_else(|| format!("`{text}` is not a percentage: write a number from 0 to 100 and %, for example 10%"))
    }
}

impl fmt::Display for Percentage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

macro_rules! written_as_text {
    ($type:ident, $pattern:ident, $description:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(D::Error::custom)
            }
        }
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "pattern": $pattern, "description": $description})
            }
        }
    };
}

written_as_text!(TimeSpan, TIME_SPAN_PATTERN, "A positive whole number and a unit: 500ms, 30s, 5m, 12h, 7d");
written_as_text!(Percentage, PERCENTAGE_PATTERN, "A number from 0 to 100 and a percent sign: 10%");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spans_read_and_write_the_same_text() {
        for text in ["500ms", "30s", "5m", "12h", "7d", "0ms", "36500d"] {
            assert_eq!(text.parse::<TimeSpan>().unwrap().to_string(), text);
        }
        for text in ["", "30", "s", "-1s", "1.5h", "30 s", "99999999999999999999s", "99999999999999999d", "36501d"] {
            assert!(text.parse::<TimeSpan>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_share_equal_to_the_limit_does_not_exceed_it() {
        let limit: Percentage = "10%".parse().unwrap();
        assert!(!limit.is_exceeded_by(10, 100));
        assert!(limit.is_exceeded_by(11, 100));
        assert!(!limit.is_exceeded_by(0, 0));
        assert!("101%".parse::<Percentage>().is_err());
    }
}
