//! Plans that are tables: one operation a row. `table` reads the file by `rows`; `columns` says what a header means, and
//! `cells` where each cell stands.

mod cells;
mod columns;
mod rows;
mod table;

pub(super) use table::read;
