//! Rows in the order of their keys, for more rows than memory holds.
//!
//! A [`Batch`] sorts as many rows as fit in memory and cuts them into blocks of bytes. The caller keeps the blocks. [`merge`]
//! reads the blocks of all batches at the same time, so it holds one block of each batch in memory.

use bytes::{Buf, BufMut};
use bytes::{Bytes, TryGetError};
use connector_core::{Error, ErrorKind, Result};
use itertools::Itertools;

/// A row of a sorted batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchRow {
    /// What it is sorted by, byte by byte.
    pub key: Bytes,
    /// The rest.
    pub value: Bytes,
}

/// Rows that wait in memory until they are sorted.
///
/// ```
/// use connector_tables::{Batch, merge, read_block};
///
/// let mut blocks = Vec::new();
/// for rows in [["pear", "apple"], ["plum", "fig"]] {
///     let mut batch = Batch::default();
///     for row in rows {
///         batch.push(row.as_bytes(), b"");
///     }
///     blocks.push(batch.take_blocks(1024));
/// }
/// let batches = blocks.into_iter().map(|blocks| blocks.into_iter().flat_map(read_block));
/// let keys: Vec<_> = merge(batches).map(|row| row.unwrap().key).collect();
/// assert_eq!(keys, ["apple", "fig", "pear", "plum"]);
/// ```
#[derive(Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    rows: Vec<Place>,
}

/// Where a row is in the bytes of its batch.
#[derive(Clone, Copy, Debug)]
struct Place {
    start: usize,
    key_end: usize,
    end: usize,
}

impl Batch {
    /// Adds a row.
    pub fn push(&mut self, key: &[u8], value: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key);
        let key_end = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.rows.push(Place { start, key_end, end: self.bytes.len() });
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Sorts the rows, removes them, and returns them as blocks of about `size` bytes. Of rows with the same key, only the
    /// first that was pushed is returned.
    pub fn take_blocks(&mut self, size: usize) -> Vec<Vec<u8>> {
        let bytes = &self.bytes;
        let key = |row: &Place| &bytes[row.start..row.key_end];
        self.rows.sort_by(|left, right| key(left).cmp(key(right)));
        self.rows.dedup_by(|later, first| key(later) == key(first));
        let mut blocks = Vec::new();
        let mut block = Vec::with_capacity(size);
        for row in self.rows.drain(..) {
            let (key, value) = (&bytes[row.start..row.key_end], &bytes[row.key_end..row.end]);
            put_length(&mut block, key.len());
            put_length(&mut block, value.len());
            block.put_slice(key);
            block.put_slice(value);
            if block.len() >= size {
                blocks.push(std::mem::replace(&mut block, Vec::with_capacity(size)));
            }
        }
        if !block.is_empty() {
            blocks.push(block);
        }
        self.bytes.clear();
        blocks
    }
}

/// The rows of a block. A block that is cut gives an error of kind `internal` in place of the row that is cut.
pub fn read_block(block: impl Into<Bytes>) -> impl Iterator<Item = Result<BatchRow>> {
    let mut rest = block.into();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let row = read_row(&mut rest);
        if row.is_err() {
            rest.clear();
        }
        Some(row.map_err(|cause| Error::new(ErrorKind::Internal, "a block of sorted rows is cut").with_cause(cause)))
    })
}

/// The rows of all batches in the order of their keys. Of rows with the same key, that of the first batch comes first. An error
/// comes before all rows.
pub fn merge<B>(batches: impl IntoIterator<Item = B>) -> impl Iterator<Item = Result<BatchRow>>
where
    B: Iterator<Item = Result<BatchRow>>,
{
    let numbered = batches.into_iter().enumerate().map(|(number, rows)| rows.map(move |row| (number, row)));
    numbered.kmerge_by(is_before).map(|(_, row)| row)
}

type Numbered = (usize, Result<BatchRow>);

fn is_before((left_number, left): &Numbered, (right_number, right): &Numbered) -> bool {
    match (left, right) {
        (Ok(left), Ok(right)) => (&left.key, left_number) < (&right.key, right_number),
        (left, _) => left.is_err(),
    }
}

/// A length in groups of seven bits, lowest first: most rows need one byte.
fn put_length(block: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        block.put_u8(length.to_le_bytes()[0] | 0x80);
        length >>= 7;
    }
    block.put_u8(length.to_le_bytes()[0]);
}

fn read_length(rest: &mut Bytes) -> Result<usize, TryGetError> {
    let (mut length, mut shift) = (0_usize, 0);
    loop {
        let byte = rest.try_get_u8()?;
        length |= usize::from(byte & 0x7f).checked_shl(shift).unwrap_or(usize::MAX);
        if byte < 0x80 {
            return Ok(length);
        }
        shift += 7;
    }
}

fn read_row(rest: &mut Bytes) -> Result<BatchRow, TryGetError> {
    let (key, value) = (read_length(rest)?, read_length(rest)?);
    let requested = key.saturating_add(value);
    if requested > rest.len() {
        return Err(TryGetError { requested, available: rest.len() });
    }
    Ok(BatchRow { key: rest.split_to(key), value: rest.split_to(value) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_of_all_batches_come_in_order_and_the_first_of_a_key_stays(
            batches in prop::collection::vec(
                prop::collection::vec((prop::collection::vec(0_u8..4, 0..4), prop::collection::vec(any::<u8>(), 0..300)), 0..40),
                0..6,
            ),
            size in 1_usize..600,
        ) {
            let mut expected = std::collections::BTreeMap::new();
            let mut blocks = Vec::new();
            for rows in &batches {
                let mut batch = Batch::default();
                for (key, value) in rows {
                    batch.push(key, value);
                    expected.entry(key.clone()).or_insert_with(|| value.clone());
                }
                blocks.push(batch.take_blocks(size));
                prop_assert!(batch.is_empty());
            }
            let merged = merge(blocks.into_iter().map(|blocks| blocks.into_iter().flat_map(read_block)));
            let mut merged: Vec<_> = merged.map(|row| row.unwrap()).collect();
            merged.dedup_by(|later, first| later.key == first.key);
            let merged: Vec<_> = merged.into_iter().map(|row| (row.key.to_vec(), row.value.to_vec())).collect();
            prop_assert_eq!(merged, expected.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn a_cut_block_is_an_error_and_never_fewer_rows(keep in 0_usize..28) {
            let mut batch = Batch::default();
            batch.push(b"first key", b"value");
            batch.push(b"other key", b"more");
            let mut block = batch.take_blocks(1024).remove(0);
            let whole: Vec<_> = read_block(block.clone()).collect();
            prop_assert_eq!(whole.len(), 2);
            prop_assume!(keep < block.len() && keep != 0 && keep != 16);
            block.truncate(keep);
            prop_assert!(read_block(block).any(|row| row.is_err()));
        }
    }
}
