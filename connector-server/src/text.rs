//! How values get into a page.

use askama::filters::{Escaper, Html};
use connector_engine::store::RunStatus;
use connector_text::clean;
use jiff::Timestamp;
use serde_json::Value;
use std::fmt::{self, Write};

/// Escapes each value on a page, and shows what would hide or reorder text: a name from a source never looks like another one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visible;

impl Escaper for Visible {
    fn write_escaped_str<W: Write>(&self, dest: W, string: &str) -> fmt::Result {
        Html.write_escaped_str(dest, &clean(string))
    }
}

/// A moment: how long ago it was, with the exact time beside it.
#[derive(Clone, Debug)]
pub(crate) struct When {
    /// For programs.
    pub(crate) machine: String,
    /// In full, in UTC.
    pub(crate) exactly: String,
    /// To the second, in UTC, for a list whose head names the zone.
    pub(crate) moment: String,
    /// `2 h ago`.
    pub(crate) ago: String,
}

impl When {
    pub(crate) fn of(at: Timestamp, now: Timestamp) -> Self {
        Self {
            machine: format!("{at:.0}"),
            exactly: at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            moment: at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            ago: connector_text::relative(at, now),
        }
    }
}

/// A sentence in which backticks mark names, values and commands.
#[derive(Clone, Debug)]
pub(crate) struct Prose(pub(crate) String);

impl fmt::Display for Prose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A value may have a backtick of its own: then nothing is marked, rather than the wrong part.
        if !self.0.matches('`').count().is_multiple_of(2) {
            return Visible.write_escaped_str(f, &self.0);
        }
        for (index, part) in self.0.split('`').enumerate() {
            if index % 2 == 0 {
                Visible.write_escaped_str(&mut *f, part)?;
            } else {
                f.write_str("<code>")?;
                Visible.write_escaped_str(&mut *f, part)?;
                f.write_str("</code>")?;
            }
        }
        Ok(())
    }
}

/// A value in JSON, for people: text without quotes, a list of texts as such, nothing as a dash.
pub(crate) fn plain(json: &str) -> String {
    serde_json::from_str(json).map_or_else(|_| json.to_owned(), |value| value_text(&value))
}

/// The same for a parsed value.
pub(crate) fn value_text(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if !items.iter().any(|item| item.is_object() || item.is_array()) => {
            items.iter().map(value_text).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// The word and the tone of a run's status.
pub(crate) fn status_badge(status: RunStatus) -> Badge {
    let tone = match status {
        RunStatus::Succeeded => Tone::Good,
        RunStatus::Running => Tone::Busy,
        RunStatus::Interrupted => Tone::Warn,
        RunStatus::Failed | RunStatus::Refused => Tone::Bad,
    };
    Badge { word: status.name(), tone }
}

/// A state in a word, with a sign beside it: color alone tells nothing to many people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Badge {
    pub(crate) word: &'static str,
    pub(crate) tone: Tone,
}

/// How good a state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Busy,
    Warn,
    Bad,
    Quiet,
}

impl Tone {
    /// The class of the stylesheet.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Busy => "busy",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Quiet => "quiet",
        }
    }

    /// The sign in front of the word.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Good => "●",
            Self::Busy => "◐",
            Self::Warn => "▲",
            Self::Bad => "■",
            Self::Quiet => "○",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_on_a_page_is_neither_markup_nor_invisible() {
        let mut page = String::new();
        Visible.write_escaped_str(&mut page, "<b a=\"'\">&\u{202e}gnp\u{200b}\u{7}").unwrap();
        assert_eq!(page, "&#60;b a=&#34;&#39;&#34;&#62;&#38;\u{fffd}gnp\u{fffd}\u{fffd}");
    }

    #[test]
    fn what_a_sentence_marks_is_code_and_still_escaped() {
        let shown = |text: &str| Prose(text.to_owned()).to_string();
        assert_eq!(shown("run `a <b>` & wait"), "run <code>a &#60;b&#62;</code> &#38; wait");
        assert_eq!(shown("a ` alone <i>"), "a ` alone &#60;i&#62;");
    }

    #[test]
    fn a_value_reads_as_a_person_would_write_it() {
        for (json, shown) in [
            (r#""Sales""#, "Sales"),
            ("null", "–"),
            ("true", "yes"),
            (r#"["a","b"]"#, "a, b"),
            (r#"{"a":1}"#, r#"{"a":1}"#),
            ("broken", "broken"),
        ] {
            assert_eq!(plain(json), shown);
        }
    }
}
