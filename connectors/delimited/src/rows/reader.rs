//! Reads one file row by row. Whatever is odd is an error with its line, never a shorter list.

use super::columns::Columns;
use super::split::{RESERVED, SEPARATOR, Split, clean};
use crate::error;
use crate::files::{Compression, DataFile, Ended, Format, LONGEST_ROW, SENTINEL, Table, text_of};
use connector_core::{Error, Result};
use csv::ByteRecord;
use std::borrow::Cow;
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::sync::Arc;

/// Where a row begins, in the text of its file. Empty lines before it may belong to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) byte: u64,
    pub(crate) line: u64,
}

/// The rows of one file from some place on.
pub(crate) struct Rows {
    pub(crate) table: Arc<Table>,
    pub(crate) file: DataFile,
    pub(crate) columns: Arc<Columns>,
    csv: csv::Reader<Split<Ended<Box<dyn Read + Send>>>>,
    /// Where the reader began.
    base: Place,
    record: ByteRecord,
    /// The row in `record` is given again.
    is_back: bool,
    is_done: bool,
    trailer: Option<Range<u64>>,
}

impl Rows {
    /// All rows of a file.
    pub(crate) fn open(table: &Arc<Table>, file: DataFile) -> Result<Self> {
        Self::from(table, file, None)
    }

    /// The rows from this place on.
    pub(crate) fn open_at(table: &Arc<Table>, file: DataFile, columns: Arc<Columns>, place: Place) -> Result<Self> {
        Self::from(table, file, Some((columns, place)))
    }

    fn from(table: &Arc<Table>, file: DataFile, known: Option<(Arc<Columns>, Place)>) -> Result<Self> {
        let from = known.as_ref().map_or(0, |(_, place)| place.byte);
        let (text, start) = text_of(&file, &table.format, from)?;
        let mut builder = builder(&table.format);
        let ended = Split::new(Ended::new(text, start), &table.format.delimiter, table.format.quote);
        let mut rows = Self {
            table: table.clone(),
            columns: Arc::new(Columns::new(&file.shown, Vec::new())?),
            file,
            csv: builder.buffer_capacity(64 * 1024).from_reader(ended),
            base: Place { byte: start, line: 1 },
            record: ByteRecord::new(),
            is_back: false,
            is_done: false,
            trailer: None,
        };
        match known {
            Some((columns, place)) => {
                rows.columns = columns;
                rows.base.line = place.line;
            }
            None => rows.read_header()?,
        }
        Ok(rows)
    }

    fn read_header(&mut self) -> Result<()> {
        let shown = self.file.shown.clone();
        if let Some(names) = &self.table.format.header {
            self.columns = Arc::new(Columns::new(&shown, names.clone())?);
            return Ok(());
        }
        if !self.read()? {
            return Err(error::empty(&shown));
        }
        if self.is_trailer() {
            return Err(error::empty(&shown));
        }
        let names = self.record.iter().enumerate().map(|(number, name)| {
            check_bytes(&self.table, name).map_err(|(what, help)| {
                let place = (number, self.table.format.encoding.name());
                error::at_column(&shown, 1, place, what, help)
            })
        });
        let names = names.map(|name| name.map(Cow::into_owned)).collect::<Result<Vec<_>>>()?;
        self.columns = Arc::new(Columns::new(&shown, names)?);
        Ok(())
    }

