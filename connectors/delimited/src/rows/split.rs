//! Delimiters of several bytes, for a reader that knows one.
//!
//! Each of them becomes as many bytes as it had, of which the last one is [`SEPARATOR`]: places in the text stay as they are. The others
//! are [`FILLER`] at the end of the value before, and are taken away from the row.

use csv::{ByteRecord, ByteRecordIter};
use std::io::{self, Read};

/// Between two values.
pub(crate) const SEPARATOR: u8 = 0x1f;

/// The rest of a delimiter.
const FILLER: u8 = 0x1e;

const BLOCK: usize = 64 * 1024;

/// What a text may not contain if its delimiter has several bytes.
pub(crate) const RESERVED: &str = "a control character (1E or 1F)";

/// Where the reader is in a row, as the reader of rows sees it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// A quote opens here.
    Begin,
    /// A value without quotes, or behind its quotes.
    Plain,
    Quoted,
    /// Behind a quote in quotes: the value may have ended.
    Ending,
}

/// Puts [`SEPARATOR`] in place of a delimiter of several bytes. With one of a single byte, the text stays as it is.
pub(crate) struct Split<R> {
    inner: R,
    delimiter: Vec<u8>,
    quote: Option<u8>,
    state: State,
    /// What was read: done up to `ready`, and the rest may be the beginning of a delimiter.
    block: Vec<u8>,
    given: usize,
    ready: usize,
    is_read: bool,
}

impl<R: Read> Split<R> {
    pub(crate) fn new(inner: R, delimiter: &[u8], quote: Option<u8>) -> Self {
        Self {
            inner,
            delimiter: delimiter.to_vec(),
            quote,
            state: State::Begin,
            block: Vec::new(),
            given: 0,
            ready: 0,
            is_read: false,
        }
    }

    pub(crate) fn inner(&self) -> &R {
        &self.inner
    }

    pub(crate) fn inner_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    fn fill(&mut self) -> io::Result<()> {
        self.block.drain(..self.ready);
        (self.given, self.ready) = (0, 0);
        while self.ready == 0 && !(self.is_read && self.block.is_empty()) {
            let known = self.block.len();
            self.block.resize(known + BLOCK, 0);
            let length = self.inner.read(&mut self.block[known..])?;
            self.block.truncate(known + length);
            self.is_read = length == 0;
            self.mark()?;
        }
        Ok(())
    }

    /// Goes on as far as it is certain what is a delimiter.
    fn mark(&mut self) -> io::Result<()> {
        let width = self.delimiter.len();
        while self.ready < self.block.len() {
            let rest = &self.block[self.ready..];
            let byte = rest[0];
            if byte == SEPARATOR || byte == FILLER {
                // The rows before it come first, so that the error has its line.
                if self.ready > 0 {
                    return Ok(());
                }
                return Err(io::Error::new(io::ErrorKind::InvalidData, RESERVED));
            }
            if self.state != State::Quoted {
                if rest.starts_with(&self.delimiter) {
                    let end = self.ready + width;
                    self.block[self.ready..end].fill(FILLER);
                    self.block[end - 1] = SEPARATOR;
                    (self.ready, self.state) = (end, State::Begin);
                    continue;
                }
                if !self.is_read && rest.len() < width && self.delimiter.starts_with(rest) {
                    return Ok(());
                }
            }
            self.state = match (self.state, Some(byte) == self.quote) {
                (State::Begin | State::Ending, true) | (State::Quoted, false) => State::Quoted,
                (State::Quoted, true) => State::Ending,
                _ if matches!(byte, b'\r' | b'\n') => State::Begin,
                _ => State::Plain,
            };
            self.ready += 1;
        }
        Ok(())
    }
}

impl<R: Read> Read for Split<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.delimiter.len() < 2 {
            return self.inner.read(buffer);
        }
        if self.given == self.ready {
            self.fill()?;
        }
        let length = buffer.len().min(self.ready - self.given);
        buffer[..length].copy_from_slice(&self.block[self.given..self.given + length]);
        self.given += length;
        Ok(length)
    }
}

/// Takes what is left of delimiters out of the values of a row.
pub(crate) fn clean(record: &mut ByteRecord, delimiter: &[u8]) {
    if delimiter.len() < 2 || record.len() < 2 {
        return;
    }
    let last = record.len() - 1;
    let value = |(at, value): (usize, &[u8])| {
        let end = if at == last { value.len() } else { value.len().saturating_sub(delimiter.len() - 1) };
        value[..end].to_vec()
    };
    let values: ByteRecordIter<'_> = record.iter();
    let mut cleaned: ByteRecord = values.enumerate().map(value).collect();
    cleaned.set_position(record.position().cloned());
    *record = cleaned;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives a few bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = buffer.len().min(self.1).min(self.0.len());
            buffer[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    fn rows(text: &str, delimiter: &str, step: usize) -> Vec<Vec<String>> {
        let split = Split::new(Slow(text.as_bytes(), step), delimiter.as_bytes(), Some(b'"'));
        let mut builder = csv::ReaderBuilder::new();
        builder.has_headers(false).flexible(true).delimiter(SEPARATOR);
        let rows = builder.from_reader(split).into_byte_records().map(|row| {
            let mut row = row.unwrap();
            clean(&mut row, delimiter.as_bytes());
            row.iter().map(|value| String::from_utf8(value.to_vec()).unwrap()).collect()
        });
        rows.collect()
    }

    #[test]
    fn a_delimiter_in_quotes_and_half_a_delimiter_are_text() {
        let text = "a||\"b||\"\"c\"||d|e\r\n||x\n\"\"||f\"g||h|\n";
        let expected = [vec!["a", "b||\"c", "d|e"], vec!["", "x"], vec!["", "f\"g", "h|"]];
        for step in [1, 2, 3, 100] {
            assert_eq!(rows(text, "||", step), expected, "{step} bytes at a time");
        }
    }

    #[test]
    fn a_text_with_the_bytes_that_stand_for_a_delimiter_is_an_error() {
        for byte in [SEPARATOR, FILLER] {
            let text = [b"a||\"", &[byte][..], b"\"\n"].concat();
            let mut split = Split::new(&*text, b"||", Some(b'"'));
            let error = io::copy(&mut split, &mut io::sink()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        }
    }

    proptest! {
        #[test]
        fn what_a_writer_of_one_byte_wrote_is_read_with_several(
            table in prop::collection::vec(prop::collection::vec("[a|~\"\r\n ;]{0,6}", 2..4), 1..6),
            delimiter in prop::sample::select(vec!["||", "~|~", ";;;", "¦", "ab"]),
            step in 1..9_usize,
        ) {
            let quoted = |value: &String| format!("\"{}\"", value.replace('"', "\"\""));
            let line = |row: &Vec<String>| row.iter().map(quoted).collect::<Vec<_>>().join(delimiter) + "\n";
            let text: String = table.iter().map(line).collect();
            prop_assert_eq!(rows(&text, delimiter, step), table);
        }

        #[test]
        fn places_in_the_text_stay_as_they_are(text in "[a|\"\n]{0,40}", step in 1..9_usize) {
            let mut read = Vec::new();
            Split::new(Slow(text.as_bytes(), step), b"||", Some(b'"')).read_to_end(&mut read).unwrap();
            prop_assert_eq!(read.len(), text.len());
            let differs = |(one, other): (&u8, u8)| *one != other && !(other == b'|' && matches!(*one, SEPARATOR | FILLER));
            prop_assert!(!read.iter().zip(text.bytes()).any(differs));
        }
    }
}
