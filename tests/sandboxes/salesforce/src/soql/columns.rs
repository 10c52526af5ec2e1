//! Records as rows of CSV, as the results of a job have them.

use super::path::{Hop, Leaf};
use crate::org::state::{Record, State};

/// How cells are separated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cells {
    pub(crate) delimiter: u8,
    pub(crate) line_end: &'static [u8],
}

/// The columns of a row, in the order of the statement.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns(Vec<Column>);

#[derive(Clone, Debug)]
struct Column {
    hops: Vec<Hop>,
    leaf: Leaf,
}

impl Columns {
    pub(super) fn add(&mut self, hops: Vec<Hop>, leaf: Leaf) {
        self.0.push(Column { hops, leaf });
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Appends the header.
    pub(crate) fn write_names(&self, cells: Cells, out: &mut Vec<u8>) {
        for (at, column) in self.0.iter().enumerate() {
            if at > 0 {
                out.push(cells.delimiter);
            }
            out.push(b'"');
            for hop in &column.hops {
                out.extend_from_slice(hop.name.as_bytes());
                out.push(b'.');
            }
            out.extend_from_slice(column.leaf.name().as_bytes());
            out.push(b'"');
        }
        out.extend_from_slice(cells.line_end);
    }

    /// Appends a record. Every value is quoted; no value and no parent is an empty text.
    pub(crate) fn write(&self, state: &State, record: Record, cells: Cells, without_id: bool, out: &mut Vec<u8>) {
        for (at, column) in self.0.iter().enumerate() {
            if at > 0 {
                out.push(cells.delimiter);
            }
            out.push(b'"');
            let end = column.hops.iter().try_fold(record, |at, hop| hop.follow(state, at));
            if let Some(end) = end.filter(|_| !without_id || column.leaf.name() != "Id") {
                column.leaf.value(state, end).write_cell(out);
            }
            out.push(b'"');
        }
        out.extend_from_slice(cells.line_end);
    }
}
