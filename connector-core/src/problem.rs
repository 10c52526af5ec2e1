//! What is wrong in a file that a user wrote.

use serde::Serialize;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

/// One problem in a file that a user wrote: where, what, and how to fix it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where it is.
    pub place: Place,
    /// The broken rule, as a stable short name such as `unknown_key`.
    pub rule: &'static str,
    /// What is wrong, in one line.
    pub title: String,
    /// What was expected; shown next to the marked text.
    pub detail: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Whether the marked text may contain a secret and must not be shown.
    #[serde(skip)]
    pub secret: bool,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, as the user named it.
    pub file: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// The marked text, as byte offsets in the file.
    #[serde(skip)]
    pub span: Range<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}
