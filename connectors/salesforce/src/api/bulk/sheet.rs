//! Parses a page of results record by record.
//!
//! Like a page by REST, it is compared with what was requested and promised. Everything unexpected is an error of kind
//! `protocol` that names the place but never the value.

use super::columns::Column;
use crate::api::ranges::RecordId;
use crate::api::record::{Cell, Row, odd};
use connector_core::{Error, ErrorKind, Result};
use csv::ByteRecord;

/// The longest record. Rich text has no more than 131,072 characters, and a query has room for few such fields.
const LONGEST_RECORD: usize = 16 * 1024 * 1024;

/// How much text is read at once. Less would cost more for each record.
const ENOUGH: usize = 128 * 1024;

/// A page of results, of which one part after the other arrives.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    /// What arrived and is not read yet, and a little before it.
    text: Vec<u8>,
    /// Where the next record begins.
    at: usize,
    /// Where the last complete record ends.
    complete: usize,
    /// Whether what arrived ends within quotes.
    is_quoted: bool,
    /// Whether everything arrived.
    has_ended: bool,
    /// How many bytes arrived.
    bytes: usize,
    /// The columns of the page, once its header is read.
    header: Option<Header>,
    /// How many records were read.
    pub(crate) rows: u64,
    /// How many records the page should have.
    promised: Option<u64>,
}

#[derive(Debug)]
struct Header {
    /// The column of the page for each column of the query.
    places: Vec<usize>,
    /// How many values a record has.
    width: usize,
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

fn reader(text: &[u8]) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).buffer_capacity(64 * 1024).from_reader(text)
}

impl Sheet {
    pub(crate) fn new(promised: Option<u64>) -> Self {
        Self { promised, ..Self::default() }
    }

    /// Adds what arrived next.
    pub(crate) fn push(&mut self, object: &str, part: &[u8]) -> Result<()> {
        self.text.drain(..self.at);
        self.complete -= self.at;
        self.at = 0;
        let before = self.text.len();
        self.text.extend_from_slice(part);
        self.bytes += part.len();
        for (place, byte) in part.iter().enumerate() {
            match byte {
                b'"' => self.is_quoted = !self.is_quoted,
                b'\n' if !self.is_quoted => self.complete = before + place + 1,
                _ => {}
            }
        }
        if self.header.is_none() && self.text.trim_ascii_start().starts_with(b"<") {
            return Err(odd(object, "is a web page, not CSV"));
        }
        if self.text.len() - self.complete > LONGEST_RECORD {
            return Err(odd(object, &format!("has a record of more than {} MiB", LONGEST_RECORD >> 20)));
        }
        Ok(())
    }

    /// Everything arrived.
    pub(crate) fn end(&mut self, object: &str) -> Result<()> {
        self.has_ended = true;
        let rest = &self.text[self.complete..];
        if self.is_quoted || !matches!(rest.last(), None | Some(b'"')) {
            return Err(odd(object, &format!("is cut off after {} bytes", self.bytes)));
        }
        self.complete = self.text.len();
        if self.bytes == 0 && self.promised.is_some_and(|promised| promised > 0) {
            return Err(odd(object, "is empty"));
        }
        Ok(())
    }

