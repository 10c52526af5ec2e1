//! Tables of any length, with flat memory: a [`Sorter`] puts rows in another order, and a [`CsvTable`] writes them as CSV.
//! A [`Batch`] is part of an order that [`merge`] makes.
//! [`spreadsheet_cell`] makes the text of a cell harmless.

mod batch;
mod csv_table;
mod sorter;
mod spreadsheet;

pub use batch::{Batch, BatchRow, merge, read_block};
pub use csv_table::CsvTable;
pub use sorter::{SortKey, Sorter};
pub use spreadsheet::spreadsheet_cell;
