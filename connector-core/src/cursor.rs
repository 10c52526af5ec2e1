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
///
/// # Live cursors
///
/// Some sources only give positions that die with a connection or after a few minutes: an LDAP paging cookie, a
/// database cursor, a token of RFC 9865. Such a position is a [live](Cursor::live) cursor. It names an anchor: an ordinary cursor from which the
/// same items can be read again. When the position is gone, the connector fails with [`ErrorKind::Expired`], and the engine
/// goes back to the anchor. Items that were already read count once. [`Sessions`](crate::Sessions) keeps what a live position refers to.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Cursor {
    text: String,
    anchor: Option<Box<str>>,
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

    /// A position that lives only as long as this process keeps a connection, session or token, and the ordinary cursor
    /// from which its branch can be read again.
    ///
    /// Fails with kind `internal` when `anchor` is a live cursor itself.
    ///
    /// ```
    /// use connector_core::Cursor;
    ///
    /// let cursor = Cursor::live(&"cookie-7", &Cursor::start())?;
    /// assert_eq!(cursor.anchor(), Some(Cursor::start()));
    /// # Ok::<(), connector_core::Error>(())
    /// ```
    pub fn live<T: Serialize>(position: &T, anchor: &Self) -> Result<Self> {
        if anchor.anchor.is_some() {
            return Err(Error::new(ErrorKind::Internal, "the anchor of a live cursor is a live cursor itself"));
        }
        Ok(Self::of(position)?.with_anchor(anchor))
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

    /// A cursor from the text that [`Cursor::as_str`] gave.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self { text: text.into(), anchor: None }
    }

    /// The anchor of a live cursor; `None` for an ordinary one.
    pub fn anchor(&self) -> Option<Self> {
        self.anchor.as_deref().map(Self::from_text)
    }

    /// Makes this the live cursor of `anchor`, as it was kept apart by [`Cursor::as_str`] and [`Cursor::anchor`].
    #[must_use]
    pub fn with_anchor(mut self, anchor: &Self) -> Self {
        self.anchor = Some(anchor.text.as_str().into());
        self
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
    fn a_live_cursor_has_an_anchor_that_is_not_live() {
        let anchor = Cursor::of(&"ou=sales").unwrap();
        let live = Cursor::live(&7, &anchor).unwrap();
        assert_eq!(live.anchor(), Some(anchor));
        assert_eq!(live.position::<i32>().unwrap(), Some(7));
        assert_eq!(Cursor::live(&8, &live).unwrap_err().kind(), ErrorKind::Internal);
        assert_ne!(live, Cursor::of(&7).unwrap());
    }

    #[test]
    fn a_foreign_cursor_is_a_protocol_error() {
        let error = Cursor::from_text("[1]").position::<String>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
    }
}
