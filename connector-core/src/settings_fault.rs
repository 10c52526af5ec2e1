//! What is wrong in settings that fit their schema.

use std::fmt;
use std::ops::Range;

/// One fault in the settings of a source, with its place.
///
/// ```
/// use connector_core::SettingsFault;
///
/// // `settings: {filter: "(mail=*"}`, and the parser stopped at the seventh byte of the filter.
/// let fault = SettingsFault::new("/filter", "the parenthesis at the start is never closed")
///     .at(7..7)
///     .with_help("add `)` at the end");
/// assert_eq!(fault.pointer, "/filter");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SettingsFault {
    /// The setting, as a JSON pointer from `settings:` on: `/users/filter`.
    pub pointer: String,
    /// The bytes inside of the text that the pointer names; `None` marks all of it.
    pub span: Option<Range<usize>>,
    /// What is wrong, in a line.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl SettingsFault {
    /// A fault of the setting that the JSON pointer `pointer` names.
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), span: None, message: message.into(), help: None }
    }

    /// Marks these bytes of the text alone.
    #[must_use]
    pub fn at(mut self, span: Range<usize>) -> Self {
        self.span = Some(span);
        self
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for SettingsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "settings{}: {}", self.pointer.replace('/', "."), self.message)
    }
}
