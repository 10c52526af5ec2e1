//! Positions in lists.

use connector_core::{Cursor, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// A position in one list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spot {
    pub(super) at: At,
    /// The items that came before, where the list counts them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) seen: u64,
    /// Where this branch ends, if another one begins there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<u64>,
    /// How many items the list had when it was begun, where its positions are numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) total: Option<u64>,
    /// What the first item of the list is, so that a server that gives the first page again is noticed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) first: Option<u64>,
    /// The part of the list, if it is read in parts: accounts of these times, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) part: Option<(i64, i64)>,
    /// The opened connector that this position is valid in, if it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mark: Option<u64>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum At {
    First,
    Cursor(String),
    Offset(u64),
    Page(u64),
    Link(String),
}

impl Spot {
    pub(crate) fn first() -> Self {
        Self::of(At::First, 0)
    }

    pub(super) fn of(at: At, seen: u64) -> Self {
        Self { at, seen, until: None, total: None, first: None, part: None, mark: None }
    }
}

/// Tells the positions of one opened connector from those of others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark(u64);

impl Mark {
    pub(crate) fn new() -> Self {
        // Numbers above this lose digits in some readers of JSON.
        Self(RandomState::new().hash_one(0) >> 12)
    }

    /// Checks that a position that expires belongs to this opened connector.
    pub(super) fn check(self, spot: &Spot) -> Result<()> {
        if spot.mark.is_some_and(|mark| mark != self.0) {
            return Err(Error::new(ErrorKind::Expired, "this position of the list was valid only for a short time"));
        }
        Ok(())
    }

    /// The cursor of a position. `position` puts a position of the list into that of the whole read.
    pub(super) fn cursor<P: Serialize>(
        self,
        position: impl Fn(Spot) -> P,
        next: Spot,
        expires: bool,
    ) -> Result<Cursor> {
        if !expires {
            return Cursor::of(&position(next));
        }
        let anchor = Cursor::of(&position(Spot { part: next.part, ..Spot::first() }))?;
        Cursor::live(&position(Spot { mark: Some(self.0), ..next }), &anchor)
    }
}
