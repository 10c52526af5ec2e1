//! Parses a page of results record by record.
//!
//! Like a page by REST, it is compared with what was requested and promised. Everything unexpected is an error of kind
//! `protocol` that names the place but never the value.

use super::columns::Column;
use crate::api::ranges::RecordId;
use crate::api::record::{Row, odd};
use bytes::Bytes;
use connector_core::{Error, ErrorKind, Result};
use csv::ByteRecord;
use serde_json::value::RawValue;
use std::ops::Range;

/// A page of results.
#[derive(Debug)]
pub(crate) struct Sheet {
    body: Bytes,
    /// Where the next record begins.
    at: usize,
    /// The column of the page for each column of the query.
    places: Vec<usize>,
    /// How many values a record has.
    width: usize,
    /// How many records were read.
    pub(crate) rows: u64,
    /// How many records the page should have.
    promised: Option<u64>,
}

/// Some records of a page.
#[derive(Debug)]
pub(crate) struct Chunk<T> {
    pub(crate) items: Vec<T>,
    pub(crate) rows: usize,
    pub(crate) last: Option<RecordId>,
    /// Whether the page has no further records.
    pub(crate) is_end: bool,
}

fn reader(body: &[u8]) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).buffer_capacity(64 * 1024).from_reader(body)
}

impl Sheet {
    /// Reads the header. A page without one of the columns belongs to another query: kind `expired`.
    pub(crate) fn open(object: &str, body: Bytes, promised: Option<u64>, columns: &[Column<'_>]) -> Result<Self> {
        if body.is_empty() {
            return match promised {
                Some(0) | None => Ok(Self { body, at: 0, places: Vec::new(), width: 0, rows: 0, promised }),
                Some(_) => Err(odd(object, "is empty")),
            };
        }
        if body.trim_ascii_start().starts_with(b"<") {
            return Err(odd(object, "is a web page, not CSV"));
        }
        let has_open_quote = body.iter().fold(false, |is_open, byte| is_open ^ (*byte == b'"'));
        if has_open_quote || !matches!(body.last(), Some(b'\n' | b'"')) {
            return Err(odd(object, &format!("is cut off after {} bytes", body.len())));
        }
        let mut names = ByteRecord::new();
        let mut reader = reader(&body);
        reader.read_byte_record(&mut names).map_err(|_| odd(object, "has no readable header"))?;
        let at = offset(&reader);
        let place = |column: &Column<'_>| {
            let is_it = |name: &[u8]| name.eq_ignore_ascii_case(column.name.as_bytes());
            names.iter().position(is_it).ok_or_else(|| {
                let message = format!("the results for `{object}` have no column `{}`", column.name);
                Error::new(ErrorKind::Expired, message)
            })
        };
        let places = columns.iter().map(place).collect::<Result<_>>()?;
        let width = names.len();
        Ok(Self { at, places, width, rows: 0, promised, body })
    }

    /// How large the page is.
    pub(crate) fn bytes(&self) -> usize {
        self.body.len()
    }

    /// Passes over records that were read before, up to the last of them.
    pub(crate) fn skip(&mut self, object: &'static str, records: u64, last: Option<RecordId>) -> Result<()> {
        let body = self.body.clone();
        let mut reader = reader(&body[self.at..]);
        let mut record = ByteRecord::new();
        for _ in 0..records {
            if !reader.read_byte_record(&mut record).map_err(|_| odd(object, "is not CSV"))? {
                return Err(Error::new(ErrorKind::Expired, format!("the results for `{object}` have changed")));
            }
        }
        let id = self.places.first().and_then(|place| record.get(*place));
        let id = id.and_then(|id| std::str::from_utf8(id).ok()).and_then(RecordId::read);
        if records > 0 && id != last {
            return Err(Error::new(ErrorKind::Expired, format!("the results for `{object}` have changed")));
        }
        self.at += offset(&reader);
        self.rows += records;
        Ok(())
    }

    /// Reads so many records at most. `after` is the id of the record before. `make` turns each record into an item, or skips
    /// it.
    pub(crate) fn read<T>(
        &mut self,
        object: &'static str,
        (columns, names): (&[Column<'_>], &[&str]),
        mut after: Option<RecordId>,
        most: usize,
        mut make: impl FnMut(&Row<'_>) -> Result<Option<T>>,
    ) -> Result<Chunk<T>> {
        let first = self.rows;
        let (json, ends, is_end) = self.json(object, columns, most)?;
        let mut cells: Vec<Option<&RawValue>> = Vec::with_capacity(columns.len());
        let mut items = Vec::with_capacity(ends.len() / columns.len().max(1));
        let mut begin = 0;
        for (number, ends) in (first..).zip(ends.chunks(columns.len().max(1))) {
            cells.clear();
            for (end, column) in ends.iter().zip(columns) {
                cells.push(Some(raw(&json, begin..*end).ok_or_else(|| {
                    odd(object, &format!("has a `{}` in record {} that is not a value", column.name, number + 1))
                })?));
                begin = *end;
            }
            let row = Row::new(object, usize::try_from(number + 1).unwrap_or(usize::MAX), names, &cells);
            let (_, id) = row.id("Id")?;
            if after.is_some_and(|after| id <= after) {
                return Err(row.odd("is repeated or out of order"));
            }
            items.extend(make(&row)?);
            after = Some(id);
        }
        let rows = usize::try_from(self.rows - first).unwrap_or(usize::MAX);
        Ok(Chunk { items, rows, last: after, is_end })
    }

    /// The next records as JSON: all values one after the other, and where each ends. An empty one is null.
    fn json(&mut self, object: &str, columns: &[Column<'_>], most: usize) -> Result<(String, Vec<usize>, bool)> {
        let body = self.body.clone();
        let mut reader = reader(&body[self.at..]);
        let mut record = ByteRecord::new();
        let mut json = String::with_capacity(most.min(4_096) * columns.len() * 16);
        let mut ends = Vec::with_capacity(most.min(4_096) * columns.len());
        let mut is_end = false;
        for _ in 0..most {
            if !reader.read_byte_record(&mut record).map_err(|_| odd(object, "is not CSV"))? {
                is_end = true;
                break;
            }
            self.rows += 1;
            if record.len() != self.width {
                let what = format!("has {} values in record {} instead of {}", record.len(), self.rows, self.width);
                return Err(odd(object, &what));
            }
            for (column, place) in columns.iter().zip(&self.places) {
                let wrong = |what: &str| {
                    odd(object, &format!("has a `{}` in record {} that is {what}", column.name, self.rows))
                };
                let cell = std::str::from_utf8(&record[*place]).map_err(|_| wrong("not text"))?;
                column.write(cell, &mut json).map_err(wrong)?;
                ends.push(json.len());
            }
        }
        self.at += offset(&reader);
        is_end |= body[self.at..].iter().all(|byte| matches!(byte, b'\r' | b'\n'));
        match self.promised {
            Some(promised) if self.rows > promised || (is_end && self.rows < promised) => {
                Err(odd(object, &format!("has {} records instead of {promised}", self.rows)))
            }
            _ => Ok((json, ends, is_end)),
        }
    }
}

fn offset(reader: &csv::Reader<&[u8]>) -> usize {
    usize::try_from(reader.position().byte()).unwrap_or(usize::MAX)
}

/// One value; nothing stands for null.
fn raw(json: &str, range: Range<usize>) -> Option<&RawValue> {
    if range.is_empty() { Some(RawValue::NULL) } else { serde_json::from_str(&json[range]).ok() }
}

#[cfg(test)]
mod tests;
