//! When somebody stops holding an entitlement.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// When somebody stops holding an entitlement.
///
/// In JSON, it is `never` or the time.
///
/// ```
/// use connector_core::End;
///
/// let end = End::from(Some("2027-01-31T00:00:00Z".parse().unwrap()));
/// assert_eq!(end.to_string(), "until 2027-01-31T00:00:00Z");
/// assert_eq!(End::Never.later(end), End::Never);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum End {
    /// No end is set.
    Never,
    /// At this time.
    At(Timestamp),
}

const NEVER: &str = "never";

impl End {
    /// The later one of two ends.
    #[must_use]
    pub fn later(self, other: Self) -> Self {
        match (self, other) {
            (Self::At(one), Self::At(other)) => Self::At(one.max(other)),
            _ => Self::Never,
        }
    }

    /// Whether it is this time. Many sources keep no fractions of a second.
    pub fn is_at(self, time: Timestamp) -> bool {
        matches!(self, Self::At(end) if end.as_second() == time.as_second())
    }
}

impl From<Option<Timestamp>> for End {
    fn from(end: Option<Timestamp>) -> Self {
        end.map_or(Self::Never, Self::At)
    }
}

impl From<End> for String {
    fn from(end: End) -> Self {
        match end {
            End::Never => NEVER.to_owned(),
            End::At(time) => time.to_string(),
        }
    }
}

impl TryFrom<String> for End {
    type Error = jiff::Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text == NEVER { Ok(Self::Never) } else { text.parse().map(Self::At) }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("without end"),
            Self::At(time) => write!(f, "until {time}"),
        }
    }
}
