//! Positions in a read.

use crate::error::{Error, ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;

/// A position in a read: an opaque value that the connector makes and the engine keeps.
///
/// It must contain everything needed to continue, because the page after it may be read by another process,
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
pub struct Cursor {
    text: String,
    /// The text of the cursor to go back to, for a live cursor.
    anchor: Option<String>,
}

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

    /// A position that ends with a connection: a paging cookie, a cursor of a database, a place in a stream.
    ///
    /// `anchor` is the cursor from which any process can read the same rows again: [`Cursor::start`], or the last position that
    /// doesn't need the connection. A page at a live cursor whose connection is gone is an error of kind
    /// [`Expired`](ErrorKind::Expired). The engine then goes back to the anchor, and counts the rows that it has seen once. Two
    /// connections must not give the same live position; [`Sessions`](crate::Sessions) makes keys for them.
    ///
    /// ```
    /// use connector_core::Cursor;
    ///
    /// let live = Cursor::live(&("7f3a-1", "cookie"), &Cursor::start())?;
    /// assert_eq!(live.anchor(), Some(Cursor::start()));
    /// # Ok::<(), connector_core::Error>(())
    /// ```
    pub fn live<T: Serialize>(position: &T, anchor: &Self) -> Result<Self> {
        if anchor.anchor.is_some() {
            return Err(Error::internal("the anchor of a live cursor is a live cursor"));
        }
        Ok(Self { anchor: Some(anchor.text.clone()), ..Self::of(position)? })
    }

    /// The cursor to go back to, for a live cursor.
    pub fn anchor(&self) -> Option<Self> {
        self.anchor.as_ref().map(Self::from_text)
    }

    /// Whether this is the beginning of a read.
    pub fn is_start(&self) -> bool {
        self.text.is_empty()
    }

    /// The connector's own value, `None` at the beginning of a read.
    ///
    /// Fails with kind `protocol` when the text was not made by this connector.
    pub fn position<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        if self.is_start() {
            return Ok(None);
        }
        serde_json::from_str(&self.text).map(Some).map_err(|cause| {
            Error::new(ErrorKind::Protocol, "the saved position of this run does not fit this version of the connector")
                .with_help("drop the unfinished run with `--restart`")
                .with_cause(cause)
        })
    }

    /// The text to keep.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// A cursor from the text that [`Cursor::as_str`] gave. It is not live.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self { text: text.into(), anchor: None }
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_start() { f.write_str("Cursor(start)") } else { write!(f, "Cursor({})", self.text) }
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
    fn a_live_cursor_needs_an_anchor_that_is_not_live() {
        let live = Cursor::live(&1, &Cursor::of(&"a").unwrap()).unwrap();
        assert_eq!(live.anchor(), Some(Cursor::of(&"a").unwrap()));
        assert_eq!(Cursor::live(&2, &live).unwrap_err().kind(), ErrorKind::Internal);
        assert_eq!(Cursor::from_text(live.as_str()).anchor(), None);
    }

    #[test]
    fn a_foreign_cursor_is_a_protocol_error() {
        let error = Cursor::from_text("[1]").position::<String>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
    }
}
