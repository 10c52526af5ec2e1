//! Tables of any length, with flat memory: a [`Sorter`] puts rows in another order, and a [`CsvTable`] writes them as CSV.
//! [`spreadsheet_cell`] makes the text of a cell harmless.

mod csv_table;
mod sorter;
mod spreadsheet;

pub use csv_table::CsvTable;
pub use sorter::{SortKey, Sorter};
pub use spreadsheet::spreadsheet_cell;
