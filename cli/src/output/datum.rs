//! One value of a list, for people and for programs.

use super::table::{TableCell, Tone, text_cell};
use connector_tables::SortKey;
use connector_text::{count, duration, time};
use jiff::Timestamp;
use serde_json::Value;
use std::borrow::Cow;
use std::time::Duration;

/// Ten characters are the millisecond, and a few more tell apart what happens at the same one.
const SHORT_ID: usize = 13;

/// One value of a list: what it is, and how it looks to people.
#[derive(Clone, Debug)]
pub(crate) struct Datum {
    plain: Plain,
    /// What people see instead.
    shown: Option<String>,
    tone: Option<Tone>,
}

#[derive(Clone, Debug)]
enum Plain {
    Nothing,
    Text(String),
    /// The id of a run or a plan, whose first characters are enough.
    Id(String),
    Number(f64, String),
    Truth(bool),
    Moment(Timestamp),
    Span(Duration),
}

impl Datum {
    /// A text; an empty one is no value.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::of(if text.is_empty() { Plain::Nothing } else { Plain::Text(text) })
    }

    /// A text that may be absent.
    pub(crate) fn optional(text: Option<impl Into<String>>) -> Self {
        text.map_or_else(Self::nothing, Self::text)
    }

    /// The id of a run or a plan. A table shows its first characters, which every command accepts.
    pub(crate) fn id(id: impl Into<String>) -> Self {
        Self::of(Plain::Id(id.into()))
    }

    /// A number of things.
    #[expect(clippy::cast_precision_loss, reason = "only the order depends on it")]
    pub(crate) fn number(number: u64) -> Self {
        Self { shown: Some(count(number)), ..Self::of(Plain::Number(number as f64, number.to_string())) }
    }

    /// A word of a scale, sorted by its place on the scale.
    pub(crate) fn ranked(place: u8, word: impl Into<String>) -> Self {
        Self::of(Plain::Number(f64::from(place), word.into()))
    }

    /// Yes or no.
    pub(crate) fn truth(truth: impl Into<Option<bool>>) -> Self {
        Self::of(truth.into().map_or(Plain::Nothing, Plain::Truth))
    }

    /// A moment that may be absent.
    pub(crate) fn moment(moment: impl Into<Option<Timestamp>>) -> Self {
        Self::of(moment.into().map_or(Plain::Nothing, Plain::Moment))
    }

    /// How long something took, in milliseconds.
    pub(crate) fn span(millis: u64) -> Self {
        Self::of(Plain::Span(Duration::from_millis(millis)))
    }

    /// A JSON value of a source, as the source writes it.
    pub(crate) fn json(json: &str) -> Self {
        match serde_json::from_str(json) {
            Ok(Value::String(text)) => Self::text(text),
            Ok(Value::Null) => Self::nothing(),
            Ok(Value::Bool(truth)) => Self::truth(truth).shown_as(truth.to_string()),
            Ok(Value::Number(number)) => {
                Self::of(Plain::Number(number.as_f64().unwrap_or_default(), number.to_string()))
            }
            Ok(other) => Self::text(other.to_string()),
            Err(_) => Self::text(json),
        }
    }

    fn nothing() -> Self {
        Self::of(Plain::Nothing)
    }

    fn of(plain: Plain) -> Self {
        Self { plain, shown: None, tone: None }
    }

    /// Shows people another text.
    pub(crate) fn shown_as(self, text: impl Into<String>) -> Self {
        Self { shown: Some(text.into()), ..self }
    }

    /// Colors it for people.
    pub(crate) fn toned(self, tone: impl Into<Option<Tone>>) -> Self {
        Self { tone: tone.into(), ..self }
    }

    /// What people see. With `now`, moments are relative to it.
    pub(crate) fn cell(&self, now: Option<Timestamp>) -> TableCell {
        let text: Cow<'_, str> = match (&self.shown, &self.plain) {
            (Some(shown), _) | (None, Plain::Text(shown) | Plain::Number(_, shown)) => Cow::Borrowed(shown),
            (None, Plain::Id(id)) => Cow::Borrowed(now.and_then(|_| id.get(..SHORT_ID)).unwrap_or(id)),
            (None, Plain::Nothing) => Cow::Borrowed(""),
            (None, Plain::Truth(true)) => Cow::Borrowed("yes"),
            (None, Plain::Truth(false)) => Cow::Borrowed("no"),
            (None, Plain::Moment(moment)) => Cow::Owned(time(*moment, now)),
            (None, Plain::Span(span)) => Cow::Owned(duration(*span)),
        };
        text_cell(text).toned(self.tone)
    }

    /// What a program reads in a CSV cell: a time in RFC 3339, a duration in milliseconds.
    pub(crate) fn csv(&self) -> Cow<'_, str> {
        match &self.plain {
            Plain::Nothing => Cow::Borrowed(""),
            Plain::Text(text) | Plain::Id(text) | Plain::Number(_, text) => Cow::Borrowed(text),
            Plain::Truth(truth) => Cow::Borrowed(if *truth { "true" } else { "false" }),
            Plain::Moment(moment) => Cow::Owned(moment.to_string()),
            Plain::Span(span) => Cow::Owned(span.as_millis().to_string()),
        }
    }

    /// What it is sorted by.
    #[expect(clippy::cast_precision_loss, reason = "no list is about so long a time")]
    pub(crate) fn sort_key(&self) -> SortKey {
        match &self.plain {
            Plain::Nothing => SortKey::Nothing,
            Plain::Text(text) | Plain::Id(text) => SortKey::Text(text.clone()),
            Plain::Number(number, _) => SortKey::Number(*number),
            Plain::Truth(truth) => SortKey::Number(f64::from(u8::from(*truth))),
            Plain::Moment(moment) => SortKey::Number(moment.as_millisecond() as f64),
            Plain::Span(span) => SortKey::Number(span.as_secs_f64()),
        }
    }
}