    /// Whether to wait until more arrives.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.has_ended && self.complete - self.at < ENOUGH
    }

    /// Whether all records are read. A page may end with empty lines.
    pub(crate) fn is_read(&self) -> bool {
        self.has_ended && self.text[self.at..].iter().all(|byte| matches!(byte, b'\r' | b'\n'))
    }

    /// Reads the header, once it arrived. A page without one of the columns belongs to another query: kind `expired`.
    pub(crate) fn read_header(&mut self, object: &str, columns: &[Column<'_>]) -> Result<()> {
        if self.header.is_some() || self.at == self.complete {
            return Ok(());
        }
        let mut names = ByteRecord::new();
        let mut reader = reader(&self.text[..self.complete]);
        reader.read_byte_record(&mut names).map_err(|_| odd(object, "has no readable header"))?;
        self.at = offset(&reader);
        let place = |column: &Column<'_>| {
            let is_it = |name: &[u8]| name.eq_ignore_ascii_case(column.name.as_bytes());
            names.iter().position(is_it).ok_or_else(|| {
                let message = format!("the results for `{object}` have no column `{}`", column.name);
                Error::new(ErrorKind::Expired, message)
            })
        };
        let places = columns.iter().map(place).collect::<Result<_>>()?;
        self.header = Some(Header { places, width: names.len() });
        Ok(())
    }

    /// Passes over records that were read before, as far as they arrived, until `until` of the page are read. `last` is the id
    /// of the last of them. Returns whether it is done.
    pub(crate) fn skip(&mut self, object: &'static str, until: u64, last: Option<RecordId>) -> Result<bool> {
        let changed = || Error::new(ErrorKind::Expired, format!("the results for `{object}` have changed"));
        if self.rows == until {
            return Ok(true);
        }
        let mut reader = reader(&self.text[self.at..self.complete]);
        let mut record = ByteRecord::new();
        while self.rows < until {
            if !reader.read_byte_record(&mut record).map_err(|_| odd(object, "is not CSV"))? {
                self.at = self.complete;
                return if self.has_ended { Err(changed()) } else { Ok(false) };
            }
            self.rows += 1;
        }
        let place = self.header.as_ref().and_then(|header| header.places.first());
        let id = place.and_then(|place| record.get(*place)).and_then(|id| std::str::from_utf8(id).ok());
        if id.and_then(RecordId::read) != last {
            return Err(changed());
        }
        self.at += offset(&reader);
        Ok(true)
    }

    /// Reads so many records at most, of those that arrived. `after` is the id of the record before. `make` turns each record into an item, or skips
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
        let mut reader = reader(&self.text[self.at..self.complete]);
        let mut record = ByteRecord::new();
        let mut items = Vec::with_capacity(most.min((self.complete - self.at) / (columns.len() * 2).max(1)));
        for _ in 0..most {
            if !reader.read_byte_record(&mut record).map_err(|_| odd(object, "is not CSV"))? {
                break;
            }
            let header = self.header.as_ref().ok_or_else(|| Error::internal("records are read before their header"))?;
            self.rows += 1;
            let cells = cells(object, self.rows, (&record, columns), header)?;
            let row = Row::new(object, usize::try_from(self.rows).unwrap_or(usize::MAX), names, &cells);
            let (_, id) = row.id("Id")?;
            if after.is_some_and(|after| id <= after) {
                return Err(row.odd("is repeated or out of order"));
            }
            items.extend(make(&row)?);
            after = Some(id);
        }
        self.at += offset(&reader);
        let is_end = self.is_read();
        match self.promised {
            Some(promised) if self.rows > promised || (is_end && self.rows < promised) => {
                Err(odd(object, &format!("has {} records instead of {promised}", self.rows)))
            }
            _ => {
                let rows = usize::try_from(self.rows - first).unwrap_or(usize::MAX);
                Ok(Chunk { items, rows, last: after, is_end })
            }
        }
    }
}

/// The values of a record, one for each column.
fn cells<'r>(
    object: &str,
    number: u64,
    (record, columns): (&'r ByteRecord, &'r [Column<'_>]),
    Header { places, width }: &Header,
) -> Result<Vec<Option<Cell<'r>>>> {
    if record.len() != *width {
        let what = format!("has {} values in record {number} instead of {width}", record.len());
        return Err(odd(object, &what));
    }
    let cell = |(column, place): (&'r Column<'_>, &usize)| {
        let wrong = |what: &str| odd(object, &format!("has a `{}` in record {number} that is {what}", column.name));
        let cell = std::str::from_utf8(&record[*place]).map_err(|_| wrong("not text"))?;
        column.read(cell).map(Some).map_err(wrong)
    };
    columns.iter().zip(places).map(cell).collect()
}

fn offset(reader: &csv::Reader<&[u8]>) -> usize {
    usize::try_from(reader.position().byte()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
