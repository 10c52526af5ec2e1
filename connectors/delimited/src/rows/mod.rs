//! Rows of files: each is whole, has all columns, and its place is known.

mod columns;
mod pages;
mod reader;
mod sorted;
mod split;
mod verify;

pub(crate) use columns::Columns;
pub(crate) use pages::{MOST_ROWS, PAGE, Parked, Position, group, page};
pub(crate) use reader::{Place, Row, Rows, builder};
pub(crate) use sorted::{SortedRow, SortedRows, print_of};
pub(crate) use split::{Split, clean};
pub(crate) use verify::{Unique, Verified, VerifiedFile, verify};