    /// Reads the next row. False at the proven end of the file.
    pub(crate) fn next(&mut self) -> Result<bool> {
        if std::mem::take(&mut self.is_back) {
            return Ok(true);
        }
        if self.is_done {
            return Ok(false);
        }
        if !self.read()? {
            return match &self.table.trailer {
                Some(_) => Err(error::no_trailer(&self.file.shown)),
                None => Ok(false),
            };
        }
        if self.is_trailer() {
            let trailer = self.place();
            self.trailer = Some(trailer.byte..self.end().byte);
            if self.read()? {
                let what = "rows follow the last line that `trailer` names";
                return Err(self.fault_at(trailer, what, "check the export: is it two exports in one file?"));
            }
            return Ok(false);
        }
        if self.record.len() != self.columns.len() {
            let what = format!(
                "{}, but the header has {}",
                error::counted(self.record.len() as u64, "value"),
                error::counted(self.columns.len() as u64, "column")
            );
            let help =
                "check the delimiter and the quotes of the line; a cut line at the end means that the file is cut";
            return Err(self.fault(&what, help));
        }
        Ok(true)
    }

    /// The next call of [`next`](Self::next) gives the same row again.
    pub(crate) fn put_back(&mut self) {
        self.is_back = true;
    }

    /// The bytes of the last line, if the settings name it and it was read.
    pub(crate) fn trailer(&self) -> Option<Range<u64>> {
        self.trailer.clone()
    }

    /// The values of the row that was read last.
    pub(crate) fn record(&self) -> &ByteRecord {
        &self.record
    }

    /// Where the row that was read last begins.
    pub(crate) fn place(&self) -> Place {
        let position = self.record.position();
        self.absolute(position.map_or(0, csv::Position::byte), position.map_or(1, csv::Position::line))
    }

    /// Where the row that was read last ends.
    pub(crate) fn end(&self) -> Place {
        self.absolute(self.csv.position().byte(), self.csv.position().line())
    }

    fn absolute(&self, byte: u64, line: u64) -> Place {
        Place { byte: self.base.byte + byte, line: self.base.line + line - 1 }
    }

    /// The row that was read last.
    pub(crate) fn row(&self) -> Row<'_> {
        Row { record: &self.record, place: self.place(), table: &self.table, file: &self.file, columns: &self.columns }
    }

    /// Reads a row or the end. False at the end.
    fn read(&mut self) -> Result<bool> {
        let before = self.place();
        self.csv.get_mut().inner_mut().budget = LONGEST_ROW;
        let read = self.csv.read_byte_record(&mut self.record);
        if !read.map_err(|cause| self.of_csv(cause))? {
            // The sentinel comes before it.
            return Err(Error::internal(format!("`{}` ended without an end", self.file.shown)));
        }
        clean(&mut self.record, &self.table.format.delimiter);
        let Some(length) = self.csv.get_ref().inner().length else { return self.without_nul() };
        if self.end().byte < length + SENTINEL.len() as u64 {
            return self.without_nul();
        }
        self.is_done = true;
        if self.record.len() == 1 && self.record.get(0) == Some(b"\0\0") {
            return self.at_end(before).map(|()| false);
        }
        let help = "close the quote; if the file has no quotes around values, set `quote: \"\"`";
        Err(self.fault("a quote is opened but never closed", help))
    }

    fn without_nul(&self) -> Result<bool> {
        if self.record.as_slice().contains(&0) {
            let help = "check `encoding`: a file in UTF-16 has these bytes, and so has one that was cut by a full disk";
            return Err(self.fault("a NUL byte", help));
        }
        Ok(true)
    }

    /// The row before the end must have the end of its line, unless a trailer proves that it is whole.
    fn at_end(&self, last: Place) -> Result<()> {
        if self.csv.get_ref().inner().ends_with_line() || self.table.trailer.is_some() {
            return Ok(());
        }
        let help = "let the export finish, or write a line end after the last row";
        Err(self.fault_at(last, "the last line has no end: the file may be cut", help))
    }

    fn is_trailer(&self) -> bool {
        let Some(trailer) = &self.table.trailer else { return false };
        let mut rest = trailer.as_bytes();
        for (number, value) in self.record.iter().enumerate() {
            if number > 0 {
                match rest.strip_prefix(&*self.table.format.delimiter) {
                    Some(left) => rest = left,
                    None => return false,
                }
            }
            match rest.strip_prefix(value) {
                Some(left) => rest = left,
                None => return false,
            }
        }
        rest.is_empty()
    }

    /// An error at the row that was read last.
    pub(crate) fn fault(&self, what: &str, help: &str) -> Error {
        self.fault_at(self.place(), what, help)
    }

    /// An error at a value of the row that was read last.
    pub(crate) fn fault_in(&self, column: usize, what: &str, help: &str) -> Error {
        self.row().fault(column, what, help)
    }

    fn fault_at(&self, place: Place, what: &str, help: &str) -> Error {
        error::at_line(&self.file.shown, line_of(&self.table, &self.file, place), what, help)
    }

    fn of_csv(&self, cause: csv::Error) -> Error {
        let csv::ErrorKind::Io(cause) = cause.into_kind() else { return self.fault("not a row", "check the line") };
        if cause.kind() == io::ErrorKind::FileTooLarge {
            let help = "check the quotes of the line: is one never closed?";
            return self.fault("the row is longer than 16 MiB", help);
        }
        if cause.kind() == io::ErrorKind::InvalidData && cause.to_string() == RESERVED {
            let help = "let the export leave it out, or use a delimiter of one character";
            return self
                .fault(&format!("{RESERVED}, which a file can't have if its delimiter is several characters"), help);
        }
        error::of_reading(&self.file.shown, Compression::of(&self.file.shown), &cause)
    }
}

