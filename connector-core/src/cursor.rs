//! Positions in a read.

use crate::error::{Error, ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;

/// A position in a read: an opaque value that the connector makes and the engine keeps.
///
/// It must say everything needed to go on, because the page after it may be read by another process,
/// days later. The engine stores its text and hands it back unchanged. Keep it small, and never put a secret in it.
///
/// ```
/// use connector_core::Cursor;
///
/// let offset = Cursor::of(&500_u64)?;
/// assert_eq!(offset.position::<u64>()?, Some(500));
/// # Ok::<(), connector_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Cursor(String);

impl Cursor {
    /// The beginning of a read.
    pub fn start() -> Self {
        Self::from_text(String::new())
    }

    /// A position made from the connector's own serde value.
    pub fn of<T: Serialize>(position: &T) -> Result<Self> {
        serde_json::to_string(position)
            .map(Self::from_text)
            .map_err(|cause| Error::new(ErrorKind::Internal, "a cursor could not be written as JSON").with_cause(cause))
    }

    /// Whether this is the beginning of a read.
    pub fn is_start(&self) -> bool {
        self.0.is_empty()
    }

    /// The connector's own value, `None` at the beginning of a read.
    ///
    /// Fails with kind `protocol` when the text was not made by this connector.
    pub fn position<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        if self.is_start() {
            return Ok(None);
        }
        serde_json::from_str(&self.0).map(Some).map_err(|cause| {
            Error::new(ErrorKind::Protocol, "the saved position of this run does not fit this version of the connector")
                .with_help("drop the unfinished run with `--restart`")
                .with_cause(cause)
        })
    }

    /// The text to keep.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A cursor from the text that [`Cursor::as_str`] gave.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_start() { f.write_str("Cursor(start)") } else { write!(f, "Cursor({})", self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_being_kept_as_text() {
        let cursor = Cursor::of(&("005", 7)).unwrap();
        let kept = Cursor::from_text(cursor.as_str());
        assert_eq!(kept.position::<(String, i32)>().unwrap(), Some(("005".to_owned(), 7)));
    }

    #[test]
    fn a_foreign_cursor_is_a_protocol_error() {
        let error = Cursor::from_text("[1]").position::<String>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
    }
}
