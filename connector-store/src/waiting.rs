//! Assignments, and names of new accounts, that wait until everything is read.
//!
//! A source shows assignments in an order of its own. Written in that order, each would change another page of the table and of its
//! indexes. So a full run keeps them in sorted batches, and merges these at the end. The same holds for names.

use super::key::{Key, damaged, is_name_key, read_key, write_key, write_name_key};
use super::snapshot::AssignmentSnapshot;
use super::sql;
use bytes::Bytes;
use connector_core::Result;
use connector_sql::{Connection, params};
use connector_tables::{Batch, BatchRow, merge, read_block};
use fastbloom::BloomFilter;
use std::cell::RefCell;
use std::iter::Peekable;
use std::rc::Rc;
use xxhash_rust::xxh3::xxh3_64;

/// The size of a block. While batches are merged, one block of each is in memory.
const BYTES_OF_BLOCK: usize = 32 * 1024;

/// The size of the filter: 8 MiB.
const BITS_OF_FILTER: u32 = 1 << 26;
const HASHES_OF_FILTER: u32 = 2;

/// A page is taken for a repetition only if chance shows such a page once in about e to the power of this: ten trillion.
const CERTAINTY: f64 = 30.0;

/// The assignments of a run that wait.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    batch: Batch,
    /// What waits, so that a server that repeats itself is found out. Some that don't wait are taken for it, never the reverse.
    shown: Option<BloomFilter>,
    /// How many went into the filter.
    filtered: u32,
    /// How many of them accounts hold.
    pub(super) count: u64,
    key: Vec<u8>,
}

impl Waiting {
    /// Reads back what waits, after an interruption.
    pub(super) fn load(connection: &Connection, run: i64, count: u64) -> Result<Self> {
        let mut waiting = Self { count, ..Self::default() };
        let query = "SELECT rows FROM waiting_assignments WHERE run = ?1";
        let read = |row: &connector_sql::Row<'_>| row.get(0);
        sql::each(connection, query, [run], read, |rows: Vec<u8>| {
            for row in read_rows(rows) {
                let row = row?;
                if !is_name_key(&row.key) && !read_key(&row.key)?.inline {
                    waiting.filter(&row.key);
                }
            }
            Ok(())
        })?;
        Ok(waiting)
    }

    /// Adds an assignment; false if it probably waits already.
    pub(super) fn push(&mut self, key: Key<'_>, values: Option<&AssignmentSnapshot>) -> bool {
        let mut bytes = std::mem::take(&mut self.key);
        write_key(&mut bytes, key);
        let is_new = key.inline || self.filter(&bytes);
        self.count += u64::from(key.holder == 0);
        let text = values.map(AssignmentSnapshot::to_text).unwrap_or_default();
        self.batch.push(&bytes, text.as_bytes());
        self.key = bytes;
        is_new
    }

    /// Adds the name of an account.
    pub(super) fn push_name(&mut self, name: &str, account: i64) {
        write_name_key(&mut self.key, name, account);
        self.batch.push(&self.key, b"");
    }

    fn filter(&mut self, key: &[u8]) -> bool {
        let filter = self.shown.get_or_insert_with(|| {
            BloomFilter::with_num_bits(BITS_OF_FILTER as usize).seed(&0).hashes(HASHES_OF_FILTER)
        });
        let is_new = !filter.insert_hash(xxh3_64(key));
        self.filtered = self.filtered.saturating_add(u32::from(is_new));
        is_new
    }

    /// Whether so many rows in a row can't be taken for waiting ones by chance.
    pub(super) fn are_repeated(&self, rows: usize) -> bool {
        // How many bits are set after so many rows, and the chance that all bits of another row are among them.
        let sets = f64::from(self.filtered) * f64::from(HASHES_OF_FILTER);
        let load = 1.0 - (-sets / f64::from(BITS_OF_FILTER)).exp();
        let chance = load.powf(f64::from(HASHES_OF_FILTER));
        -f64::from(u32::try_from(rows).unwrap_or(u32::MAX)) * chance.ln() > CERTAINTY
    }