/// What reads the rows of a file behind a [`Split`].
pub(crate) fn builder(format: &Format) -> csv::ReaderBuilder {
    let mut builder = csv::ReaderBuilder::new();
    let separator = match *format.delimiter {
        [byte] => byte,
        _ => SEPARATOR,
    };
    builder.has_headers(false).flexible(true).delimiter(separator);
    match format.quote {
        Some(quote) => builder.quote(quote),
        None => builder.quoting(false),
    };
    builder
}

/// A row and where it is.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) record: &'a ByteRecord,
    pub(crate) place: Place,
    pub(crate) table: &'a Table,
    pub(crate) file: &'a DataFile,
    pub(crate) columns: &'a Columns,
}

impl<'a> Row<'a> {
    /// A value as text; `None` for the text that stands for no value.
    pub(crate) fn text(&self, column: usize) -> Result<Option<Cow<'a, str>>> {
        match check_bytes(self.table, self.record.get(column).unwrap_or_default()) {
            Ok(text) if text == self.table.format.null.as_str() => Ok(None),
            Ok(text) => Ok(Some(text)),
            Err((what, help)) => Err(self.fault(column, what, help)),
        }
    }

    /// The same for a value that must be there.
    pub(crate) fn some_text(&self, column: usize, what: &str) -> Result<Cow<'a, str>> {
        let text = self.text(column)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| self.fault(column, what, "check the export: every row needs this value"))
    }

    pub(crate) fn line(&self) -> u64 {
        line_of(self.table, self.file, self.place)
    }

    /// An error at a value.
    pub(crate) fn fault(&self, column: usize, what: &str, help: &str) -> Error {
        let name = self.columns.names().get(column).map_or("", String::as_str);
        error::at_column(&self.file.shown, self.line(), (column, name), what, help)
    }
}

fn check_bytes<'a>(table: &Table, value: &'a [u8]) -> Result<Cow<'a, str>, (&'static str, &'static str)> {
    table.format.text(value).ok_or(("bytes that are not in the file's encoding", "check `encoding`"))
}

/// The number of the line on which a row begins: the reader counts the empty lines before a row to the row.
pub(crate) fn line_of(table: &Table, file: &DataFile, place: Place) -> u64 {
    let Ok((text, _)) = text_of(file, &table.format, place.byte) else { return place.line };
    let ends = BufReader::new(text).bytes().map_while(Result::ok).take_while(|byte| matches!(byte, b'\r' | b'\n'));
    place.line + ends.filter(|byte| *byte == b'\n').count() as u64
}
