//! Plans that are tables: one operation per row. `table` reads the file row by row with `rows`. `columns` interprets the
//! header, and `cells` finds the position of each cell.

mod cells;
mod columns;
mod rows;
mod table;

pub(super) use table::read;
