//! The rows of a CSV file, each with its text and positions.

use super::super::intake::Intake;
use super::super::pieces::{Kept, LONGEST_PIECE, open};
use super::super::yaml_json::unreadable;
use super::cells::{Cells, Stray, cells};
use crate::document::{Fault, Findings, Start, Text, Tree};
use csv::StringRecord;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::ops::Range;
use std::path::Path;

/// The rows of a file, in order.
pub(super) struct Rows<'a> {
    path: &'a Path,
    delimiter: u8,
    reader: csv::Reader<Kept<BufReader<File>>>,
}

/// A row with its cells, their text and their positions.
pub(super) struct Row {
    pub(super) record: StringRecord,
    pub(super) text: Text,
    pub(super) cells: Cells,
}

impl<'a> Rows<'a> {
    pub(super) fn open(path: &'a Path) -> io::Result<Self> {
        let mut file = BufReader::with_capacity(64 * 1024, open(path)?);
        let beginning = file.fill_buf()?;
        let named = named_delimiter(beginning);
        let delimiter = named.unwrap_or_else(|| delimiter(beginning));
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(Kept::new(file));
        if named.is_some() {
            reader.read_byte_record(&mut csv::ByteRecord::new())?;
            let end = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
            reader.get_mut().take(end);
        }
        Ok(Self { path, delimiter, reader })
    }

    /// The next row; `None` at the end of the file, or when the rest can't be read.
    pub(super) fn next(&mut self, intake: &mut Intake<'_>) -> io::Result<Option<Row>> {
        let start = self.start();
        let mut record = csv::ByteRecord::new();
        match self.reader.read_byte_record(&mut record) {
            Ok(false) => return Ok(None),
            Ok(true) => {}
            Err(_) if self.reader.get_ref().is_too_long() => {
                let rest = self.reader.get_ref().rest().to_vec();
                self.report_endless(rest, start, intake);
                return Ok(None);
            }
            Err(cause) => return Err(cause.into()),
        }
        let end = usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX);
        let bytes = self.reader.get_mut().take(end).to_vec();
        let cells = cells(&bytes, self.delimiter);
        // If the row is UTF-8, its cells are, too: quotes and delimiters are ASCII.
        match (Text::part(self.path, bytes, start), StringRecord::from_byte_record(record)) {
            (Ok(text), Ok(record)) => Ok(Some(Row { record, text, cells })),
            (Err(cause), _) => {
                intake.problem(unreadable(cause, self.path));
                Ok(None)
            }
            (Ok(_), Err(_)) => Ok(None),
        }
    }

    /// The byte offset of the next row.
    fn start(&self) -> Start {
        let line = usize::try_from(self.reader.position().line()).unwrap_or(usize::MAX);
        Start { lines: line.saturating_sub(1), bytes: self.reader.get_ref().start() }
    }

    /// Reports a row without an end: almost always a quote that is never closed.
    fn report_endless(&self, mut bytes: Vec<u8>, start: Start, intake: &mut Intake<'_>) {
        let whole = bytes.utf8_chunks().next().map_or(0, |chunk| chunk.valid().len());
        bytes.truncate(whole);
        let cells = cells(&bytes, self.delimiter);
        let Ok(text) = Text::part(self.path, bytes, start) else { return };
        let row = Row { record: StringRecord::new(), text, cells };
        let fault = match row.stray() {
            Some(fault) => fault,
            None => (row.first_line(), too_long()),
        };
        intake.problems(row.problems([fault]));
    }
}

impl Row {
    /// The span of a cell. For a missing cell, the end of the row.
    pub(super) fn cell(&self, index: usize) -> Range<usize> {
        let end = self.cells.spans.last().map_or(0, |span| span.end);
        self.cells.spans.get(index).cloned().unwrap_or(end..end)
    }

    /// The first line of the row.
    pub(super) fn first_line(&self) -> Range<usize> {
        let whole = self.cell(0).start..self.cells.spans.last().map_or(0, |span| span.end);
        let text = self.text.as_str().get(whole.clone()).unwrap_or_default();
        whole.start..whole.start + text.split(['\n', '\r']).next().unwrap_or_default().len()
    }

    pub(super) fn problems(
        &self,
        faults: impl IntoIterator<Item = (Range<usize>, Fault)>,
    ) -> Vec<connector_core::Problem> {
        let tree = Tree::default();
        let mut findings = Findings::new(&self.text, &tree);
        for (span, fault) in faults {
            findings.add(span, fault);
        }
        findings.finish()
    }

    /// What is wrong with the quotes.
    pub(super) fn stray(&self) -> Option<(Range<usize>, Fault)> {
        let (span, title, help) = match self.cells.stray.as_ref()? {
            Stray::Open(span) => {
                (span, "this quote is never closed", "close it, or double it if it is part of the text")
            }
            Stray::Behind(span) => {
                (span, "text after the closing quote of the cell", "double each quote that is part of the text")
            }
            Stray::Inside(span) => (
                span,
                "a quote inside a cell that is not quoted",
                "put the whole cell in double quotes, and double each quote that is part of the text",
            ),
        };
        let text = self.text.as_str().get(span.clone()).unwrap_or_default();
        let first_line = span.start..span.start + text.split(['\n', '\r']).next().unwrap_or_default().len();
        Some((first_line, Fault::new("csv_quote", title, "invalid CSV starts here", help)))
    }
}

/// The delimiter from a first line such as `sep=;`, which spreadsheets write and read.
fn named_delimiter(beginning: &[u8]) -> Option<u8> {
    let line = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning).split(|byte| *byte == b'\n').next()?;
    match line.strip_suffix(b"\r").unwrap_or(line) {
        [name @ .., delimiter] if name.eq_ignore_ascii_case(b"sep=") && delimiter.is_ascii() => Some(*delimiter),
        _ => None,
    }
}

/// The delimiter of the cells. Spreadsheets write `;` in countries where the comma is the decimal point.
fn delimiter(beginning: &[u8]) -> u8 {
    let line = beginning.split(|byte| matches!(byte, b'\n' | b'\r')).find(|line| line.len() > 3).unwrap_or_default();
    // If several occur equally often, the last one wins: the comma.
    let count = |delimiter: &u8| line.split(|byte| byte == delimiter).count();
    [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}

fn too_long() -> Fault {
    let title = format!("the row has more than {LONGEST_PIECE} bytes");
    Fault::new("row_too_long", &title, "", "write each operation in its own row")
}
