//! Rows of a table in the order of a column.

use super::columns::Columns;
use super::reader::{Place, Rows};
use super::verify::Verified;
use crate::error;
use crate::files::{DataFile, Table};
use crate::sort::{Sorted, Sorter};
use connector_core::{Error, Result};
use csv::ByteRecord;
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3;

/// All rows of a table, in the order of their ids. Files with the same content give the same order, so a position in it holds in
/// any process.
pub(crate) struct SortedRows {
    pub(crate) files: Vec<(DataFile, Arc<Columns>)>,
    /// Identifies the content of all files.
    pub(crate) print: u64,
    sorted: Sorted,
}

/// A row in this order.
pub(crate) struct SortedRow {
    /// The place of its file in `files`.
    pub(crate) file: usize,
    pub(crate) record: ByteRecord,
    pub(crate) place: Place,
    /// The position of the row after it.
    pub(crate) after: u64,
}

impl SortedRows {
    /// Sorts the rows by the column that a setting names.
    pub(crate) fn sort(table: &Arc<Table>, verified: Verified, (setting, column): (&str, &str)) -> Result<Self> {
        let print = print_of(verified.files.iter().map(|file| &file.file));
        let mut waiting = Sorter::new(&table.project);
        for (number, file) in verified.files.iter().enumerate() {
            let mut rows = Rows::open_at(table, file.file.clone(), file.columns.clone(), file.first)?;
            let id = file.columns.find(setting, column)?;
            while rows.next()? {
                let (key, value) = packed(number, &rows, id)?;
                waiting.push(key, value)?;
            }
        }
        let files = verified.files.into_iter().map(|file| (file.file, file.columns)).collect();
        Ok(Self { files, print, sorted: waiting.finish()? })
    }

    /// The position after the last row.
    pub(crate) fn end(&self) -> u64 {
        self.sorted.length()
    }

    /// The rows from this position on, each with its id.
    pub(crate) fn from(&self, start: u64) -> impl Iterator<Item = Result<(Vec<u8>, SortedRow)>> + '_ {
        self.sorted.from(start).map(|entry| {
            let ((key, value), after) = entry.map_err(error::temporary)?;
            let (file, record, place) = unpacked(&key, &value).ok_or_else(|| Error::internal("a sorted row is cut"))?;
            let id = key.split(|byte| *byte == 0).next().unwrap_or_default().to_vec();
            Ok((id, SortedRow { file, record, place, after }))
        })
    }
}

/// Identifies the content of files.
pub(crate) fn print_of<'a>(files: impl Iterator<Item = &'a DataFile>) -> u64 {
    let mut hasher = Xxh3::new();
    for file in files {
        hasher.update(file.shown.as_bytes());
        hasher.update(&[0]);
        hasher.update(&file.print.to_le_bytes());
    }
    hasher.digest()
}

/// A row as key and value. The key is the id, and then the place of the row, so that the rows of an account keep their order.
fn packed(number: usize, rows: &Rows, id: usize) -> Result<(Vec<u8>, Vec<u8>)> {
    let (record, place) = (rows.record(), rows.place());
    rows.row().some_text(id, "no id")?;
    let mut key = record.get(id).unwrap_or_default().to_vec();
    key.push(0);
    key.extend(u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes());
    key.extend(place.byte.to_be_bytes());
    let mut value = Vec::with_capacity(record.as_slice().len() + 8 + record.len() * 4);
    value.extend(place.line.to_le_bytes());
    for field in record {
        // A row has at most 16 MiB.
        value.extend(u32::try_from(field.len()).unwrap_or(u32::MAX).to_le_bytes());
        value.extend(field);
    }
    Ok((key, value))
}

fn unpacked(key: &[u8], value: &[u8]) -> Option<(usize, ByteRecord, Place)> {
    let (key, byte) = key.split_last_chunk::<8>()?;
    let (_, number) = key.split_last_chunk::<4>()?;
    let (line, mut rest) = value.split_first_chunk::<8>()?;
    let mut record = ByteRecord::new();
    while let Some((length, left)) = rest.split_first_chunk::<4>() {
        let (field, left) = left.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        record.push_field(field);
        rest = left;
    }
    let place = Place { byte: u64::from_be_bytes(*byte), line: u64::from_le_bytes(*line) };
    Some((u32::from_be_bytes(*number) as usize, record, place))
}
