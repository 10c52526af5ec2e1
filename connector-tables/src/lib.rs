//! Tables of any length, with flat memory: a [`Sorter`] puts rows in another order, and a [`Table`] writes them as CSV or Parquet.
//! A [`Batch`] is part of an order that [`merge`] makes.
//! [`spreadsheet_cell`] makes the text of a cell harmless.

mod batch;
mod sorter;
mod spreadsheet;
mod table;

pub use batch::{Batch, BatchRow, merge, read_block};
pub use sorter::{SortKey, Sorter};
pub use spreadsheet::spreadsheet_cell;
pub use table::{Table, TableFormat};