    /// Writes the assignments that were added since the last time, as a batch.
    pub(super) fn save(&mut self, connection: &Connection, run: i64) -> Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        // An earlier merge did not have this batch, so the next one begins with the first key.
        sql::execute(connection, "UPDATE runs SET merged = NULL WHERE number = ?1 AND merged IS NOT NULL", [run])?;
        let next = "SELECT coalesce(max(batch), 0) + 1 FROM waiting_assignments WHERE run = ?1";
        let batch: i64 = sql::one(connection, next, [run], |row| row.get(0))?;
        for rows in self.batch.take_blocks(BYTES_OF_BLOCK) {
            let insert = "INSERT INTO waiting_assignments (run, batch, rows) VALUES (?1, ?2, ?3)";
            sql::execute(connection, insert, params![run, batch, rows])?;
        }
        Ok(())
    }

    /// Frees the memory of the filter: nothing more is read.
    pub(super) fn close(&mut self) {
        self.shown = None;
    }
}

/// The waiting assignments of a run, each once and in the order of the table.
pub(super) struct Merge<'a> {
    rows: Peekable<Box<dyn Iterator<Item = Result<BatchRow>> + 'a>>,
    done: Rc<RefCell<Vec<i64>>>,
}

impl<'a> Merge<'a> {
    /// Begins after a key.
    pub(super) fn open(connection: &'a Connection, run: i64, after: Option<Vec<u8>>) -> Result<Self> {
        let query = "SELECT batch, id FROM waiting_assignments WHERE run = ?1 ORDER BY batch, id";
        let ids: Vec<(i64, i64)> = sql::all(connection, query, [run], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let done = Rc::new(RefCell::new(Vec::new()));
        let batches: Vec<_> = ids.chunk_by(|left, right| left.0 == right.0).map(<[_]>::to_vec).collect();
        let noted = done.clone();
        let batches = batches.into_iter().map(move |ids| rows_of(connection, ids, noted.clone()));
        let mut last = after.map(Bytes::from);
        let is_next = move |row: &Result<BatchRow>| {
            let Ok(row) = row else { return true };
            let is_next = last.as_ref().is_none_or(|last| row.key > *last);
            if is_next {
                last = Some(row.key.clone());
            }
            is_next
        };
        let rows: Box<dyn Iterator<Item = _>> = Box::new(merge(batches).filter(is_next));
        Ok(Self { rows: rows.peekable(), done })
    }

    /// The next row, if there is one.
    pub(super) fn peek(&mut self) -> Result<Option<&BatchRow>> {
        match self.rows.peek() {
            Some(Err(error)) => Err(error.clone()),
            Some(Ok(row)) => Ok(Some(row)),
            None => Ok(None),
        }
    }

    /// Goes to the next row.
    pub(super) fn next(&mut self) -> Option<Result<BatchRow>> {
        self.rows.next()
    }

    /// The blocks that were read to their end since the last time.
    pub(super) fn take_done(&self) -> Vec<i64> {
        self.done.take()
    }
}

/// The rows of the blocks of a batch. Notes each block that was read to its end.
fn rows_of(
    connection: &Connection,
    blocks: Vec<(i64, i64)>,
    done: Rc<RefCell<Vec<i64>>>,
) -> impl Iterator<Item = Result<BatchRow>> + '_ {
    blocks.into_iter().flat_map(move |(_, id)| {
        let query = "SELECT rows FROM waiting_assignments WHERE id = ?1";
        let (rows, error) = match sql::one(connection, query, [id], |row| row.get::<_, Vec<u8>>(0)) {
            Ok(rows) => (rows, None),
            Err(error) => (Vec::new(), Some(Err(error))),
        };
        let done = done.clone();
        let end = std::iter::from_fn(move || {
            done.borrow_mut().push(id);
            None
        });
        error.into_iter().chain(read_rows(rows)).chain(end.fuse())
    })
}

/// The rows of a block.
fn read_rows(block: Vec<u8>) -> impl Iterator<Item = Result<BatchRow>> {
    read_block(block).map(|row| row.map_err(|_| damaged()))
}

/// Reads the values of a waiting assignment.
pub(super) fn read_values(bytes: &[u8]) -> Result<AssignmentSnapshot> {
    if bytes.is_empty() {
        return Ok(AssignmentSnapshot::plain());
    }
    AssignmentSnapshot::from_text(std::str::from_utf8(bytes).map_err(|_| damaged())?)
}
