//! Positions in a list.

use connector_core::{Cursor, Result};
use serde::{Deserialize, Serialize};

/// A position in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Place {
    /// From the row with this number.
    Index(Range),
    /// After the row with this id.
    After(String),
    /// At the cursor that a session keeps.
    Live(String),
    /// In the middle of a response that a session keeps.
    Open(String),
}

impl Place {
    /// The cursor of a position at this place. A place that ends with the connection goes back to the anchor.
    pub(crate) fn cursor<T: Serialize>(&self, position: &T, anchor: &Cursor) -> Result<Cursor> {
        match self {
            Self::Live(_) | Self::Open(_) => Cursor::live(position, anchor),
            Self::Index(_) | Self::After(_) => Cursor::of(position),
        }
    }
}

/// Rows of a list by their numbers, of which the first is 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Range {
    /// The number of the next row to read.
    pub(crate) start: u64,
    /// The number of the last row of this branch. Without one, the branch ends at an empty page: the server's total is not that
    /// of the whole list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) end: Option<u64>,
    /// How many rows the list had when it was begun.
    pub(crate) total: u64,
    /// How many rows a page has.
    pub(crate) size: u64,
    /// The id of the first row of the list.
    pub(crate) first: String,
    /// The id of the row before this one, if this branch read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last: Option<String>,
    /// Whether the list was begun in the server's own order. Another order in the middle would give other rows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unsorted: bool,
}

/// How far a list is read whose server gives cursors.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    /// The server's cursor of the next page.
    pub(crate) cursor: String,
    /// How many rows were read.
    pub(crate) read: u64,
    /// How many rows the list had when it was begun.
    pub(crate) total: u64,
    /// The id of the first row, if there was one.
    pub(crate) first: Option<String>,
}
