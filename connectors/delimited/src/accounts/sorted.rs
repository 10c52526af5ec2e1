//! Accounts whose rows are anywhere: the rows are sorted by id first.

use super::mapping::Mapping;
use super::pages::{ACCOUNTS, unique};
use crate::error;
use crate::files::DataFile;
use crate::layout::Layout;
use crate::rows::{Columns, MOST_ROWS, PAGE, Place, Position, Row, Rows, Verified, verify};
use crate::sort::{Sorted, Sorter};
use connector_core::{Account, Cursor, Error, Page, Result};
use csv::ByteRecord;
use std::sync::{Arc, PoisonError};
use xxhash_rust::xxh3::Xxh3;

/// All rows of the accounts, in the order of their ids. Files with the same content give the same order, so a position in it
/// holds in any process.
pub(crate) struct SortedAccounts {
    files: Vec<(DataFile, Arc<Columns>)>,
    print: u64,
    sorted: Sorted,
}

impl SortedAccounts {
    /// Sorts the rows, unless that was done before.
    pub(crate) fn of(layout: &Layout, verified: Verified) -> Result<Arc<Self>> {
        let print = print_of(verified.files.iter().map(|file| &file.file));
        // Only one page sorts; the others wait for it.
        let mut known = layout.sorted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_ref().filter(|known| known.print == print) {
            return Ok(known.clone());
        }
        // The old rows make room first.
        *known = None;
        let mut waiting = Sorter::new(&layout.project);
        for (number, file) in verified.files.iter().enumerate() {
            let mut rows = Rows::open_at(&layout.accounts, file.file.clone(), file.columns.clone(), file.first)?;
            let id = file.columns.find("accounts.id", &layout.settings.id)?;
            while rows.next()? {
                let (key, value) = packed(number, &rows, id)?;
                waiting.push(key, value)?;
            }
        }
        let files = verified.files.into_iter().map(|file| (file.file, file.columns)).collect();
        let sorted = Arc::new(Self { files, print, sorted: waiting.finish()? });
        *known = Some(sorted.clone());
        Ok(sorted)
    }

    /// The first position.
    pub(crate) fn first(&self) -> Position {
        Position { of: ACCOUNTS.to_owned(), file: String::new(), print: self.print, byte: 0, line: 0 }
    }

    /// The rows that this position belongs to. Another process sorts them again.
    fn at(layout: &Layout, position: &Position) -> Result<Arc<Self>> {
        let files = layout.accounts.files(layout.now())?;
        if print_of(files.iter()) != position.print {
            return Err(error::replaced(layout.accounts.pattern.text()));
        }
        let known = layout.sorted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|known| known.print == position.print) {
            return Ok(known);
        }
        let sorted = Self::of(layout, verify(&layout.accounts, layout.now(), Some(&unique(layout)))?)?;
        if sorted.print == position.print { Ok(sorted) } else { Err(error::replaced(layout.accounts.pattern.text())) }
    }

    pub(crate) fn page(layout: &Layout, position: &Position) -> Result<Page<Account>> {
        let own = Self::at(layout, position)?;
        let mappings = own.files.iter().map(|(_, columns)| Mapping::new(layout, columns));
        let mappings = mappings.collect::<Result<Vec<_>>>()?;
        let mut accounts = Vec::new();
        let mut group: Vec<(usize, ByteRecord, Place)> = Vec::new();
        let (mut id, mut count, mut end, mut next) = (Vec::new(), 0, position.byte, None);
        for entry in own.sorted.from(position.byte) {
            let ((key, value), after) = entry.map_err(error::temporary)?;
            let own_id = key.split(|byte| *byte == 0).next().unwrap_or_default();
            if !group.is_empty() && own_id != id {
                accounts.push(own.account(layout, &mappings, &group)?);
                group.clear();
                if count >= MOST_ROWS || end - position.byte >= PAGE {
                    next = Some(end);
                    break;
                }
            }
            id = own_id.to_vec();
            group.push(unpacked(&key, &value).ok_or_else(cut)?);
            count += 1;
            end = after;
        }
        if !group.is_empty() {
            accounts.push(own.account(layout, &mappings, &group)?);
        }
        Ok(match next {
            Some(byte) if byte < own.sorted.length() => {
                Page::then(accounts, Cursor::of(&Position { byte, ..position.clone() })?)
            }
            _ => Page::last(accounts),
        })
    }

    fn account(&self, layout: &Layout, mappings: &[Mapping], group: &[(usize, ByteRecord, Place)]) -> Result<Account> {
        let rows = group.iter().map(|(number, record, place)| {
            let (file, columns) = &self.files[*number];
            Row { record, place: *place, table: &layout.accounts, file, columns }
        });
        // Files can have their columns in another order. The first row decides where a value is.
        let rows: Vec<_> = rows.collect();
        if rows.iter().all(|row| row.columns.names() == rows[0].columns.names()) {
            return mappings[group[0].0].account(&rows);
        }
        let what = format!("other columns than in `{}`", rows[0].file.shown);
        let odd = rows.iter().find(|row| row.columns.names() != rows[0].columns.names()).unwrap_or(&rows[0]);
        Err(error::at_line(&odd.file.shown, 1, &what, "to merge rows of several files, give them the same columns"))
    }
}

fn cut() -> Error {
    Error::internal("a sorted row is cut")
}

fn print_of<'a>(files: impl Iterator<Item = &'a DataFile>) -> u64 {
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
