//! Rows as the bytes of a file.

use super::plain::{Origin, Plain};
use crate::error;
use crate::files::Table;
use crate::rows::{Columns, Rows, Split, builder, clean};
use connector_core::{Error, Result};
use csv::{ByteRecord, QuoteStyle};
use std::borrow::Cow;
use std::io::Read;
use std::ops::Range;

/// How much of a file shows how its lines end.
const HEAD: u64 = 64 * 1024;

/// A row in a file.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// The file that it is in.
    pub(super) part: usize,
    /// The bytes of the row, without the end of its line.
    pub(super) text: Range<u64>,
    /// Where the next line begins.
    pub(super) end: u64,
    pub(super) values: Vec<Vec<u8>>,
    /// Whether all values have quotes around them, as far as the first one shows.
    is_quoted: bool,
}

impl Line {
    /// The row that was read last, or the one in these bytes.
    pub(super) fn of(rows: &Rows, origin: &Origin<'_>) -> Result<Self> {
        let (start, end) = (rows.place().byte, rows.end().byte);
        Self::between(&rows.table, origin, start..end, rows.record().iter().map(<[u8]>::to_vec).collect())
    }

    /// The reader counts empty lines, and the second half of CR LF, to the row after them.
    pub(super) fn between(table: &Table, origin: &Origin<'_>, range: Range<u64>, values: Vec<Vec<u8>>) -> Result<Self> {
        let fault = |cause| error::unreadable(&origin.plain.file.shown, cause);
        let mut bytes = Vec::new();
        origin.plain.from(range.start)?.take(range.end - range.start + 2).read_to_end(&mut bytes).map_err(fault)?;
        let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let length = usize::try_from(range.end - range.start).map_err(|_| error::stopped())?.min(bytes.len());
        let before = bytes[..length].iter().take_while(|byte| is_end(byte)).count();
        let after = bytes[..length].iter().rev().take_while(|byte| is_end(byte)).count().min(length - before);
        let text_end = length - after;
        let line_end = match &bytes[text_end..] {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        };
        let place = |at: usize| range.start + at as u64;
        Ok(Self {
            part: origin.part,
            text: place(before)..place(text_end),
            end: place(text_end + line_end),
            values,
            is_quoted: table.format.quote.is_some() && bytes.get(before).copied() == table.format.quote,
        })
    }
}

/// How rows of a file are written.
pub(super) struct Writing<'a> {
    table: &'a Table,
    pub(super) columns: &'a Columns,
    line_end: &'static [u8],
}

/// How the lines of a file end.
pub(super) fn line_end(plain: &Plain) -> Result<&'static [u8]> {
    let mut head = Vec::new();
    let read = plain.from(0)?.take(HEAD).read_to_end(&mut head);
    read.map_err(|cause| error::unreadable(&plain.file.shown, cause))?;
    let first = head.iter().position(|byte| *byte == b'\n');
    let is_crlf = first.is_some_and(|place| place > 0 && head[place - 1] == b'\r');
    Ok(if is_crlf { b"\r\n" } else { b"\n" })
}

/// A row with a delimiter of one byte.
fn written(delimiter: u8, quote: Option<u8>, always: bool, values: &[Vec<u8>]) -> Option<Vec<u8>> {
    let style = match quote {
        None => QuoteStyle::Never,
        Some(_) if always => QuoteStyle::Always,
        Some(_) => QuoteStyle::Necessary,
    };
    let mut writer = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .quote(quote.unwrap_or(b'"'))
        .quote_style(style)
        .from_writer(Vec::new());
    writer.write_byte_record(&values.iter().collect::<ByteRecord>()).ok()?;
    let mut bytes = writer.into_inner().ok()?;
    bytes.pop_if(|last| *last == b'\n');
    Some(bytes)
}

/// A row with a delimiter of several bytes.
fn joined(delimiter: &[u8], quote: Option<u8>, always: bool, values: &[Vec<u8>]) -> Vec<u8> {
    let is_alone = values.len() == 1;
    let value = |value: &Vec<u8>| match quote {
        Some(quote) if always || needs_quotes(value, delimiter, quote) || (is_alone && value.is_empty()) => {
            let mut quoted = vec![quote];
            for byte in value {
                quoted.extend(std::iter::repeat_n(*byte, if *byte == quote { 2 } else { 1 }));
            }
            quoted.push(quote);
            quoted
        }
        _ => value.clone(),
    };
    values.iter().map(value).collect::<Vec<_>>().join(delimiter)
}

/// Whether a value would be read as another one. A part of the delimiter at its end would become one with that behind it.
fn needs_quotes(value: &[u8], delimiter: &[u8], quote: u8) -> bool {
    value.iter().any(|byte| matches!(*byte, b'\r' | b'\n') || *byte == quote || delimiter.contains(byte))
}

impl<'a> Writing<'a> {
    /// Writes rows as the file has them.
    pub(super) fn new(table: &'a Table, columns: &'a Columns, line_end: &'static [u8]) -> Self {
        Self { table, columns, line_end }
    }

    /// A row without the end of its line, quoted like the row that it replaces or follows. Fails if reading it would not give the
    /// same values.
    pub(super) fn row(&self, values: &[Vec<u8>], like: Option<&Line>) -> Result<Vec<u8>> {
        let format = &self.table.format;
        let always = like.is_some_and(|line| line.is_quoted);
        let unwritable = || {
            Error::invalid("the file can't have a row with these values")
                .with_help("leave delimiters, quotes and ends of lines out of the values")
        };
        let bytes = match &*format.delimiter {
            [byte] => written(*byte, format.quote, always, values).ok_or_else(unwritable)?,
            several => joined(several, format.quote, always, values),
        };
        let again = Split::new(&*bytes, &format.delimiter, format.quote);
        let mut again = builder(format).from_reader(again).into_byte_records();
        let is_same = |row: Option<csv::Result<ByteRecord>>| {
            row.and_then(csv::Result::ok).is_some_and(|mut row| {
                clean(&mut row, &format.delimiter);
                row.iter().eq(values.iter().map(Vec::as_slice))
            })
        };
        let is_trailer = self.table.trailer.as_ref().is_some_and(|trailer| trailer.as_bytes() == bytes);
        if is_same(again.next()) && again.next().is_none() && !is_trailer { Ok(bytes) } else { Err(unwritable()) }
    }

    /// A row with the end of its line.
    pub(super) fn whole_row(&self, values: &[Vec<u8>], like: Option<&Line>) -> Result<Vec<u8>> {
        let mut bytes = self.row(values, like)?;
        bytes.extend(self.line_end);
        Ok(bytes)
    }

    /// A text as bytes in the file's encoding. Without a text, what stands for no value.
    pub(super) fn bytes(&self, text: Option<&str>) -> Result<Vec<u8>> {
        let format = &self.table.format;
        if text.is_some_and(|text| text.contains('\0')) {
            return Err(Error::invalid("a value with a NUL character"));
        }
        if text == Some(format.null.as_str()) {
            return Err(Error::invalid("the value is the text that stands for no value in this file"));
        }
        let bytes = format.bytes(text.unwrap_or(&format.null)).map(Cow::into_owned);
        bytes.ok_or_else(|| {
            Error::invalid(format!("the value has a character that {} does not have", format.encoding.name()))
        })
    }

    /// A value of a row as text.
    pub(super) fn text<'b>(&self, line: &'b Line, column: usize) -> Option<Cow<'b, str>> {
        // The row was read before, so its bytes are in the encoding.
        let text = self.table.format.text(line.values.get(column)?)?;
        (text != self.table.format.null.as_str()).then_some(text)
    }
}
